import { assert } from '#shared/base/assert.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import { limits } from '#shared/contract/limits.ts';
import type { ParameterLayout } from '#shared/tensor/parameter-set.ts';
import { dtypes, elementBytes, elementCount, type DType, type Tensor, type TensorData } from '#shared/tensor/tensor.ts';
import { checkJsonDepth } from '#engine/framing/json-depth.ts';

/**
 * safetensors, as specified at https://github.com/huggingface/safetensors#format: u64 little-endian length of the
 * header, JSON header, elements. Numbers only, nothing is executed.
 */
const lengthBytes = 8;
/** A header names each tensor in about 100 bytes; the format itself allows 100 MB. */
export const headerBytesMax = limits.tensorsMax * 512;
/** Name, shape list and offsets list inside the one object. */
const headerDepthMax = 3;
const metadataKey = '__metadata__';
const nameCharsMax = 256;

interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

type HeaderEntry = { dtype: DType; shape: readonly number[]; data_offsets: [number, number] };

/**
 * One allocation, one copy of the elements. The tensors lie in the order given. Elements are little-endian, as our CPUs are.
 * @param metadata strings by name, for files; what travels has none, so that equal models have equal hashes
 */
export function encodeSafetensors(tensors: readonly Tensor[], metadata?: Readonly<Record<string, string>>): Uint8Array {
  for (const { name, dtype, shape, data } of tensors)
    assert(
      data.byteLength === elementCount(shape) * elementBytes(dtype),
      `tensor ${name}: ${data.length} elements for [${shape.join(', ')}]`,
    );
  const { json, jsonBytes, headerBytes, dataBytes } = plan(tensors, metadata);
  const bytes = new Uint8Array(lengthBytes + headerBytes + dataBytes);
  const view = Buffer.from(bytes.buffer);
  view.writeBigUInt64LE(BigInt(headerBytes), 0);
  view.write(json, lengthBytes, 'utf8');
  view.fill(0x20, lengthBytes + jsonBytes, lengthBytes + headerBytes);
  let at = lengthBytes + headerBytes;
  for (const { data } of tensors) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/** Length in bytes of what `encodeSafetensors` makes of float32 tensors of that layout, without any of them. */
export function safetensorsBytes(layout: ParameterLayout): number {
  const { headerBytes, dataBytes } = plan(layout.map((one) => ({ ...one, dtype: 'F32' as const })));
  return lengthBytes + headerBytes + dataBytes;
}

interface Planned {
  readonly json: string;
  readonly jsonBytes: number;
  /** With the spaces after it that put the elements on a multiple of 8, so that a reader can view them where they lie. */
  readonly headerBytes: number;
  readonly dataBytes: number;
}

function plan(
  tensors: readonly Pick<Tensor, 'name' | 'dtype' | 'shape'>[],
  metadata?: Readonly<Record<string, string>>,
): Planned {
  const header: Record<string, HeaderEntry | Readonly<Record<string, string>>> =
    metadata === undefined ? {} : { [metadataKey]: metadata };
  let offset = 0;
  for (const { name, dtype, shape } of tensors) {
    assert(!Object.hasOwn(header, name) && name !== metadataKey, `tensor name taken: ${name}`);
    const end = offset + elementCount(shape) * elementBytes(dtype);
    header[name] = { dtype, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = JSON.stringify(header);
  const jsonBytes = Buffer.byteLength(json);
  return { json, jsonBytes, headerBytes: Math.ceil(jsonBytes / 8) * 8, dataBytes: offset };
}

/**
 * Checks and reads a payload from outside. Names, counts, ranks, dtypes, sizes and offsets are checked before any element
 * is touched; elements are views into `bytes` where alignment allows, else copies. Finiteness is `firstNotFinite`.
 */
export function decodeSafetensors(bytes: Uint8Array): Result<readonly Tensor[], RoundscopeError> {
  const header = readHeader(bytes);
  if (!header.ok) return header;
  const { json, dataStart } = header.value;
  const dataBytes = bytes.byteLength - dataStart;
  const entries: Entry[] = [];
  for (const [name, description] of Object.entries(json)) {
    if (name === metadataKey) continue;
    if (entries.length === limits.tensorsMax) return err(malformed(`more than ${limits.tensorsMax} tensors`));
    const entry = readEntry(name, description, dataBytes);
    if (!entry.ok) return entry;
    entries.push(entry.value);
  }
  const gap = findGap(entries, dataBytes);
  if (gap !== null) return err(malformed(gap));
  return ok(entries.map((entry) => readTensor(entry, bytes, dataStart)));
}

/** What the file says of itself, checked as the rest of its header: strings by name, none where it says nothing. */
export function readMetadata(bytes: Uint8Array): Result<Readonly<Record<string, string>>, RoundscopeError> {
  const header = readHeader(bytes);
  if (!header.ok) return header;
  const metadata: unknown = Object.hasOwn(header.value.json, metadataKey) ? header.value.json[metadataKey] : {};
  if (metadata === null || typeof metadata !== 'object' || Array.isArray(metadata))
    return err(malformed('the metadata is not an object'));
  return Object.values(metadata).every((value) => typeof value === 'string')
    ? ok(metadata as Readonly<Record<string, string>>)
    : err(malformed('the metadata holds more than strings'));
}

function readHeader(bytes: Uint8Array): Result<{ json: Record<string, unknown>; dataStart: number }, RoundscopeError> {
  if (bytes.byteLength < lengthBytes + 2)
    return err(malformed(`${bytes.byteLength} bytes are too few for safetensors`));
  const claimed = Buffer.from(bytes.buffer, bytes.byteOffset, lengthBytes).readBigUInt64LE();
  if (claimed > BigInt(headerBytesMax))
    return err(malformed(`header of ${claimed} bytes exceeds the limit of ${headerBytesMax}`));
  const headerBytes = Number(claimed);
  const dataStart = lengthBytes + headerBytes;
  if (dataStart > bytes.byteLength)
    return err(malformed(`header of ${headerBytes} bytes does not fit into ${bytes.byteLength}`));
  const raw = bytes.subarray(lengthBytes, dataStart);
  if (!checkJsonDepth(raw, headerDepthMax)) return err(malformed(`header is nested deeper than ${headerDepthMax}`));
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw);
    json = JSON.parse(text);
  } catch (error) {
    return err(malformed('header is not JSON in UTF-8', error));
  }
  if (json === null || typeof json !== 'object' || Array.isArray(json))
    return err(malformed('header is not a JSON object'));
  // JSON.parse keeps the last of two equal keys in silence, so the objects in the text are counted against what it kept.
  const kept = Object.values(json).filter(
    (value) => value !== null && typeof value === 'object' && !Array.isArray(value),
  ).length;
  if (countInnerObjects(raw) !== kept)
    return err(malformed('a tensor name occurs twice, or the header holds more than tensors'));
  return ok({ json: json as Record<string, unknown>, dataStart });
}

/** Objects that begin inside the outermost one, strings left out. */
function countInnerObjects(bytes: Uint8Array): number {
  let count = -1;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === 0x5c && inString) i++;
    else if (byte === 0x22) inString = !inString;
    else if (byte === 0x7b && !inString) count++;
  }
  return count;
}

