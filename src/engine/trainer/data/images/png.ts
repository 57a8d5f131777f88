import { crc32, inflateSync } from 'node:zlib';
import { err, ok, type Result } from '#shared/base/result.ts';
import type { RawImage } from './resize.ts';

const signatureBytes = 8;
/** Channels of each color type (PNG specification, table 11.1). */
const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** Depths that each color type may have. */
const depthsOf: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};
/** Passes of an interlaced image: first column and row, steps between them (section 8.2). */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;
const onePass = [[0, 0, 1, 1]] as const;

export interface PngImage extends RawImage {
  /** Bits a channel in the file; `data` has eight. */
  readonly depth: number;
}

interface Parts {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colorType: number;
  readonly interlaced: boolean;
  readonly palette: Uint8Array;
  readonly transparency: Uint8Array | null;
  readonly packed: Uint8Array;
}

/**
 * Unpacks a PNG (W3C recommendation, third edition) to uint8: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. Palettes are
 * looked up, a transparent color becomes alpha, 16 bits become the upper 8, fewer are spread over 0 to 255. Only what pixels
 * need is looked at, and it may unpack to no more than the header announces. (A file of 32 MB could otherwise unpack to
 * 33 GB, a packed color profile of a few kB too.)
 * @param bytes its width times height has been checked
 */
export function decodePng(bytes: Uint8Array): Result<PngImage, string> {
  const read = readChunks(bytes);
  if (!read.ok) return read;
  const parts = read.value;
  const { width, height, depth, colorType } = parts;
  const bitsPerPixel = (channelsOf[colorType] as number) * depth;
  const passes = parts.interlaced ? adam7 : onePass;
  const sizes = passes.map(([x, y, dx, dy]) => ({
    columns: Math.max(0, Math.ceil((width - x) / dx)),
    rows: Math.max(0, Math.ceil((height - y) / dy)),
  }));
  const bytesOf = ({ columns, rows }: { columns: number; rows: number }): number =>
    columns === 0 ? 0 : rows * (1 + Math.ceil((columns * bitsPerPixel) / 8));
  const expected = sizes.reduce((sum, size) => sum + bytesOf(size), 0);
  const unpacked = unpack(parts.packed, expected);
  if (!unpacked.ok) return unpacked;
  const writer = pixelWriter(parts);
  let offset = 0;
  for (const [i, [x0, y0, dx, dy]] of passes.entries()) {
    const { columns, rows } = sizes[i] as { columns: number; rows: number };
    if (columns === 0 || rows === 0) continue;
    const rowBytes = Math.ceil((columns * bitsPerPixel) / 8);
    let above: Uint8Array = new Uint8Array(rowBytes);
    for (let row = 0; row < rows; row++) {
      const filter = unpacked.value[offset] as number;
      const line = unpacked.value.subarray(offset + 1, offset + 1 + rowBytes);
      if (!unfilter(line, above, filter, Math.max(1, bitsPerPixel >> 3))) return err('is damaged (unknown filter)');
      for (let column = 0; column < columns; column++)
        if (!writer.write(line, column, (y0 + row * dy) * width + x0 + column * dx))
          return err('is damaged (a color that its palette has not)');
      above = line;
      offset += 1 + rowBytes;
    }
  }
  return ok({ width, height, depth, channels: writer.channels, data: writer.data });
}

function unpack(packed: Uint8Array, expected: number): Result<Uint8Array, string> {
  try {
    // A little more than pixels need is no fault, much more is a bomb.
    const unpacked = inflateSync(packed, { maxOutputLength: expected + 1024 });
    return unpacked.length < expected ? err('ends too early') : ok(unpacked);
  } catch (error) {
    return err(`is damaged (${error instanceof Error ? error.message : String(error)})`);
  }
}

