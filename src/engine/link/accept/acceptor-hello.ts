import { fingerprintOfPeer } from '#engine/identity/peer-id.ts';
import { passSecret, signPass } from '#engine/identity/pass.ts';
import type { Identity } from '#engine/identity/identity.ts';
import { entropyHex, type Entropy } from '#shared/base/entropy.ts';
import { RoundscopeError, type ErrorCode } from '#shared/base/errors.ts';
import type { RunId } from '#shared/contract/ids.ts';
import { contractVersion, type RunStatus } from '#shared/contract/messages.ts';
import { write } from '../dial/dialer-hello.ts';
import { checkHello, signAnswer, type Answer, type HelloFacts } from './hello-proof.ts';
import { linkClosed } from '../link-closed.ts';
import type { LinkFrameOf, Received } from '../link-frames.ts';
import type { Wire } from '../wire.ts';

export interface AcceptorHello {
  readonly run: RunId;
  /** The invitation's secret. */
  readonly token: string;
  /** The coordinator's, whose peer id stands in the invitation. */
  readonly identity: Identity;
  readonly entropy: Entropy;
}

export interface Refusal {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly status?: RunStatus;
  /** It may be another answer soon. */
  readonly retry?: true;
}

/** Somebody whose hello is proved, and who waits for an answer. */
export interface AcceptedHello {
  readonly wire: Wire;
  readonly hello: HelloFacts['hello'];
  /** SHA-256 of the key that signed it. */
  readonly key: string;
  welcome(state: Received, epoch: string): Promise<void>;
  /** @throws RoundscopeError, always: the refusal */
  refuse(refusal: Refusal): Promise<never>;
}

/**
 * The acceptor's half of opening, up to the answer.
 * @throws RoundscopeError when somebody else than a participant of this run knocks; it has been told so
 */
export async function hearHello(wire: Wire, { run, token, identity, entropy }: AcceptorHello): Promise<AcceptedHello> {
  const hello = await expect(wire, 'hello');
  const { peer, pass, version } = hello;
  if (version !== contractVersion || peer === undefined) {
    const [older, newer] = version < contractVersion ? ['participant', 'coordinator'] : ['coordinator', 'participant'];
    const reason = `the coordinator speaks contract version ${contractVersion}, this participant ${version}: the ${older} is older than the ${newer} and has to be updated`;
    return refuse(wire, { accepted: false, retry: false, code: 'version_unsupported', reason });
  }
  if (hello.run !== run) {
    // What is served here instead is not for somebody who guesses.
    const reason = `run ${hello.run} is not served here; ask for a new invitation`;
    return refuse(wire, { accepted: false, retry: false, code: 'run_mismatch', reason });
  }
  // Whoever has the token out of an invitation and leaves out its terms; no program of ours does.
  if (pass === undefined) return refuse(wire, { accepted: false, retry: false, ...withoutPass });
  const challenge = entropyHex(entropy, 16);
  await write(wire, { t: 'challenge', nonce: challenge });
  const proof = await expect(wire, 'proof');
  const { channel = '', peerIdentity } = wire.session;
  const facts: HelloFacts = { hello: { ...hello, peer, pass }, challenge, coordinator: identity.peerId, channel };
  const guest: Omit<AcceptedHello, 'key'> = {
    wire,
    hello: facts.hello,
    async welcome(state, epoch) {
      const answer = { accepted: true, state, epoch } as const;
      await write(wire, { t: 'hello_ack', ...answer, signature: signAnswer(facts, answer, identity) });
    },
    refuse(refusal) {
      const answer = { accepted: false, retry: false, ...refusal } as const;
      return refuse(wire, answer, signAnswer(facts, answer, identity));
    },
  };
  const unproved = checkHello(proof, facts, passSecret(token, signPass(identity, run, pass)));
  const key = fingerprintOfPeer(peer);
  if (unproved === 'token')
    return await guest.refuse({
      code: 'link_rejected',
      reason: 'the token of the invitation, or its pass, is not that of this run',
    });
  if (unproved !== null || key === null)
    return await guest.refuse({
      code: 'link_rejected',
      reason: `this hello was not signed with the key of ${peer}, whom it names, or it was changed on the way`,
    });
  if (peerIdentity !== null && peerIdentity !== peer)
    return await guest.refuse({
      code: 'link_rejected',
      reason: `it signed as ${peer}, and its connection proved ${peerIdentity}`,
    });
  return { ...guest, key };
}

const withoutPass = {
  code: 'invitation_invalid',
  reason: 'this hello shows no pass, and nobody is let in without the one of an invitation; ask for a new invitation',
} as const;

async function refuse(wire: Wire, answer: Extract<Answer, { accepted: false }>, signature?: string): Promise<never> {
  await write(wire, { t: 'hello_ack', ...answer, ...(signature === undefined ? {} : { signature }) });
  throw new RoundscopeError(answer.code, { layer: 'link', message: answer.reason });
}

async function expect<K extends 'hello' | 'proof'>(wire: Wire, kind: K): Promise<LinkFrameOf<K>> {
  const received = await wire.read();
  if (received === null) {
    const { code, reason } = await wire.session.closed;
    throw linkClosed(`ended before ${kind}: ${code}: ${reason}`);
  }
  const { frame } = received;
  const right = frame?.t === kind;
  wire.log.frame(wire.context, {
    ...received.note,
    kind: received.kind,
    ...(right ? {} : { status: 'malformed', note: `instead of ${kind}` }),
  });
  if (right) return frame as LinkFrameOf<K>;
  throw new RoundscopeError('frame_malformed', { layer: 'link', message: `${received.kind} instead of ${kind}` });
}