function readEntry(name: string, description: unknown, dataBytes: number): Result<Entry, RoundscopeError> {
  const shown = JSON.stringify(name.slice(0, 60));
  if (name.length === 0 || name.length > nameCharsMax)
    return err(malformed(`tensor name of ${name.length} characters`));
  if (description === null || typeof description !== 'object')
    return err(malformed(`tensor ${shown} is not described by an object`));
  const { dtype, shape, data_offsets: offsets } = description as Record<string, unknown>;
  if (!isDType(dtype))
    return err(malformed(`tensor ${shown} has the unknown type ${JSON.stringify(dtype)?.slice(0, 40)}`));
  if (!isSizes(shape) || shape.length > limits.tensorRankMax) {
    return err(malformed(`tensor ${shown}: shape is not a list of at most ${limits.tensorRankMax} sizes`));
  }
  if (!isSizes(offsets) || offsets.length !== 2)
    return err(malformed(`tensor ${shown}: data_offsets are not two sizes`));
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > dataBytes)
    return err(malformed(`tensor ${shown}: offsets ${begin} to ${end} do not lie in ${dataBytes} bytes`));
  if (elementCount(shape) * elementBytes(dtype) !== end - begin) {
    return err(malformed(`tensor ${shown}: ${end - begin} bytes for ${dtype} [${shape.join(', ')}]`));
  }
  return ok({ name, dtype, shape, begin, end });
}

