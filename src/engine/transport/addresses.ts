import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { RoundscopeError } from '#shared/base/errors.ts';

/** Addresses of this machine that an invitation lists at most, of each family; those of all transports must fit in one. */
const addressesMax = 3;

/** As people write it: `10.0.0.5:4433`, `[::1]:4433`. */
export function formatAddress(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A host as it is written in an address of its own: `[::1]` is `::1`. */
export function bareHost(host: string): string {
  const inner = /^\[(.*)\]$/.exec(host.trim())?.[1];
  return inner !== undefined && isIPv6(inner) ? inner : host.trim();
}

/** @throws RoundscopeError `connect_failed` when the name means nothing here */
export async function resolveHost(host: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  try {
    // IPv4 first: `localhost` is both, and listeners are bound to 127.0.0.1 or 0.0.0.0 unless told otherwise.
    return (await lookup(host, { order: 'ipv4first' })).address;
  } catch (error) {
    throw new RoundscopeError('connect_failed', {
      layer: 'transport',
      message: `The name ${host} is not known to this machine. Check how it is written, or use the coordinator's IP address.`,
      cause: error,
      context: { host },
    });
  }
}

/** Where others reach what is bound to `host`: itself, or this machine's addresses for the wildcard. */
export function reachableHosts(
  host: string,
  interfaces: ReturnType<typeof networkInterfaces> = networkInterfaces(),
): readonly string[] {
  if (host !== '0.0.0.0' && host !== '::') return [host];
  // Addresses with a scope mean something on one link only.
  const outside = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family, scopeid = 0 }) => !internal && (family === 'IPv4' || scopeid === 0));
  const of = (wanted: string): string[] =>
    outside
      .filter(({ family }) => family === wanted)
      .map(({ address }) => address)
      .slice(0, addressesMax);
  const hosts = host === '::' ? [...of('IPv4'), ...of('IPv6')] : of('IPv4');
  return hosts.length > 0 ? hosts : [localHost(host)];
}

/** The address to listen at: where this machine has no other addresses than IPv6, `0.0.0.0` would be reached by nobody. */
export function wildcardHere(
  host: string,
  interfaces: ReturnType<typeof networkInterfaces> = networkInterfaces(),
): string {
  if (host !== '0.0.0.0') return host;
  const told = reachableHosts('::', interfaces);
  return told.every((address) => isIPv6(address) && address !== '::1') ? '::' : host;
}

/** How a client on this machine reaches what is bound to `host`. */
export function localHost(host: string): string {
  if (host === '0.0.0.0' || host === '') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}
