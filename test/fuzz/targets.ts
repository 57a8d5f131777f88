import { crc32 } from 'node:zlib';
import { decodeMessageHeader, encodeMessageHeader } from '#engine/codec/message-codec.ts';
import { decodeSafetensors, encodeSafetensors, firstNotFinite } from '#engine/codec/safetensors.ts';
import { decodeFrame, encodeFrame } from '#engine/framing/frame.ts';
import { FrameDecoder } from '#engine/framing/frame-decoder.ts';
import { joined, type Parts } from '#engine/framing/parts.ts';
import { decodeInvitation, encodeInvitation } from '#engine/identity/invitation.ts';
import { signedPass } from '#engine/identity/pass.ts';
import { decodeLinkFrame } from '#engine/link/link-frames.ts';
import type { Random } from '#shared/base/random.ts';
import { asParticipantId, asRunId } from '#shared/contract/ids.ts';
import { invitationSchema } from '#shared/contract/app/invitation.ts';
import { limits } from '#shared/contract/limits.ts';
import { contractVersion, type MessageHeader } from '#shared/contract/messages.ts';
import { seededIdentity } from '#test/support/seeded-identity.ts';

/** A decoder, what it normally gets, and what must hold whatever it gets. A violation throws. */
export interface FuzzTarget {
  readonly name: string;
  readonly samples: readonly Uint8Array[];
  /** The same as JSON, for mutations that still parse and so get deeper. */
  readonly json?: { readonly values: readonly object[]; readonly encode: (value: unknown) => Uint8Array };
  /** Returns whether the input was accepted. */
  readonly run: (input: Uint8Array, random: Random) => boolean;
}

const hash = 'ab'.repeat(32);
const state = {
  received: 3,
  transfers: [{ id: 'a.2', bytes: 1024 }],
  done: ['a.1'],
  failed: [{ id: 'a.3', code: 'payload_hash_mismatch' }],
};
const messages = [
  { kind: 'training_progress', body: { epoch: 1, epochs: 2, batch: 3, batches: 4, loss: 0.5 } },
  { kind: 'global_model', body: { purpose: 'train' }, payload: { hash, length: 4096, encoding: 'safetensors' } },
  {
    kind: 'update_ack',
    body: { accepted: false, contribution: hash, code: 'update_wrong_shape', reason: 'w is [2]' },
    replyTo: 'b.9',
  },
  {
    kind: 'welcome',
    body: {
      participant: 'node-1',
      runName: 'r',
      rounds: 3,
      round: 1,
      phase: 'training',
      minimumParticipants: 2,
      note: '',
    },
  },
  { kind: 'goodbye', body: { code: 'clean', reason: 'done' } },
].map((message, i) =>
  encodeMessageHeader({
    version: contractVersion,
    run: 'run-1',
    sender: 'node-1',
    round: 1,
    id: `a.${i}`,
    sentAt: 1.5,
    ...message,
  } as unknown as MessageHeader),
);

const linkHeaders: readonly object[] = [
  {
    t: 'hello',
    version: contractVersion,
    run: 'run-1',
    participant: 'node-1',
    instance: 'ab'.repeat(16),
    peer: '12D3KooWDzvjKMv3eEzLJPHN9TjuJ1binb6De9W7ybubpLLipM7E',
    nonce: 'cd'.repeat(16),
    pass: { generation: 0, name: 'node-1', until: 1.8e12 },
    resumes: true,
    state,
  },
  { t: 'challenge', nonce: 'ab'.repeat(16) },
  { t: 'proof', mac: hash, signature: hash.repeat(2) },
  { t: 'hello_ack', accepted: true, signature: hash.repeat(2), epoch: 'ef'.repeat(16), state },
  { t: 'hello_ack', accepted: false, code: 'link_rejected', reason: 'no', retry: false },
  { t: 'ack', state },
  { t: 'chunk', transfer: 'a.2', offset: 0, index: 1, count: 2 },
  { t: 'heartbeat', n: 3, echo: { n: 2, held: 1.5 }, ack: 3 },
  { t: 'goodbye', code: 'clean', reason: 'done' },
  ...messages.map((header, i) => ({ t: 'message', seq: i + 1, ack: 0, header })),
];
const frames = linkHeaders.map((header, i) => Buffer.concat(encodeFrame(header, new Uint8Array(i * 40).fill(i))));
const tensors = encodeSafetensors([
  { name: 'dense.weight', dtype: 'F32', shape: [3, 4], data: new Float32Array(12).fill(0.5) },
  { name: 'dense.bias', dtype: 'F32', shape: [4], data: new Float32Array(4) },
  { name: 'count', dtype: 'I64', shape: [], data: BigInt64Array.of(7n) },
]);
const coordinator = seededIdentity('coordinator');
const invitation = encodeInvitation(
  invitationSchema.parse({
    ...{ version: contractVersion, run: 'run-1', name: 'a run', control: 'same', transport: 'quic' },
    token: 'x'.repeat(24),
    identity: coordinator.peerId,
    pass: signedPass(coordinator, asRunId('run-1'), { generation: 0, name: asParticipantId('node-1'), until: 1.8e12 }),
    endpoints: [{ protocol: 'quic', provider: 'quinn', host: '127.0.0.1', port: 4433, identity: hash }],
  }),
);

