import { createHmac } from 'node:crypto';
import type { Protocol } from '#shared/contract/protocols.ts';
import { hasSigned, signAs, type Identity } from '#engine/identity/identity.ts';
import { agree, type KeyShare } from './key-share.ts';

/**
 * How the two ends of a session come by keys of their own over what somebody else carries: a broker, or a domain with other
 * members. The participant offers half of an X25519 key and proves by the invitation's token that it may ask; the coordinator
 * answers with its half, and signs both with the identity that the invitation names. So nobody in between has the keys, other
 * participants included, and whoever takes the coordinator's key later cannot open what was carried before.
 */
export const sealedVersion = 4;

/** `up`: what the participant sends. */
export type Direction = 'up' | 'down';

/** The session that is asked for. */
export interface Claim {
  readonly protocol: Protocol;
  readonly run: string;
  readonly participant: string;
  readonly session: string;
}

/** What a participant asks with. */
export interface Request {
  readonly version: number;
  /** Its half of the key, hex. */
  readonly key: string;
  /** Peer id of the coordinator that it means. */
  readonly coordinator: string;
  /** HMAC-SHA256 by the invitation's token, hex. */
  readonly proof: string;
}

/** The coordinator's answer; `signature`: Ed25519 by its identity, hex. */
export type Answer =
  | { readonly type: 'accept'; readonly key: string; readonly signature: string }
  | { readonly type: 'refuse'; readonly reason: string; readonly signature: string };

/** The keys of one end. */
export interface SessionKeys {
  readonly outgoing: Direction;
  readonly sending: Uint8Array;
  readonly receiving: Uint8Array;
  /** As in `Session`: made of the agreed secret too, so nobody in between has the same with both ends. */
  readonly channel: string;
}

export function requestProof(token: string, claim: Claim, { key, coordinator }: Omit<Request, 'proof'>): string {
  return createHmac('sha256', token)
    .update(text('open', claim, key, coordinator))
    .digest('hex');
}

/** What an answer says, to this request: both as they are signed. */
type Answered = { readonly accept: string } | { readonly refuse: string };

export function signAnswer(
  answered: Answered,
  claim: Claim,
  request: Pick<Request, 'key'>,
  identity: Identity,
): string {
  const bytes = Buffer.from(answerText(answered, claim, request.key, identity.peerId));
  return Buffer.from(signAs(identity, bytes)).toString('hex');
}

export function isAnswer(answer: Answer, claim: Claim, { key, coordinator }: Request): boolean {
  const answered = answer.type === 'accept' ? { accept: answer.key } : { refuse: answer.reason };
  const bytes = Buffer.from(answerText(answered, claim, key, coordinator));
  return hasSigned(coordinator, bytes, Buffer.from(answer.signature, 'hex'));
}

/** @returns null when what was offered is no usable key */
export function sessionKeys(
  outgoing: Direction,
  parts: {
    readonly own: KeyShare;
    readonly offered: string;
    readonly token: string;
    readonly claim: Claim;
    readonly coordinator: string;
  },
): SessionKeys | null {
  const { own, offered, token, claim, coordinator } = parts;
  const halves = outgoing === 'up' ? [own.offered, offered] : [offered, own.offered];
  const agreed = agree(own, offered, { salt: token, info: text('keys', claim, ...halves, coordinator) });
  if (agreed === null) return null;
  const { up, down, channel } = agreed;
  return outgoing === 'up'
    ? { outgoing, sending: up, receiving: down, channel }
    : { outgoing, sending: down, receiving: up, channel };
}

function answerText(answered: Answered, claim: Claim, key: string, coordinator: string): string {
  return 'accept' in answered
    ? text('accept', claim, key, coordinator, answered.accept)
    : text('refuse', claim, key, coordinator, answered.refuse);
}

/** JSON of a list: no two sets of words give the same text, and none of one purpose is one of another. */
function text(purpose: string, { protocol, run, participant, session }: Claim, ...words: readonly string[]): string {
  return JSON.stringify(['roundscope sealed', sealedVersion, purpose, protocol, run, participant, session, ...words]);
}
