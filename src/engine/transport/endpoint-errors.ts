import { isIPv6 } from 'node:net';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { formatAddress } from './addresses.ts';

/** Somebody else than the invitation names answered. */
export function impostor(endpoint: Endpoint, shown: string | null): RoundscopeError {
  const address = formatAddress(endpoint.host, endpoint.port);
  const found = shown === null ? 'another identity' : `the identity ${shown}`;
  return new RoundscopeError('identity_mismatch', {
    layer: 'transport',
    message: `${address} answers with ${found} instead of ${endpoint.identity ?? 'the one invited to'}. Ask for a new invitation; if that does not help, something between you and the coordinator answers in its place.`,
    context: { host: endpoint.host, port: endpoint.port, provider: endpoint.provider },
  });
}

/** A listener could not bind. */
export function cannotListen(
  at: { readonly host: string; readonly port: number },
  layer4: 'UDP' | 'TCP',
  cause: unknown,
): RoundscopeError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const address = at.port === 0 ? at.host : formatAddress(at.host, at.port);
  const taken = /in use|EADDRINUSE|os error (98|48|10048)/i.test(text);
  const forbidden = /permission|EACCES|os error (13|10013)/i.test(text);
  const strange = /EADDRNOTAVAIL|os error (99|49|10049)/i.test(text);
  const why = strange ? 'this machine has no such address' : text;
  const all = isIPv6(at.host) ? '::' : '0.0.0.0';
  const fix = taken
    ? `${layer4} port ${at.port} is taken by another program, perhaps a coordinator that still runs. End it, or choose another port; port 0 takes a free one.`
    : forbidden
      ? `Opening ${layer4} port ${at.port} is not allowed; choose one above 1023.`
      : `${address} cannot be opened (${why}). Listen at an address of this machine, or at all of them with ${all}; one of a router or cloud in front of it is announced.`;
  return new RoundscopeError(taken ? 'port_in_use' : 'settings_invalid', {
    layer: 'transport',
    message: fix,
    cause,
    context: { host: at.host, port: at.port },
  });
}

/** DDS: its discovery is set up for IPv4. */
export function ipv4Only(address: string): RoundscopeError {
  return new RoundscopeError('settings_invalid', {
    layer: 'transport',
    message: `DDS here speaks IPv4 only, and ${address} is IPv6. Use an IPv4 address, or another transport.`,
    context: { host: address },
  });
}