const invitationList = JSON.parse(
  Buffer.from(invitation.slice(invitation.indexOf('=') + 1, invitation.lastIndexOf('.')), 'base64url').toString(),
) as object;
const tensorHeaderBytes = Number(Buffer.from(tensors.buffer, tensors.byteOffset).readBigUInt64LE());
const tensorHeader = JSON.parse(Buffer.from(tensors.subarray(8, 8 + tensorHeaderBytes)).toString()) as object;

export const targets: readonly FuzzTarget[] = [
  { name: 'stream of frames', samples: [Buffer.concat(frames), ...frames], run: runStream },
  {
    name: 'frame and its link header',
    samples: frames,
    json: { values: linkHeaders, encode: (value) => framed(jsonBytes(value)) },
    run: runFrame,
  },
  {
    name: 'message header',
    samples: messages.map(jsonBytes),
    json: { values: messages, encode: jsonBytes },
    run: runMessage,
  },
  {
    name: 'safetensors',
    samples: [tensors],
    json: { values: [tensorHeader], encode: encodeTensorHeader },
    run: runSafetensors,
  },
  {
    name: 'invitation',
    samples: [Buffer.from(invitation)],
    json: { values: [invitationList], encode: encodeInvitationList },
    run: (input) => decodeInvitation(Buffer.from(input).toString('latin1')).ok,
  },
];

function jsonBytes(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value) ?? '');
}

function framed(header: Uint8Array): Uint8Array {
  return Buffer.concat([prefixOf(header.length), header]);
}

function encodeTensorHeader(value: unknown): Uint8Array {
  const header = jsonBytes(value);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, tensors.subarray(8 + tensorHeaderBytes)]);
}

function encodeInvitationList(value: unknown): Uint8Array {
  const text = Buffer.from(jsonBytes(value)).toString('base64url');
  return Buffer.from(
    `${invitation.slice(0, invitation.indexOf('=') + 1)}${text}.${crc32(text).toString(36).padStart(7, '0')}`,
  );
}

/** Whole and in random pieces: the same frames, the same error, never more held than one frame. */
function runStream(input: Uint8Array, random: Random): boolean {
  const whole = new FrameDecoder().push(input);
  const decoder = new FrameDecoder();
  const frames: Parts[] = [];
  let error = null;
  for (let at = 0; at < input.length && error === null;) {
    const end = Math.min(input.length, at + 1 + random.int(64));
    const decoded = decoder.push(input.subarray(at, end));
    frames.push(...decoded.frames);
    error = decoded.error;
    at = end;
    if (decoder.pendingBytes > limits.frameBytesMax) throw new Error(`holds ${decoder.pendingBytes} bytes`);
  }
  if (frames.length !== whole.frames.length)
    throw new Error(`${frames.length} frames in pieces, ${whole.frames.length} at once`);
  for (const [i, frame] of frames.entries())
    if (Buffer.compare(joined(frame), joined(whole.frames[i] ?? [])) !== 0)
      throw new Error(`frame ${i} depends on the split`);
  if (error?.code !== whole.error?.code) throw new Error(`${error?.code} in pieces, ${whole.error?.code} at once`);
  for (const frame of frames) runFrame(joined(frame));
  return whole.error === null;
}

function runFrame(input: Uint8Array): boolean {
  const frame = decodeFrame([input]);
  if (!frame.ok) return false;
  const link = decodeLinkFrame(frame.value.header);
  if (link.ok && link.value?.t === 'message') decodeMessageHeader(link.value.header);
  return link.ok;
}

function runMessage(input: Uint8Array): boolean {
  const frame = decodeFrame([framed(input)]);
  if (!frame.ok) return false;
  const decoded = decodeMessageHeader(frame.value.header);
  if (decoded.ok && !decodeMessageHeader(encodeMessageHeader(decoded.value)).ok)
    throw new Error('what was decoded does not encode to something that decodes');
  return decoded.ok;
}

function prefixOf(headerBytes: number): Uint8Array {
  const prefix = Buffer.alloc(12);
  prefix.set([0x52, 0x53, 1, 0]);
  prefix.writeUInt32LE(headerBytes, 4);
  return prefix;
}

function runSafetensors(input: Uint8Array): boolean {
  const decoded = decodeSafetensors(input);
  if (!decoded.ok) return false;
  const bytes = decoded.value.reduce((sum, { data }) => sum + data.byteLength, 0);
  if (bytes > input.byteLength) throw new Error(`${bytes} bytes of tensors from ${input.byteLength}`);
  firstNotFinite(decoded.value);
  return true;
}
