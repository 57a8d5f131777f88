import type { Endpoint, Invitation } from '#shared/contract/app/invitation.ts';
import type { Ledger } from './ledger.ts';
import { attackHttp2 } from './http2.ts';
import { attackOwnBroker } from './mqtt-own-broker.ts';
import { attackStreams } from './quic-streams.ts';
import { attackTcp } from './tcp.ts';
import { attackQuicDatagrams, attackRtps } from './udp.ts';

/** Ports of the coordinator's own that speak TCP. */
export function tcpPortsOf({ endpoints }: Invitation): readonly number[] {
  const own = endpoints.filter(({ provider, url }) => provider !== 'quinn' && provider !== 'dds' && url === undefined);
  return [...new Set(own.map(({ port }) => port))];
}

/** What whoever finds a port of the coordinator's can do there without the invitation. */
export async function attackPorts(invitation: Invitation, ledger: Ledger, signal?: AbortSignal): Promise<void> {
  await Promise.all([
    ...tcpPortsOf(invitation).map((port) => attackTcp(port, ledger)),
    ...invitation.endpoints.map((endpoint) => attackEndpoint(endpoint, ledger, signal)),
  ]);
}

async function attackEndpoint(endpoint: Endpoint, ledger: Ledger, signal?: AbortSignal): Promise<void> {
  const { provider, port } = endpoint;
  if (provider === 'quinn') await attackQuicDatagrams(port, ledger);
  if (provider === 'dds') await attackRtps(port, ledger);
  if (provider === 'quinn' || provider === 'webtransport') await attackStreams(endpoint, ledger, signal);
  if (provider === 'webtransport' || provider === 'grpc') await attackHttp2(port, ledger);
}

/** Whoever has the invitation, at the coordinator's own MQTT broker where there is one. */
export async function attackBroker(invitation: Invitation, victim: string, ledger: Ledger): Promise<void> {
  const broker = invitation.endpoints.find(({ provider, url }) => provider === 'mqtt' && url === undefined);
  if (broker !== undefined) await attackOwnBroker(invitation, broker, ledger, victim);
}
