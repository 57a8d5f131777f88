import { formatAddress } from '../addresses.ts';

/** An address for people and logs: without user, password and options. */
export function withoutSecrets(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return 'a URL that cannot be read';
  return `${parsed.protocol}//${parsed.host}${parsed.pathname === '/' ? '' : parsed.pathname}`;
}

export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'amqps:' ? 5671 : 5672;
}

/** As `new URL` gives it, IPv6 addresses without their brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

/** Of a coordinator's own broker, which speaks TLS alone. */
export function urlOf(host: string, port: number): string {
  return `amqps://${formatAddress(host, port)}`;
}

export interface BrokerUser {
  readonly username: string;
  readonly password: string;
}

/** User and password that a broker's URL carries; null: none. */
export function userIn(url: string): BrokerUser | null {
  const { username, password } = new URL(url);
  if (username === '') return null;
  return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
}