function readChunks(bytes: Uint8Array): Result<Parts, string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const packed: Uint8Array[] = [];
  let palette = new Uint8Array(0);
  let transparency: Uint8Array | null = null;
  let type = '';
  for (let offset = signatureBytes; type !== 'IEND';) {
    if (offset + 12 > bytes.length) return err('ends too early');
    const length = view.getUint32(offset);
    const end = offset + 12 + length;
    if (end > bytes.length) return err('ends too early');
    type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
    const wanted = type === 'IHDR' || type === 'PLTE' || type === 'tRNS' || type === 'IDAT';
    if (wanted && crc32(bytes.subarray(offset + 4, end - 4)) !== view.getUint32(end - 4))
      return err(`is damaged (the checksum of ${type} is wrong)`);
    const data = bytes.subarray(offset + 8, end - 4);
    if (type === 'IDAT') packed.push(data);
    if (type === 'PLTE') palette = Uint8Array.from(data);
    if (type === 'tRNS') transparency = Uint8Array.from(data);
    offset = end;
  }
  const [depth, colorType] = [view.getUint8(24), view.getUint8(25)];
  if (depthsOf[colorType]?.includes(depth) !== true) return err('is damaged (color type or depth)');
  const interlace = view.getUint8(28);
  if (interlace > 1) return err('is damaged (interlace)');
  return ok({
    width: view.getUint32(16),
    height: view.getUint32(20),
    depth,
    colorType,
    interlaced: interlace === 1,
    palette,
    transparency,
    packed: Buffer.concat(packed),
  });
}

/** Undoes the filter of one scan line in place (section 9); false: there is no such filter. */
function unfilter(line: Uint8Array, above: Uint8Array, filter: number, pixelBytes: number): boolean {
  if (filter === 0) return true;
  if (filter > 4) return false;
  for (let i = 0; i < line.length; i++) {
    const left = i < pixelBytes ? 0 : (line[i - pixelBytes] as number);
    const up = above[i] as number;
    const corner = i < pixelBytes ? 0 : (above[i - pixelBytes] as number);
    const guess = filter === 1 ? left : filter === 2 ? up : filter === 3 ? (left + up) >> 1 : paeth(left, up, corner);
    line[i] = (line[i] as number) + guess;
  }
  return true;
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [toLeft, toUp, toCorner] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

interface PixelWriter {
  readonly channels: number;
  readonly data: Uint8Array;
  /** False: the pixel is none. */
  write(line: Uint8Array, column: number, pixel: number): boolean;
}

function pixelWriter({ width, height, depth, colorType, palette, transparency }: Parts): PixelWriter {
  const samples = channelsOf[colorType] as number;
  const mask = (1 << Math.min(8, depth)) - 1;
  const spread = depth < 8 ? 255 / mask : 1;
  /** A sample as it is in the file, of 1 to 16 bits. */
  const raw = (line: Uint8Array, column: number, sample: number): number => {
    const index = column * samples + sample;
    if (depth === 8) return line[index] as number;
    if (depth === 16) return ((line[2 * index] as number) << 8) | (line[2 * index + 1] as number);
    const bit = index * depth;
    return ((line[bit >> 3] as number) >> (8 - depth - (bit & 7))) & mask;
  };
  if (colorType === 3) {
    const channels = transparency === null ? 3 : 4;
    const data = new Uint8Array(width * height * channels);
    return {
      channels,
      data,
      write(line, column, pixel) {
        const index = raw(line, column, 0);
        if (3 * index + 2 >= palette.length) return false;
        for (let c = 0; c < 3; c++) data[pixel * channels + c] = palette[3 * index + c] as number;
        if (channels === 4) data[pixel * 4 + 3] = transparency?.[index] ?? 255;
        return true;
      },
    };
  }
  const key = keyOf(transparency, samples);
  const channels = key === null ? samples : samples + 1;
  const data = new Uint8Array(width * height * channels);
  return {
    channels,
    data,
    write(line, column, pixel) {
      let isKey = key !== null;
      for (let c = 0; c < samples; c++) {
        const value = raw(line, column, c);
        if (isKey && value !== key?.[c]) isKey = false;
        data[pixel * channels + c] = depth === 16 ? value >> 8 : value * spread;
      }
      if (key !== null) data[pixel * channels + samples] = isKey ? 0 : 255;
      return true;
    },
  };
}

/** The one color that is transparent, in samples as they are in the file; only grey and RGB without alpha can have one. */
function keyOf(transparency: Uint8Array | null, samples: number): number[] | null {
  if (transparency === null || (samples !== 1 && samples !== 3) || transparency.length < 2 * samples) return null;
  return Array.from(
    { length: samples },
    (_, c) => ((transparency[2 * c] as number) << 8) | (transparency[2 * c + 1] as number),
  );
}
