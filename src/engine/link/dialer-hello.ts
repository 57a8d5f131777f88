import { RoundscopeError } from '#shared/base/errors.ts';
import { spawn } from '#shared/base/spawn.ts';
import type { ParticipantId, RunId } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import { contractVersion } from '#shared/contract/messages.ts';
import { isProof, makeProof, type HelloFacts } from './hello-proof.ts';
import type { LinkFrame, LinkFrameKind, LinkFrameOf, Received as ReceivedState } from './link-frames.ts';
import type { Wire } from './wire.ts';

export interface DialerHello {
  readonly facts: Omit<HelloFacts, 'acceptorNonce' | 'run' | 'participant'> & {
    readonly run: RunId;
    readonly participant: ParticipantId;
  };
  readonly token: string;
  readonly resumes: boolean;
  /** The life of the acceptor's end of this link that answered before. */
  readonly epoch?: string | undefined;
  readonly lineage?: string | undefined;
  readonly look?: ParticipantId | undefined;
  readonly state: ReceivedState;
}

/** What the acceptor has received on earlier sessions, and which of its lives it is that has. */
export interface Welcomed {
  readonly peer: ReceivedState;
  readonly epoch: string | undefined;
}

/**
 * The dialler's half of opening: hello, then the proof that the challenge asks for.
 * @throws RoundscopeError: the acceptor's own code when it refuses (`retryable` as it says), `link_rejected` when it cannot
 *   prove itself, `timeout` after the hello limit
 */
export async function sayHello(
  wire: Wire,
  { facts, token, resumes, epoch, lineage, look, state }: DialerHello,
): Promise<Welcomed> {
  using _limit = wire.clock.timer(limits.helloTimeoutMs, () =>
    spawn('closing a session', wire.close('hello_timeout', 'no answer to hello')),
  );
  const { run, participant, instance, dialerNonce } = facts;
  await write(wire, {
    t: 'hello',
    version: contractVersion,
    run,
    participant,
    instance,
    ...(lineage === undefined ? {} : { lineage }),
    nonce: dialerNonce,
    ...(look === undefined ? {} : { look }),
    resumes,
    ...(epoch === undefined ? {} : { epoch }),
    state,
  });
  const challenge = await expect(wire, 'challenge');
  const allFacts = { ...facts, acceptorNonce: challenge.nonce };
  await write(wire, { t: 'proof', mac: makeProof(token, 'dialer', allFacts) });
  const answer = await expect(wire, 'hello_ack');
  if (!answer.accepted) throw refused(answer);
  if (!isProof(answer.mac, token, { role: 'acceptor', facts: allFacts })) {
    throw new RoundscopeError('link_rejected', {
      layer: 'link',
      message: 'the coordinator could not prove that it knows the invitation',
    });
  }
  return { peer: answer.state, epoch: answer.epoch };
}

export async function write(wire: Wire, frame: LinkFrame): Promise<void> {
  await wire.write(frame, { lane: 'control', note: { kind: frame.t } });
}

async function expect<K extends LinkFrameKind>(wire: Wire, kind: K): Promise<LinkFrameOf<K>> {
  const received = await wire.read();
  if (received === null) {
    const { code, reason } = await wire.session.closed;
    if (code === 'broker_refused')
      throw new RoundscopeError(code, { layer: 'transport', message: reason, retryable: true });
    const timedOut = code === 'hello_timeout';
    throw new RoundscopeError(timedOut ? 'timeout' : 'session_lost', {
      layer: 'link',
      message: timedOut
        ? `the coordinator did not answer hello within ${limits.helloTimeoutMs / 1000} s`
        : `session ended during hello: ${code}: ${reason}`,
      retryable: true,
      context: { code },
    });
  }
  const { frame } = received;
  wire.log.frame(wire.context, { ...received.note, kind: received.kind });
  if (frame?.t === kind) return frame as LinkFrameOf<K>;
  if (frame?.t === 'hello_ack' && !frame.accepted) throw refused(frame);
  throw new RoundscopeError('frame_malformed', { layer: 'link', message: `${received.kind} instead of ${kind}` });
}

function refused({
  code,
  reason,
  retry,
  status,
}: Extract<LinkFrameOf<'hello_ack'>, { accepted: false }>): RoundscopeError {
  const context = status === undefined ? {} : { status };
  return new RoundscopeError(code, { layer: 'link', message: reason, retryable: retry, context });
}
