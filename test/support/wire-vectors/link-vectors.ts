import { hashBytes } from '#engine/codec/hash.ts';
import { encodeMessageHeader } from '#engine/codec/message-codec.ts';
import { encodeFrame } from '#engine/framing/frame.ts';
import { encodeInvitation } from '#engine/identity/invitation.ts';
import { passSecret } from '#engine/identity/pass.ts';
import { proveHello, signAnswer, type HelloFacts } from '#engine/link/accept/hello-proof.ts';
import type { LinkFrame } from '#engine/link/link-frames.ts';
import { coordinatorId, type MessageId } from '#shared/contract/ids.ts';
import { contractVersion, messageKinds, type MessageHeader, type MessageKind } from '#shared/contract/messages.ts';
import { anna, coordinator, drawn, hex, invitation, keysOf, participant, run, sentAt, token } from './parties.ts';
import { bodies, globalModel, payloads, senderOfKind } from './sample-bodies.ts';

/** One frame of the exchange; `header` is what is in it. */
export interface FrameVector {
  readonly name: string;
  readonly from: 'participant' | 'coordinator';
  readonly header: object;
  readonly frame: string;
}

const nothing = { received: 0, transfers: [], done: [], failed: [] };
const { signature: passSignature, ...pass } = invitation.pass;

/** What both ends sign; `channel` is that of a transport that proves identities itself. */
export const facts: HelloFacts = {
  hello: {
    version: contractVersion,
    run,
    participant,
    instance: hex(drawn('instance', 16)),
    peer: anna.peerId,
    nonce: hex(drawn('nonce', 16)),
    pass,
    resumes: false,
    state: nothing,
  },
  challenge: hex(drawn('challenge', 16)),
  coordinator: coordinator.peerId,
  channel: '',
};
const answer = { accepted: true, state: nothing, epoch: hex(drawn('epoch', 16)) } as const;
const refusal = { accepted: false, code: 'expelled', reason: 'sent away', retry: false } as const;

function frame(name: string, from: FrameVector['from'], header: LinkFrame, body?: Uint8Array): FrameVector {
  return { name, from, header, frame: hex(...encodeFrame(header, body)) };
}

/** Opening, acknowledging, ending: link frames that carry no message. */
export function linkFrames(): readonly FrameVector[] {
  const secret = passSecret(token, passSignature);
  const state = {
    received: 3,
    transfers: [{ id: 'a-1.4' as MessageId, bytes: 65_536 }],
    done: ['a-1.3' as MessageId],
    failed: [{ id: 'a-1.2' as MessageId, code: 'payload_hash_mismatch' as const }],
  };
  return [
    frame('hello', 'participant', { t: 'hello', ...facts.hello }),
    frame('challenge', 'coordinator', { t: 'challenge', nonce: facts.challenge }),
    frame('proof', 'participant', { t: 'proof', ...proveHello(facts, secret, anna) }),
    frame('hello_ack', 'coordinator', {
      t: 'hello_ack',
      ...answer,
      signature: signAnswer(facts, answer, coordinator),
    }),
    frame('hello_ack, refused', 'coordinator', {
      t: 'hello_ack',
      ...refusal,
      signature: signAnswer(facts, refusal, coordinator),
    }),
    frame('ack', 'coordinator', { t: 'ack', state }),
    frame('heartbeat', 'participant', { t: 'heartbeat', n: 2, echo: { n: 1, held: 12.5 }, ack: 3 }),
    frame('heartbeat, full', 'coordinator', { t: 'heartbeat', n: 1, ack: 0, full: true }),
    frame('withdraw', 'coordinator', { t: 'withdraw', transfer: 'c-1.6' as MessageId }),
    frame('goodbye', 'coordinator', { t: 'goodbye', code: 'complete', reason: 'all rounds are done' }),
  ];
}

/** One message of each kind: a control message, or the announcement of a transfer. */
export function messageFrames(): readonly FrameVector[] {
  return messageKinds.map((kind, k) => {
    const from = senderOfKind(kind);
    const id = idOf(kind);
    const header = encodeMessageHeader(headerOf(kind, from, id)) as Record<string, unknown>;
    const numbered = payloads[kind] === undefined ? { seq: k + 1 } : { transfer: id, offset: 0 };
    return frame(kind, from, { t: 'message', ...numbered, header, ack: k });
  });
}

function idOf(kind: MessageKind): MessageId {
  const prefix = senderOfKind(kind) === 'participant' ? 'a-1' : 'c-1';
  return `${prefix}.${messageKinds.indexOf(kind) + 1}` as MessageId;
}

function headerOf(kind: MessageKind, from: FrameVector['from'], id: MessageId): MessageHeader {
  const bytes = payloads[kind];
  const encoding = kind === 'model_graph' ? 'onnx' : 'safetensors';
  const payload = bytes && { hash: hashBytes(bytes), length: bytes.byteLength, encoding };
  return {
    version: contractVersion,
    run,
    sender: from === 'participant' ? participant : coordinatorId,
    kind,
    round: kind === 'run_plan' || kind === 'register' || kind === 'welcome' || kind === 'admission' ? 0 : 1,
    id,
    sentAt,
    body: bodies[kind],
    ...(payload === undefined ? {} : { payload }),
    // The union of all kinds is not kept by a loop over them.
  } as MessageHeader;
}

/** The global model in two chunks on its own lane. */
export function transfer(): object {
  const announced = messageFrames().find(({ name }) => name === 'global_model');
  const id = idOf('global_model');
  const chunkBytes = Math.ceil(globalModel.byteLength / 2);
  const chunk = (index: number): FrameVector => {
    const offset = (index - 1) * chunkBytes;
    const body = globalModel.subarray(offset, offset + chunkBytes);
    return frame(`chunk ${index}`, 'coordinator', { t: 'chunk', transfer: id, offset, index, count: 2 }, body);
  };
  return {
    lane: `bulk:${id}`,
    payload: hex(globalModel),
    sha256: hashBytes(globalModel),
    frames: [announced, chunk(1), chunk(2)],
  };
}

export function linkVectors(): object {
  return {
    contract: contractVersion,
    run,
    participant: { name: participant, ...keysOf(anna) },
    coordinator: keysOf(coordinator),
    invitation: { text: encodeInvitation(invitation), says: invitation },
    opening: { coordinator: coordinator.peerId, challenge: facts.challenge, channel: facts.channel },
    frames: linkFrames(),
    messages: messageFrames(),
    transfer: transfer(),
  };
}
