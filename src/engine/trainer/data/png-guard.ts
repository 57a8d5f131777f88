import { inflateSync } from 'node:zlib';
import { err, ok, type Result } from '#shared/base/result.ts';

const signatureBytes = 8;
/** What pixels need; text, colour profiles and times are left out, since a packed profile can be a bomb too. */
const wantedChunks = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']);
/** Channels of each colour type (PNG specification, table 11.1). */
const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/**
 * Makes a PNG safe for a decoder that unpacks whatever it is given: only the chunks that pixels need, and only if they
 * unpack to as many bytes as the header announces. (A file of 32 MB could otherwise unpack to 33 GB.)
 */
export function guardPng(bytes: Uint8Array): Result<Uint8Array, string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept: Uint8Array[] = [bytes.subarray(0, signatureBytes)];
  const packed: Uint8Array[] = [];
  let offset = signatureBytes;
  let type = '';
  while (type !== 'IEND') {
    if (offset + 12 > bytes.length) return err('ends too early');
    const length = view.getUint32(offset);
    type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
    const end = offset + 12 + length;
    if (end > bytes.length) return err('ends too early');
    if (wantedChunks.has(type)) kept.push(bytes.subarray(offset, end));
    if (type === 'IDAT') packed.push(bytes.subarray(offset + 8, end - 4));
    offset = end;
  }
  const expected = pixelBytes(view);
  if (expected === undefined) return err('is damaged (colour type or depth)');
  try {
    // Interlaced images have up to seven passes, each with a filter byte a row: less than twice the plain size.
    const unpacked = inflateSync(Buffer.concat(packed), { maxOutputLength: 2 * expected + 1024 });
    if (unpacked.length < expected) return err('ends too early');
  } catch (error) {
    return err(`is damaged (${error instanceof Error ? error.message : String(error)})`);
  }
  return ok(Buffer.concat(kept));
}

/** Rows with their filter bytes, before packing; interlaced images have a little more. */
function pixelBytes(view: DataView): number | undefined {
  const channels = channelsOf[view.getUint8(25)];
  const depth = view.getUint8(24);
  if (channels === undefined || ![1, 2, 4, 8, 16].includes(depth)) return undefined;
  const rowBytes = Math.ceil((view.getUint32(16) * channels * depth) / 8);
  return view.getUint32(20) * (rowBytes + (view.getUint8(28) === 0 ? 1 : 0));
}
