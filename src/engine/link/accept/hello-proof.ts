import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { hasSigned, signAs, type Identity } from '#engine/identity/identity.ts';
import type { PassTerms } from '#shared/contract/app/invitation.ts';
import type { LinkFrameOf, Received } from '../link-frames.ts';

type Hello = LinkFrameOf<'hello'>;

/** What both ends of a hello mean by it. What is signed differs with any of these. */
export interface HelloFacts {
  readonly hello: Omit<Hello, 't' | 'peer' | 'pass'> & { readonly peer: string; readonly pass: PassTerms };
  /** Random, of this session alone, as the dialer's in hello. */
  readonly challenge: string;
  /** Peer id of the coordinator: who answers, and whom the invitation names. */
  readonly coordinator: string;
  /** As in `Session`. */
  readonly channel: string;
}

/** How the acceptor answers. */
export type Answer =
  | { readonly accepted: true; readonly state: Received; readonly epoch: string }
  | Omit<Extract<LinkFrameOf<'hello_ack'>, { accepted: false }>, 't' | 'signature'>;

/** Both in hex: HMAC-SHA256 by the invitation's token, and Ed25519 by the identity. */
export interface Proof {
  readonly mac: string;
  readonly signature: string;
}

/**
 * That whoever dials has the invitation and the key of `hello.peer`, and says this hello to this coordinator.
 * Decision 0071.
 * @param secret of the invitation, as `passSecret` makes it
 */
export function proveHello(facts: HelloFacts, secret: string, identity: Identity): Proof {
  const text = helloText('dialer', facts);
  return { mac: macOf(text, secret).toString('hex'), signature: sign(text, identity) };
}

/** What of it is not proved; null: all of it is. Compares in constant time. */
export function checkHello({ mac, signature }: Proof, facts: HelloFacts, secret: string): 'token' | 'key' | null {
  const text = helloText('dialer', facts);
  if (!isSigned(text, facts.hello.peer, signature)) return 'key';
  const [expected, given] = [macOf(text, secret), Buffer.from(mac, 'hex')];
  return given.byteLength === expected.byteLength && timingSafeEqual(given, expected) ? null : 'token';
}

/** That the coordinator gives this answer to this hello; hex. Nothing but its key does that: all have the token. */
export function signAnswer(facts: HelloFacts, answer: Answer, identity: Identity): string {
  return sign(answerText(facts, answer), identity);
}

/** Whether the coordinator that was dialed gives this answer. */
export function isAnswer(facts: HelloFacts, answer: Answer, signature: string): boolean {
  return isSigned(answerText(facts, answer), facts.coordinator, signature);
}

function sign(text: string, identity: Identity): string {
  return Buffer.from(signAs(identity, Buffer.from(text))).toString('hex');
}

function isSigned(text: string, peer: string, signature: string): boolean {
  return hasSigned(peer, Buffer.from(text), Buffer.from(signature, 'hex'));
}

function macOf(text: string, secret: string): Buffer {
  return createHmac('sha256', secret).update(text).digest();
}

/**
 * The transcript. Both nonces make it one of this session alone, so nothing overheard can be said again; names, life and
 * state are in it, so nothing can be changed on the way; and the channel where there is one, so it cannot be passed on
 * over another. JSON of a list: no two sets of facts give the same text.
 */
function helloText(role: 'dialer' | 'acceptor', facts: HelloFacts, ...more: readonly unknown[]): string {
  const { hello, challenge, coordinator, channel } = facts;
  const { version, run, participant, instance, peer, nonce, look = null, resumes, epoch = null, state, pass } = hello;
  const terms = [pass.generation, pass.name ?? null, pass.until ?? null];
  const who = [role, version, run, participant, instance, peer, coordinator];
  const what = [nonce, challenge, channel, terms, look, resumes, epoch, stateHash(state)];
  return JSON.stringify(['roundscope link 4', ...who, ...what, ...more]);
}

function answerText(facts: HelloFacts, answer: Answer): string {
  if (answer.accepted) return helloText('acceptor', facts, true, answer.epoch, stateHash(answer.state));
  const { code, reason, retry, status = null } = answer;
  return helloText('acceptor', facts, false, code, reason, retry, status);
}

/** Of the state in one order, whatever order its fields had on the wire. */
function stateHash({ received, transfers, done, failed }: Received): string {
  const text = JSON.stringify([
    received,
    transfers.map(({ id, bytes }) => [id, bytes]),
    done,
    failed.map(({ id, code }) => [id, code]),
  ]);
  return createHash('sha256').update(text).digest('hex');
}
