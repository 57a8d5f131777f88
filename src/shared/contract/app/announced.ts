import { z } from 'zod';
import { RoundscopeError } from '#shared/base/errors.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import type { Endpoint } from './invitation.ts';
import type { ControlMode } from '../protocols.ts';
import { plannedProtocols, type TransportPlan } from '../run/transport-plan.ts';

/** Where participants reach a coordinator that stands behind a router, a tunnel or a name. */
export interface Announced {
  /** Without brackets. */
  readonly host: string;
  /** Null: each transport's own. */
  readonly port: number | null;
}

interface Ways {
  readonly transport: TransportPlan;
  readonly control: ControlMode;
}

const wildcards: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** `HOST`, `HOST:PORT`, `IPv6` or `[IPv6]:PORT`, and why it will not do, as a sentence that names it. */
export function parseAnnounced(text: string, { transport, control }: Ways): Result<Announced, string> {
  const typed = text.trim();
  const read = isIpv6(typed) || ofOneLink(typed) !== null ? { host: typed, port: null } : splitPort(typed);
  if (read === null)
    return err(`${typed} is no address. Write a name or an IP address, with :PORT behind it where that differs.`);
  const { host, port } = read;
  const linkOnly = ofOneLink(host);
  if (linkOnly !== null) return err(linkOnly);
  if (wildcards.has(host)) return err(`${host} leads nobody here. Write the address that the others reach.`);
  if (port === null) return ok(read);
  if (port < 1 || port > 65_535) return err(`${typed} has a port that is not from 1 to 65535.`);
  const planned = plannedProtocols(transport);
  if (planned === 'all' || planned.length > 1 || (control === 'mqtt' && transport !== 'mqtt'))
    return err(
      `${typed} names one port, and several transports cannot share it. Write ${host} alone, or one transport.`,
    );
  return ok(read);
}

/**
 * Why an address will not do that holds on one link alone (RFC 4291, `fe80::/10`): which link is said by its zone, and that
 * means nothing on another machine. Null: it is none.
 */
export function ofOneLink(host: string): string | null {
  if (!/^fe[89ab][0-9a-f]:/i.test(host)) return null;
  return `${host} holds on one link alone, and an invitation cannot say on which. Use an address without a zone (fd00::7, 192.0.2.7), or :: for all of this machine's.`;
}

/** @throws RoundscopeError `settings_invalid` */
export function requireAnnounced(text: string, ways: Ways): Announced {
  const read = parseAnnounced(text, ways);
  if (read.ok) return read.value;
  throw new RoundscopeError('settings_invalid', { layer: 'settings', message: read.error });
}

/** The address to bind for people who come by another one: every address of its family. */
export function boundFor({ host }: Announced): '0.0.0.0' | '::' {
  return isIpv6(host) ? '::' : '0.0.0.0';
}

/**
 * The endpoints as the others are told them: each once, at the announced address. A broker elsewhere stays where it is.
 * @param endpoints as they are bound
 */
export function announcedEndpoints(endpoints: readonly Endpoint[], { host, port }: Announced): readonly Endpoint[] {
  const told = endpoints.map((endpoint) =>
    endpoint.url === undefined ? { ...endpoint, host, port: port ?? endpoint.port } : endpoint,
  );
  return [...new Map(told.map((endpoint) => [JSON.stringify(endpoint), endpoint])).values()];
}

function splitPort(typed: string): Announced | null {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,6}))?$/.exec(typed);
  const [, bracketed, plain = '', port] = match ?? [];
  const known = bracketed === undefined ? isNameOrIpv4(plain) : isIpv6(bracketed);
  if (!known) return null;
  return { host: bracketed ?? plain, port: port === undefined ? null : Number(port) };
}

function isIpv6(text: string): boolean {
  return z.ipv6().safeParse(text).success;
}

/** Digits and dots alone are an address, and not every one is. */
function isNameOrIpv4(text: string): boolean {
  const schema = /^[\d.]+$/.test(text) ? z.ipv4() : z.hostname().min(1).max(253);
  return schema.safeParse(text).success;
}
