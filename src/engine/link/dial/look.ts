import { decodeMessageHeader } from '#engine/codec/message-codec.ts';
import type { Transport } from '#engine/transport/transport.ts';
import type { Identity } from '#engine/identity/identity.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import { entropyHex, type Entropy } from '#shared/base/entropy.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { spawn } from '#shared/base/spawn.ts';
import { asParticipantId, type ParticipantId } from '#shared/contract/ids.ts';
import type { MessageHeader, RunPlanBody } from '#shared/contract/messages.ts';
import type { Stack } from '#shared/contract/protocols.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import { sayHello, write, type InvitedTo } from './dialer-hello.ts';
import { PacketLog } from '../records/packet-log.ts';
import { Wire } from '../wire.ts';

export interface LookOptions {
  readonly invitation: InvitedTo;
  /** As the transport proves it where it can; whoever looks needs none that lasts. */
  readonly identity: Identity;
  /** Asked along: is it free? */
  readonly name: ParticipantId;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly signal: AbortSignal;
}

/** What whoever answered says of the run. */
export interface Seen {
  readonly stack: Stack;
  readonly roundTripMs: number;
  /** How far the other clock is before this one; negative: behind. Off by half the round trip at most. */
  readonly clockAheadMs: number;
  readonly plan: RunPlanBody;
}

const silent: Reporter = { event: () => undefined, packet: () => undefined };
const nothing = { received: 0, transfers: [], done: [], failed: [] };

/**
 * Greets the coordinator, hears what the run is about and says goodbye, over one session and under a name of its own: for
 * the coordinator nobody came and nobody left.
 * @throws RoundscopeError as dialing and greeting do, or the coordinator's own answer (`run_over`, ...)
 */
export async function lookAt(options: LookOptions): Promise<Seen> {
  const { invitation, identity, transport, clock, entropy, signal, name } = options;
  const participant = asParticipantId(`look-${entropyHex(entropy, 6)}`);
  const { run, token, endpoints } = invitation;
  const session = await inTime(signal, 'no answer', () =>
    transport.dial(endpoints, { signal, participant, run, token }),
  );
  const context = { participant, protocol: session.protocol, stack: session.stack, connection: 1 };
  const wire = new Wire(session, { clock, log: new PacketLog(silent, 'participant'), context });
  const onAbort = (): void => spawn('closing a session', wire.close('aborted', 'the look took too long'));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const said = { participant, instance: entropyHex(entropy, 16), nonce: entropyHex(entropy, 16) };
    const startedMs = clock.monotonicMs();
    await sayHello(wire, { invitation, identity, ...said, look: name, resumes: false, state: nothing });
    // Hello and proof, each with its answer.
    const roundTripMs = (clock.monotonicMs() - startedMs) / 2;
    const header = await inTime(signal, 'it did not say what the run is about', () => firstWord(wire));
    const clockAheadMs = header.sentAt + roundTripMs / 2 - clock.wallMs();
    // What was asked has been answered; a coordinator that is gone by now misses nothing.
    await write(wire, { t: 'goodbye', code: 'looked', reason: 'only looked' }).catch(() => undefined);
    if (header.kind === 'run_plan') return { stack: session.stack, roundTripMs, clockAheadMs, plan: header.body };
    if (header.kind === 'error')
      throw new RoundscopeError(header.body.code, { layer: 'round', message: header.body.reason });
    throw new RoundscopeError('header_invalid', {
      layer: 'round',
      message: `the coordinator began with ${header.kind} instead of what the run is about`,
    });
  } finally {
    signal.removeEventListener('abort', onAbort);
    await wire.close('clean', 'only looked');
  }
}

/** What a time limit does to an operation is not what people should read about it. */
async function inTime<T>(signal: AbortSignal, what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!signal.aborted || (error instanceof RoundscopeError && error.code !== 'session_lost')) throw error;
    const message = `The coordinator was looked for in vain: ${what} in time.`;
    throw new RoundscopeError('connect_timeout', { layer: 'link', message, retryable: true, cause: error });
  }
}

async function firstWord(wire: Wire): Promise<MessageHeader> {
  for (;;) {
    const received = await wire.read();
    if (received === null) {
      const { code, reason } = await wire.session.closed;
      throw new RoundscopeError('session_lost', {
        layer: 'link',
        message: `the coordinator hung up before it said what the run is about (${code}: ${reason})`,
      });
    }
    if (received.frame?.t !== 'message') continue;
    const header = decodeMessageHeader(received.frame.header);
    if (!header.ok) throw header.error;
    return header.value;
  }
}
