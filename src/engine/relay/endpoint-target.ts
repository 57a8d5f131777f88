import type { Endpoint } from '#shared/contract/app/invitation.ts';
import type { Target } from './tcp-route.ts';

/** Where brokers listen whose URL names no port. */
const usualPorts: Readonly<Record<string, number>> = { 'mqtt:': 1883, 'mqtts:': 8883, 'amqp:': 5672, 'amqps:': 5671 };

/** Where an endpoint leads: its URL where it has one, its host and port else. */
export function targetOf({ host, port, url }: Endpoint): Target {
  if (url === undefined) return { host, port };
  const { hostname, port: given, protocol } = new URL(url);
  return {
    // A URL writes IPv6 addresses in brackets, a socket does not.
    host: hostname.replace(/^\[|\]$/g, ''),
    port: given === '' ? (usualPorts[protocol] ?? port) : Number(given),
  };
}

/** The same endpoint by way of a relay on this machine: identity, provider and credentials stay. */
export function throughRelay(endpoint: Endpoint, port: number): Endpoint {
  const moved = { ...endpoint, host: '127.0.0.1', port };
  if (endpoint.url === undefined) return moved;
  const url = new URL(endpoint.url);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return { ...moved, url: url.href };
}
