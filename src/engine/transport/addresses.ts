import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { RoundscopeError } from '#shared/base/errors.ts';

/** Addresses of this machine that an invitation lists at most, besides names given by hand. */
const addressesMax = 4;

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
export function reachableHosts(host: string): readonly string[] {
  if (host !== '0.0.0.0' && host !== '::') return [host];
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address);
  return outside.length > 0 ? outside.slice(0, addressesMax) : ['127.0.0.1'];
}

/** How a client on this machine reaches what is bound to `host`. */
export function localHost(host: string): string {
  if (host === '0.0.0.0' || host === '') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}
