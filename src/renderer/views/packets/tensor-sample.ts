import type { PacketDetail } from '#shared/contract/packet.ts';
import { summarizeTensor } from '#shared/tensor/summarize-tensor.ts';
import type { TensorSummary } from '#shared/tensor/summarize-tensor.ts';
import { dtypes, elementBytes, elementCount } from '#shared/tensor/tensor.ts';
import type { DType, TensorData } from '#shared/tensor/tensor.ts';

/** A tensor that a body's header lists; `summary` null: its bytes are not all in the kept sample. */
export interface SampledTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly summary: TensorSummary | null;
}

export interface TensorSample {
  readonly tensors: readonly SampledTensor[];
  /** Tensors that the header lists beyond those shown. */
  readonly notShown: number;
}

const tensorsShownMax = 200;

/**
 * Reads a safetensors header out of the first bytes of a body: 8 bytes of length, JSON, then the data.
 * @returns null when the body is not safetensors, or its header is longer than the sample
 */
export function readTensorSample(sample: Uint8Array): TensorSample | null {
  if (sample.length < 10) return null;
  const view = new DataView(sample.buffer, sample.byteOffset, sample.byteLength);
  const length = view.getBigUint64(0, true);
  if (length < 2n || length > BigInt(sample.length - 8)) return null;
  const dataFrom = 8 + Number(length);
  const entries = readEntries(sample.subarray(8, dataFrom));
  if (entries === null) return null;
  const tensors = entries
    .slice(0, tensorsShownMax)
    .map((entry) => ({ ...entry, summary: summaryOf(entry, sample, dataFrom) }));
  return { tensors, notShown: entries.length - tensors.length };
}

/** Whether a packet's body begins with a safetensors header: only the first frame of a transfer has it. */
export function mayHoldTensors(packet: PacketDetail): boolean {
  return packet.bodySample !== undefined && packet.bodySample[8] === 0x7b;
}

interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: number;
}

function readEntries(json: Uint8Array): readonly Entry[] | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch {
    // Not JSON, so not safetensors: the hex view shows what it is.
    return null;
  }
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) return null;
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(parsed as Record<string, unknown>)) {
    if (name === '__metadata__') continue;
    const entry = value as {
      readonly dtype?: unknown;
      readonly shape?: unknown;
      readonly data_offsets?: unknown;
    } | null;
    const { dtype, shape, data_offsets: offsets } = entry ?? {};
    if (typeof dtype !== 'string' || !isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) return null;
    entries.push({ name, dtype, shape, from: offsets[0] as number, to: offsets[1] as number });
  }
  return entries.toSorted((a, b) => a.from - b.from);
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0);
}

function summaryOf(entry: Entry, sample: Uint8Array, dataFrom: number): TensorSummary | null {
  const dtype = dtypes.find((known) => known === entry.dtype);
  if (dtype === undefined || dataFrom + entry.to > sample.length) return null;
  if (entry.to - entry.from !== elementCount(entry.shape) * elementBytes(dtype)) return null;
  // A copy, because typed arrays must begin at a multiple of their element.
  const bytes = sample.slice(dataFrom + entry.from, dataFrom + entry.to);
  return summarizeTensor({ name: entry.name, dtype, shape: entry.shape, data: dataOf(dtype, bytes) });
}

function dataOf(dtype: DType, bytes: Uint8Array): TensorData {
  const buffer = bytes.buffer as ArrayBuffer;
  switch (dtype) {
    case 'F64':
      return new Float64Array(buffer);
    case 'F32':
      return new Float32Array(buffer);
    case 'F16':
    case 'BF16':
    case 'U16':
      return new Uint16Array(buffer);
    case 'I64':
      return new BigInt64Array(buffer);
    case 'U64':
      return new BigUint64Array(buffer);
    case 'I32':
      return new Int32Array(buffer);
    case 'U32':
      return new Uint32Array(buffer);
    case 'I16':
      return new Int16Array(buffer);
    case 'I8':
      return new Int8Array(buffer);
    case 'U8':
    case 'BOOL':
      return bytes;
  }
}
