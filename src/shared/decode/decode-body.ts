import { formatBytes } from '../base/bytes.ts';
import { ByteReader, DecodeError, OutOfBytes, type ByteSource } from './byte-reader.ts';
import { looksLikeNpy, readNpy } from './npy.ts';
import { looksLikeZip, readNpz, type Inflate } from './npz.ts';
import { looksLikeNetwork, networkReading } from './onnx.ts';
import { looksLikePickle, readPickle } from './pickle.ts';
import { readMessage, type MessageReading, type ProtobufField } from './protobuf.ts';
import { looksLikeSafetensors, readSafetensors } from './safetensors.ts';
import { inflatedBytesMax, type TensorRow } from './tensor-table.ts';

export type Decoded =
  | {
      readonly kind: 'tensors';
      readonly format: 'safetensors' | 'npy' | 'npz' | 'pickle';
      readonly tensors: readonly TensorRow[];
      readonly metadata: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'protobuf'; readonly message: string; readonly fields: readonly ProtobufField[] }
  /** `start`: as much as is shown. */
  | { readonly kind: 'text'; readonly start: string; readonly whole: boolean }
  | { readonly kind: 'bytes'; readonly start: Uint8Array; readonly whole: boolean }
  | { readonly kind: 'compressed'; readonly method: 'gzip' | 'zstd'; readonly inner: Decoded }
  /** What it looks like, and why it is not that. */
  | { readonly kind: 'malformed'; readonly format: string; readonly message: string; readonly start: Uint8Array };

export interface DecodeOptions {
  /** Of the whole body, of which the source may have less. */
  readonly bodyBytes: number;
  readonly inflate: Inflate;
  /** Reads the body as this message, whatever it looks like. */
  readonly message?: MessageReading;
}

/** Text and JSON in memory; a body of any size beyond is only looked at. */
const textBytesMax = 1024 * 1024;
const textCharsShown = 64 * 1024;
const startBytes = 4096;

/**
 * Finds out what a body is and reads it, in pieces as they come: memory does not grow with the body. Never throws for what
 * the bytes are; what they claim and are not is `malformed`, with the reason.
 */
export async function decodeBody(source: ByteSource, options: DecodeOptions): Promise<Decoded> {
  const reader = new ByteReader(source);
  // A copy: pieces of a source may be used again.
  const start = (await reader.peek(startBytes)).slice();
  const compressed = methodOf(start);
  if (compressed !== null) return await decompressed(compressed, reader, start, options);
  const message = options.message ?? (looksLikeNetwork(start) ? networkReading() : undefined);
  const format = message === undefined ? formatOf(start) : 'protobuf';
  try {
    switch (format) {
      case 'safetensors':
        return { kind: 'tensors', format, ...(await readSafetensors(reader, options.bodyBytes)) };
      case 'npy':
        return { kind: 'tensors', format, tensors: [await readNpy(reader, 'array')], metadata: {} };
      case 'npz':
        return { kind: 'tensors', format, tensors: await readNpz(reader, options.inflate), metadata: {} };
      case 'pickle':
        return { kind: 'tensors', format, tensors: await readPickle(reader), metadata: {} };
      case 'protobuf': {
        const reading = message as MessageReading;
        return {
          kind: 'protobuf',
          message: reading.name,
          fields: readMessage(await allOf(reader, 'protobuf'), reading),
        };
      }
      case null:
        return await textOrBytes(reader, start);
    }
  } catch (error) {
    if (error instanceof OutOfBytes)
      return { kind: 'malformed', format: String(format), message: endsEarly(reader, options), start };
    if (error instanceof DecodeError)
      return { kind: 'malformed', format: String(format), message: error.message, start };
    throw error;
  }
}

function endsEarly(reader: ByteReader, { bodyBytes }: DecodeOptions): string {
  return reader.position < bodyBytes
    ? `Only the first ${formatBytes(reader.position)} of ${formatBytes(bodyBytes)} were kept, which is too little to read it.`
    : `It ends in the middle, after ${formatBytes(reader.position)}.`;
}

function formatOf(start: Uint8Array): 'safetensors' | 'npy' | 'npz' | 'pickle' | null {
  if (looksLikeNpy(start)) return 'npy';
  if (looksLikeZip(start)) return 'npz';
  if (looksLikeSafetensors(start)) return 'safetensors';
  return looksLikePickle(start) ? 'pickle' : null;
}

function methodOf(start: Uint8Array): 'gzip' | 'zstd' | null {
  if (start[0] === 0x1f && start[1] === 0x8b && start[2] === 8) return 'gzip';
  return start[0] === 0x28 && start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd ? 'zstd' : null;
}

async function decompressed(
  method: 'gzip' | 'zstd',
  reader: ByteReader,
  start: Uint8Array,
  options: DecodeOptions,
): Promise<Decoded> {
  const malformed = (message: string): Decoded => ({ kind: 'malformed', format: method, message, start });
  const source = options.inflate(method, reader.rest());
  if (source === null) return malformed(`${method} is not undone here; roundscope packets can, in the terminal.`);
  try {
    const inner = await decodeBody(bounded(source), { ...options, bodyBytes: inflatedBytesMax, inflate: () => null });
    // Compressed once more is no body that anybody sends: a bomb.
    const isBomb = inner.kind === 'malformed' && (inner.format === 'gzip' || inner.format === 'zstd');
    return isBomb
      ? malformed('It is compressed within itself, which is not followed.')
      : { kind: 'compressed', method, inner };
  } catch (error) {
    return malformed(error instanceof DecodeError ? error.message : 'It cannot be undone: it was cut, or is none.');
  }
}

async function* bounded(source: ByteSource): AsyncGenerator<Uint8Array, undefined> {
  let bytes = 0;
  for await (const piece of source) {
    bytes += piece.length;
    if (bytes > inflatedBytesMax) throw new DecodeError(`It becomes more than ${formatBytes(inflatedBytesMax)}.`);
    yield piece;
  }
}

/** @throws DecodeError when it is too much */
async function allOf(reader: ByteReader, format: string): Promise<Uint8Array> {
  const all = await reader.peek(textBytesMax + 1);
  if (all.length > textBytesMax)
    throw new DecodeError(`A body of more than ${formatBytes(textBytesMax)} is not read as ${format}.`);
  return all;
}

async function textOrBytes(reader: ByteReader, start: Uint8Array): Promise<Decoded> {
  if (textIn(start, false) === null) return { kind: 'bytes', start, whole: start.length < startBytes };
  const all = await reader.peek(textBytesMax + 1);
  const whole = all.length <= textBytesMax;
  const text = textIn(all.subarray(0, textBytesMax), whole);
  if (text === null) return { kind: 'bytes', start, whole: false };
  const json = whole && /^\s*[[{]/.test(text) ? asJson(text) : undefined;
  if (json !== undefined) return { kind: 'json', value: json };
  return { kind: 'text', start: text.slice(0, textCharsShown), whole: whole && text.length <= textCharsShown };
}

/** Null: no text. `whole`: it may not end in the middle of a letter. */
function textIn(bytes: Uint8Array, whole: boolean): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: !whole });
    // Control characters other than those of lines are no text.
    // oxlint-disable-next-line no-control-regex
    return /[\x00-\x08\x0e-\x1a\x1c-\x1f]/.test(text) ? null : text;
  } catch {
    // Not UTF-8.
    return null;
  }
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Text that begins like JSON, or is nested deeper than the stack.
    return undefined;
  }
}
