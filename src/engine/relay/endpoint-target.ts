import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { brokerAt } from '#shared/contract/brokers.ts';
import type { Target } from './tcp-route.ts';

/** Where an endpoint leads: its URL where it has one, its host and port else. */
export function targetOf({ host, port, url }: Endpoint): Target {
  if (url === undefined) return { host, port };
  const broker = new URL(url);
  const { hostname, port: given } = broker;
  return {
    // A URL writes IPv6 addresses in brackets, a socket does not.
    host: hostname.replace(/^\[|\]$/g, ''),
    port: given === '' ? (brokerAt(broker)?.port ?? port) : Number(given),
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
