import { fingerprintOfPeer } from '#engine/identity/peer-id.ts';
import { passSecret } from '#engine/identity/pass.ts';
import type { Identity } from '#engine/identity/identity.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { spawn } from '#shared/base/spawn.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import type { Invitation, Pass, PassTerms } from '#shared/contract/app/invitation.ts';
import { limits } from '#shared/contract/limits.ts';
import { contractVersion } from '#shared/contract/messages.ts';
import { isAnswer, proveHello, type Answer, type HelloFacts } from '../accept/hello-proof.ts';
import type { LinkFrame, LinkFrameKind, LinkFrameOf, Received as ReceivedState } from '../link-frames.ts';
import type { Wire } from '../wire.ts';

/** What a link needs of an invitation. */
export type InvitedTo = Pick<Invitation, 'run' | 'token' | 'identity' | 'endpoints' | 'pass'>;

export interface DialerHello {
  readonly invitation: Pick<InvitedTo, 'run' | 'token' | 'identity' | 'pass'>;
  /** Who dials, as its transport proves it where that can. */
  readonly identity: Identity;
  readonly participant: ParticipantId;
  readonly instance: string;
  /** 32 random hex digits of this session alone. */
  readonly nonce: string;
  readonly resumes: boolean;
  /** The life of the acceptor's end of this link that answered before. */
  readonly epoch?: string | undefined;
  readonly look?: ParticipantId | undefined;
  readonly state: ReceivedState;
}

/** What the acceptor has received on earlier sessions, and which of its lives it is that has. */
export interface Welcomed {
  readonly peer: ReceivedState;
  readonly epoch: string;
}

type HelloAck = LinkFrameOf<'hello_ack'>;

/**
 * The dialer's half of opening: hello, then the proof that the challenge asks for.
 * @throws RoundscopeError: the acceptor's own code when it refuses (`retryable` as it says), `identity_mismatch` when it
 *   cannot prove to be whom the invitation names, `timeout` after the hello limit
 */
export async function sayHello(
  wire: Wire,
  { invitation, identity, participant, instance, nonce, resumes, epoch, look, state }: DialerHello,
): Promise<Welcomed> {
  using _limit = wire.clock.timer(limits.helloTimeoutMs, () =>
    spawn('closing a session', wire.close('hello_timeout', 'no answer to hello')),
  );
  const { run, token, identity: coordinator, pass } = invitation;
  // Whoever the connection itself has proved must be the one who signs.
  const { peerIdentity, channel = '' } = wire.session;
  if (peerIdentity !== null && peerIdentity !== coordinator) throw impostor(`its connection proved ${peerIdentity}`);
  const hello = {
    version: contractVersion,
    run,
    participant,
    instance,
    peer: identity.peerId,
    nonce,
    pass: termsOf(pass),
    ...(look === undefined ? {} : { look }),
    resumes,
    ...(epoch === undefined ? {} : { epoch }),
    state,
  };
  await write(wire, { t: 'hello', ...hello });
  const challenge = await expect(wire, 'challenge');
  if (challenge.t === 'hello_ack') throw refusedUnproved(challenge);
  const facts: HelloFacts = { hello, challenge: challenge.nonce, coordinator, channel };
  await write(wire, { t: 'proof', ...proveHello(facts, passSecret(token, pass.signature), identity) });
  const answer = requireSigned(await expect(wire, 'hello_ack'), facts);
  if (!answer.accepted) throw refused(answer);
  return { peer: answer.state, epoch: answer.epoch };
}

function termsOf({ signature: _, ...terms }: Pass): PassTerms {
  return terms;
}

/** @throws RoundscopeError `identity_mismatch`: nobody but the coordinator of the invitation is believed */
function requireSigned({ t: _, signature, ...answer }: HelloAck, facts: HelloFacts): Answer {
  if (signature !== undefined && isAnswer(facts, answer, signature)) return answer;
  throw impostor(`it did not sign as ${facts.coordinator}`);
}

function impostor(why: string): RoundscopeError {
  return new RoundscopeError('identity_mismatch', {
    layer: 'link',
    message: `whoever answers could not prove to be the coordinator of the invitation: ${why}. Ask for a new invitation; if that does not help, something between you and the coordinator answers in its place`,
  });
}

/** SHA-256 of the coordinator's key. */
export function coordinatorKey({ identity }: Pick<Invitation, 'identity'>): string {
  return fingerprintOfPeer(identity) ?? '';
}

export async function write(wire: Wire, frame: LinkFrame): Promise<void> {
  await wire.write(frame, { lane: 'control', note: { kind: frame.t } });
}

async function expect<K extends LinkFrameKind>(wire: Wire, kind: K): Promise<LinkFrameOf<K> | HelloAck> {
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
  if (frame?.t === kind || (frame?.t === 'hello_ack' && !frame.accepted)) return frame as LinkFrameOf<K> | HelloAck;
  throw new RoundscopeError('frame_malformed', { layer: 'link', message: `${received.kind} instead of ${kind}` });
}

type Refusal = Pick<Extract<HelloAck, { accepted: false }>, 'code' | 'reason' | 'retry' | 'status'>;

function refused({ code, reason, retry, status }: Refusal): RoundscopeError {
  const context = status === undefined ? {} : { status };
  return new RoundscopeError(code, { layer: 'link', message: reason, retryable: retry, context });
}

/** Words that anybody could have said: they tell why nobody gets in there, and end no link that has been open. */
const wordsBeforeProof: ReadonlySet<string> = new Set(['version_unsupported', 'run_mismatch']);

function refusedUnproved(answer: HelloAck): RoundscopeError {
  if (answer.accepted || !wordsBeforeProof.has(answer.code)) return impostor('it refuses without a proof');
  return refused(answer);
}
