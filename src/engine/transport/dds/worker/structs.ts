import type { Cyclone } from './cyclone.ts';
import { announceType, sampleType } from './type-descriptors.ts';
import type { Announcement, SampleBody } from './worker-protocol.ts';

/** A struct in memory with what it points at; all of it must live as long as the call that reads it. */
interface InMemory {
  readonly struct: Buffer;
  readonly held: readonly Uint8Array[];
}

export interface SampleOrigin {
  readonly participant: string;
  readonly run: string;
  readonly session: string;
}

/** A topic description as C has it; `held` must live as long as the process. */
export function descriptorOf(cyclone: Cyclone, type: typeof announceType | typeof sampleType): InMemory {
  const ops = Buffer.from(new Uint32Array(type.ops).buffer);
  const name = text(type.name);
  const meta = text('');
  const keys = Buffer.alloc(16 * type.keys.length);
  const keyNames = type.keys.map((key, i) => {
    const keyName = text(key.name);
    keys.writeBigUInt64LE(cyclone.addressOf(keyName), 16 * i);
    keys.writeUInt32LE(key.offset, 16 * i + 8);
    keys.writeUInt32LE(key.index, 16 * i + 12);
    return keyName;
  });
  // dds_topic_descriptor_t of Cyclone 0.10; without type information, which other vendors do without as well.
  const struct = Buffer.alloc(96);
  struct.writeUInt32LE(type.sizeBytes, 0);
  struct.writeUInt32LE(type.alignBytes, 4);
  struct.writeUInt32LE(type.flags, 8);
  struct.writeUInt32LE(type.keys.length, 12);
  struct.writeBigUInt64LE(cyclone.addressOf(name), 16);
  struct.writeBigUInt64LE(cyclone.addressOf(keys), 24);
  struct.writeUInt32LE(type.opCount, 32);
  struct.writeBigUInt64LE(cyclone.addressOf(ops), 40);
  struct.writeBigUInt64LE(cyclone.addressOf(meta), 48);
  return { struct, held: [ops, name, meta, keys, ...keyNames] };
}

export function encodeAnnouncement(cyclone: Cyclone, announcement: Announcement): InMemory {
  const { offsets } = announceType;
  const struct = Buffer.alloc(announceType.sizeBytes);
  const held: Buffer[] = [];
  for (const name of ['participant', 'session', 'run', 'kind', 'agreement', 'proof', 'reason'] as const) {
    held.push(pointTo(cyclone, struct, offsets[name], announcement[name]));
  }
  struct.writeUInt32LE(announcement.version, offsets.version);
  return { struct, held };
}

export function decodeAnnouncement(cyclone: Cyclone, address: bigint): Announcement {
  const { offsets } = announceType;
  const struct = Buffer.alloc(announceType.sizeBytes);
  cyclone.copy(struct, address, struct.length);
  const at = (name: Exclude<keyof typeof offsets, 'version' | 'end'>): string =>
    cyclone.textAt(address + BigInt(offsets[name]));
  return {
    participant: at('participant'),
    session: at('session'),
    run: at('run'),
    kind: at('kind'),
    version: struct.readUInt32LE(offsets.version),
    agreement: at('agreement'),
    proof: at('proof'),
    reason: at('reason'),
  };
}

export function encodeSample(cyclone: Cyclone, from: SampleOrigin, sample: SampleBody, tag: Uint8Array): InMemory {
  const { offsets } = sampleType;
  const struct = Buffer.alloc(sampleType.sizeBytes);
  const held: Uint8Array[] = [];
  for (const name of ['participant', 'run', 'session'] as const) {
    held.push(pointTo(cyclone, struct, offsets[name], from[name]));
  }
  held.push(pointTo(cyclone, struct, offsets.lane, sample.lane), tag, sample.bytes);
  struct.writeUInt32LE(sample.laneNumber, offsets.laneNumber);
  struct.writeUInt32LE(sample.number, offsets.number);
  struct.writeUInt32LE(sample.flags, offsets.flags);
  struct.writeUInt32LE(sample.frameBytes, offsets.frameBytes);
  putSequence(cyclone, struct, offsets.tag, tag);
  putSequence(cyclone, struct, offsets.bytes, sample.bytes);
  return { struct, held };
}

/** Copies everything out: what Cyclone lends must be given back, and Electron allows no memory that is not its own. */
export function decodeSample(
  cyclone: Cyclone,
  address: bigint,
): { readonly sample: SampleBody; readonly tag: Uint8Array } {
  const { offsets } = sampleType;
  const struct = Buffer.alloc(sampleType.sizeBytes);
  cyclone.copy(struct, address, struct.length);
  const sample = {
    lane: cyclone.textAt(address + BigInt(offsets.lane)),
    laneNumber: struct.readUInt32LE(offsets.laneNumber),
    number: struct.readUInt32LE(offsets.number),
    flags: struct.readUInt32LE(offsets.flags),
    frameBytes: struct.readUInt32LE(offsets.frameBytes),
    bytes: takeSequence(cyclone, struct, offsets.bytes),
  };
  return { sample, tag: takeSequence(cyclone, struct, offsets.tag) };
}

function text(value: string): Buffer {
  return Buffer.from(`${value.replaceAll('\0', '')}\0`, 'utf8');
}

function pointTo(cyclone: Cyclone, struct: Buffer, at: number, value: string): Buffer {
  const bytes = text(value);
  struct.writeBigUInt64LE(cyclone.addressOf(bytes), at);
  return bytes;
}

/** dds_sequence_t: maximum, length, buffer, whether to free it. */
function putSequence(cyclone: Cyclone, struct: Buffer, at: number, bytes: Uint8Array): void {
  struct.writeUInt32LE(bytes.byteLength, at);
  struct.writeUInt32LE(bytes.byteLength, at + 4);
  if (bytes.byteLength > 0) struct.writeBigUInt64LE(cyclone.addressOf(bytes), at + 8);
}

function takeSequence(cyclone: Cyclone, struct: Buffer, at: number): Uint8Array {
  const length = struct.readUInt32LE(at + 4);
  const bytes = Buffer.allocUnsafeSlow(length);
  cyclone.copy(bytes, struct.readBigUInt64LE(at + 8), length);
  return bytes;
}
