import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/invitation.ts';
import { formatAddress } from '../addresses.ts';

/** Nobody answered in time. QUIC cannot tell a closed port from a silent one, so all causes are named. */
export function noAnswer(endpoints: readonly Endpoint[], timeoutMs: number, cause: unknown): RoundscopeError {
  const tried = endpoints.map((e) => `${formatAddress(e.host, e.port)} (${e.provider === 'quinn' ? 'UDP' : 'TCP'})`);
  const first = endpoints[0];
  return new RoundscopeError('connect_timeout', {
    layer: 'transport',
    message: `No coordinator answered at ${tried.join(', ')} within ${Math.round(timeoutMs / 100) / 10} s. Check that it is running, that host and port are those it printed, and that no firewall blocks UDP to that port.`,
    retryable: true,
    cause,
    context: first === undefined ? {} : { host: first.host, port: first.port },
  });
}
