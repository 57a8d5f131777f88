import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { carrierOf, type Stack } from '#shared/contract/protocols.ts';
import { formatAddress } from '../addresses.ts';

/** What was tried. */
export interface Tried {
  readonly endpoint: Endpoint;
  readonly stack: Stack;
}

export interface Failure extends Tried {
  readonly error: RoundscopeError;
  readonly waitedMs: number;
}

/** Nobody answered in time. QUIC cannot tell a closed port from a silent one, so all causes are named. */
export function noAnswer(tried: Tried, timeoutMs: number, cause: unknown): RoundscopeError {
  return silence([`${placeOf(tried)} within ${secondsOf(timeoutMs)}`], tried, cause);
}

/**
 * Nothing that was tried led to a session. A port that refuses TCP says most: the machine is there, and nobody listens.
 * While no way has answered, nobody can say that one of them is blocked.
 */
export function allFailed(failures: readonly Failure[]): RoundscopeError {
  const last = failures.at(-1) as Failure;
  if (failures.length === 1) return last.error;
  const refusal = failures.find(({ error }) => error.code === 'connect_refused');
  const silent = failures.filter(({ error }) => error.code === 'connect_timeout');
  if (refusal !== undefined) {
    const rest = failures.filter((failure) => failure !== refusal).map(placeOf);
    return new RoundscopeError('connect_refused', {
      layer: 'transport',
      message: `Nobody listens at ${placeOf(refusal)}, and nothing answers at ${rest.join(', ')}. Check that the coordinator is running and that host and port are those it printed.`,
      retryable: true,
      cause: refusal.error,
      context: contextOf(refusal),
    });
  }
  if (silent.length < failures.length) return last.error;
  const places = failures.map((failure) => `${placeOf(failure)} within ${secondsOf(failure.waitedMs)}`);
  return silence(places, last, last.error);
}

function silence(places: readonly string[], tried: Tried, cause: unknown): RoundscopeError {
  return new RoundscopeError('connect_timeout', {
    layer: 'transport',
    message: `No coordinator answered at ${places.join(', ')}. Check that it is running, that host and port are those it printed, and that no firewall drops the packets.`,
    retryable: true,
    cause,
    context: contextOf(tried),
  });
}

function placeOf({ endpoint, stack }: Tried): string {
  return `${formatAddress(endpoint.host, endpoint.port)} (${carrierOf(stack)})`;
}

function secondsOf(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}

function contextOf({ endpoint }: Tried): { readonly host: string; readonly port: number } {
  return { host: endpoint.host, port: endpoint.port };
}