function isDType(value: unknown): value is DType {
  return typeof value === 'string' && (dtypes as readonly string[]).includes(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
}

/** The tensors must cover the data once, without holes: what nobody reads could hide anything. */
function findGap(entries: readonly Entry[], dataBytes: number): string | null {
  const sorted = entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { name, begin, end } of sorted) {
    if (begin !== covered)
      return `${begin > covered ? 'hole' : 'overlap'} before tensor ${JSON.stringify(name.slice(0, 60))}`;
    covered = end;
  }
  return covered === dataBytes ? null : `${dataBytes - covered} bytes belong to no tensor`;
}

function readTensor({ name, dtype, shape, begin, end }: Entry, bytes: Uint8Array, dataStart: number): Tensor {
  const from = bytes.byteOffset + dataStart + begin;
  const aligned = from % elementBytes(dtype) === 0;
  const buffer = aligned ? bytes.buffer : bytes.slice(dataStart + begin, dataStart + end).buffer;
  const length = (end - begin) / elementBytes(dtype);
  return { name, dtype, shape, data: viewAs(dtype, buffer as ArrayBuffer, { offset: aligned ? from : 0, length }) };
}

function viewAs(dtype: DType, buffer: ArrayBuffer, { offset, length }: { offset: number; length: number }): TensorData {
  switch (dtype) {
    case 'F64':
      return new Float64Array(buffer, offset, length);
    case 'F32':
      return new Float32Array(buffer, offset, length);
    case 'F16':
    case 'BF16':
    case 'U16':
      return new Uint16Array(buffer, offset, length);
    case 'I64':
      return new BigInt64Array(buffer, offset, length);
    case 'U64':
      return new BigUint64Array(buffer, offset, length);
    case 'I32':
      return new Int32Array(buffer, offset, length);
    case 'U32':
      return new Uint32Array(buffer, offset, length);
    case 'I16':
      return new Int16Array(buffer, offset, length);
    case 'I8':
      return new Int8Array(buffer, offset, length);
    case 'U8':
    case 'BOOL':
      return new Uint8Array(buffer, offset, length);
  }
}

/** First tensor with an element that is NaN or infinite, and where; null when there is none. Integers are always finite. */
export function firstNotFinite(
  tensors: readonly Tensor[],
): { readonly tensor: string; readonly index: number; readonly value: number } | null {
  for (const { name, dtype, data } of tensors) {
    const index = indexNotFinite(dtype, data);
    if (index >= 0)
      return { tensor: name, index, value: dtype === 'F32' || dtype === 'F64' ? Number(data[index]) : Number.NaN };
  }
  return null;
}

function indexNotFinite(dtype: DType, data: TensorData): number {
  if (data instanceof Float32Array || data instanceof Float64Array) {
    for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return i;
    return -1;
  }
  // Half-precision types keep raw bits: all exponent bits set means infinite or NaN.
  const exponent = dtype === 'F16' ? 0x7c00 : dtype === 'BF16' ? 0x7f80 : 0;
  if (exponent === 0) return -1;
  for (let i = 0; i < data.length; i++) if ((Number(data[i]) & exponent) === exponent) return i;
  return -1;
}

function malformed(message: string, cause?: unknown): RoundscopeError {
  return new RoundscopeError('payload_malformed', {
    layer: 'codec',
    message: `safetensors: ${message}`,
    ...(cause === undefined ? {} : { cause }),
  });
}
