import { BlockList, isIPv4 } from 'node:net';
import { RoundscopeError } from '#shared/base/errors.ts';
import { formatAddress } from '../addresses.ts';

/** A proxy that opens TCP connections for us when asked by HTTP CONNECT. */
export interface HttpProxy {
  readonly host: string;
  readonly port: number;
  /** `user:password`. Secret. */
  readonly credentials: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

const standardPort = 80;

/**
 * The proxy for connections to `host`, by the variables that gRPC programs know: `grpc_proxy`, `https_proxy`,
 * `http_proxy`, and `no_grpc_proxy` or `no_proxy` for exceptions. This machine itself is never reached through one: a
 * demo must not leave the machine because of what an office has set.
 * @throws RoundscopeError `settings_invalid` for a variable that names no proxy
 */
export function proxyFor(host: string, environment: Environment): HttpProxy | null {
  if (/^(127\.|::1$|localhost$)/.test(host)) return null;
  const name = ['grpc_proxy', 'https_proxy', 'http_proxy'].find((candidate) => (environment[candidate] ?? '') !== '');
  if (name === undefined || isException(host, environment['no_grpc_proxy'] || environment['no_proxy'] || ''))
    return null;
  const url = URL.parse(environment[name] ?? '');
  if (url === null || url.protocol !== 'http:' || url.hostname === '') throw notAProxy(name);
  const { username, password } = url;
  const credentials =
    username === '' ? null : decodeURIComponent(password === '' ? username : `${username}:${password}`);
  const proxyHost = url.hostname.replace(/^\[|\]$/g, '');
  return { host: proxyHost, port: url.port === '' ? standardPort : Number(url.port), credentials };
}

/** The channel's options that make the library ask the proxy for the coordinator. */
export function connectOptions(
  proxy: HttpProxy,
  to: { readonly host: string; readonly port: number },
): Readonly<Record<string, string>> {
  const target = { 'grpc.http_connect_target': `dns:${formatAddress(to.host, to.port)}` };
  return proxy.credentials === null ? target : { ...target, 'grpc.http_connect_creds': proxy.credentials };
}

/** Names and ends of names, addresses and ranges of them, with commas between; `*` for everything. */
function isException(host: string, list: string): boolean {
  return list
    .split(',')
    .map((entry) => entry.trim())
    .some((entry) => entry === '*' || (entry !== '' && matches(host, entry)));
}

function matches(host: string, entry: string): boolean {
  const [network = '', bits] = entry.split('/');
  if (bits !== undefined && isIPv4(host) && isIPv4(network) && /^\d+$/.test(bits) && Number(bits) <= 32) {
    const range = new BlockList();
    range.addSubnet(network, Number(bits));
    return range.check(host);
  }
  const name = entry.replace(/^\*?\./, '');
  return host === name || host.endsWith(`.${name}`);
}

function notAProxy(name: string): RoundscopeError {
  return new RoundscopeError('settings_invalid', {
    layer: 'settings',
    // Its value may hold a password.
    message: `The environment variable ${name} names no proxy that gRPC could use: it must be http://host:port. Correct it, or take the coordinator out with no_grpc_proxy.`,
  });
}
