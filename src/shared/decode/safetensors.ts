import { formatBytes } from '../base/bytes.ts';
import { dtypes, elementBytes, elementCount, type DType } from '../tensor/tensor.ts';
import { DecodeError, OutOfBytes, type ByteReader } from './byte-reader.ts';
import { foldElements, nameCharsMax, shapeOf, shown, tensorsMax, type TensorRow } from './tensor-table.ts';

/** About 500 bytes for each tensor; the format itself allows 100 MB. */
const headerBytesMax = 8 * 1024 * 1024;

export interface TensorTable {
  readonly tensors: readonly TensorRow[];
  /** What the body says of itself beside its tensors. */
  readonly metadata: Readonly<Record<string, string>>;
}

interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: number;
}

/** Whether a body can be safetensors: a length that fits, then a JSON object. */
export function looksLikeSafetensors(start: Uint8Array): boolean {
  return (
    start.length >= 10 && start[8] === 0x7b && start[4] === 0 && start[5] === 0 && start[6] === 0 && start[7] === 0
  );
}

/**
 * Reads the table of a safetensors body as its bytes come. Offsets must lie in the body, in order and without overlap.
 * @param bodyBytes of the whole body, of which less may be there
 * @throws DecodeError
 */
export async function readSafetensors(reader: ByteReader, bodyBytes: number): Promise<TensorTable> {
  const length = viewOf(await reader.take(8)).getBigUint64(0, true);
  if (length > BigInt(headerBytesMax))
    throw new DecodeError(`Its header claims ${length} bytes; more than ${headerBytesMax} are not read.`);
  const headerBytes = Number(length);
  if (8 + headerBytes > bodyBytes)
    throw new DecodeError(`Its header claims ${headerBytes} bytes, and the whole body has ${bodyBytes}.`);
  const { entries, metadata } = entriesOf(await headerOf(reader, headerBytes));
  const claimed = entries.reduce((most, { to }) => Math.max(most, to), 0);
  if (8 + headerBytes + claimed > bodyBytes)
    throw new DecodeError(
      `It claims ${formatBytes(claimed)} of tensors, and the whole body has ${formatBytes(bodyBytes)}.`,
    );
  const tensors: TensorRow[] = [];
  let at = 0;
  let whole = true;
  for (const { name, dtype, shape, from, to } of entries) {
    if (from < at) throw new DecodeError(`Tensor ${shown(name)} lies over the one before it.`);
    whole &&= await passed(reader, from - at);
    const known = dtypes.find((one) => one === dtype);
    const stats = whole && known !== undefined ? await foldElements(reader, { dtype: known, shape }) : null;
    if (whole && known === undefined) whole = await passed(reader, to - from);
    if (known !== undefined && stats === null) whole = false;
    at = to;
    tensors.push({ name, dtype, shape, stats });
  }
  return { tensors, metadata };
}

async function headerOf(reader: ByteReader, bytes: number): Promise<unknown> {
  let raw: Uint8Array;
  try {
    raw = await reader.take(bytes);
  } catch (error) {
    if (error instanceof OutOfBytes) throw new DecodeError('Its header is longer than what was kept of the body.');
    throw error;
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw));
  } catch {
    // Not UTF-8, not JSON, or nested deeper than the stack.
    throw new DecodeError('Its header is no JSON.');
  }
}

function entriesOf(header: unknown): {
  readonly entries: readonly Entry[];
  readonly metadata: Readonly<Record<string, string>>;
} {
  if (header === null || typeof header !== 'object' || Array.isArray(header))
    throw new DecodeError('Its header is no object.');
  const entries: Entry[] = [];
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') {
      for (const [key, text] of Object.entries((value ?? {}) as object).slice(0, tensorsMax))
        if (typeof text === 'string') Object.defineProperty(metadata, key, { value: text, enumerable: true });
      continue;
    }
    if (entries.length >= tensorsMax) throw new DecodeError(`It lists more than ${tensorsMax} tensors.`);
    entries.push(entryOf(name, value));
  }
  return { entries: entries.toSorted((a, b) => a.from - b.from || a.to - b.to), metadata };
}

function entryOf(name: string, value: unknown): Entry {
  if (name.length > nameCharsMax) throw new DecodeError(`The name of a tensor has ${name.length} characters.`);
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const [from, to] = Array.isArray(offsets) ? (offsets as readonly unknown[]) : [];
  if (typeof dtype !== 'string' || dtype.length > 40) throw new DecodeError(`Tensor ${shown(name)} has no type.`);
  if (!isOffset(from) || !isOffset(to) || to < from) throw new DecodeError(`The offsets of ${shown(name)} are none.`);
  const sides = shapeOf(shape, name);
  const known = dtypes.find((one): one is DType => one === dtype);
  const bytes = known === undefined ? to - from : elementCount(sides) * elementBytes(known);
  if (bytes !== to - from)
    throw new DecodeError(
      `Tensor ${shown(name)} has ${to - from} bytes for ${dtype} [${sides.join(', ')}], which takes ${bytes}.`,
    );
  return { name, dtype, shape: sides, from, to };
}

function isOffset(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Passes over bytes; false: they are not all there. */
async function passed(reader: ByteReader, bytes: number): Promise<boolean> {
  try {
    await reader.skip(bytes);
    return true;
  } catch (error) {
    if (error instanceof OutOfBytes) return false;
    throw error;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
