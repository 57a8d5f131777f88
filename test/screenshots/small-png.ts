import { crc32, deflateSync } from 'node:zlib';
import { decode } from 'fast-png';

/** PNG's own limit on a palette. */
const colorsMax = 256;

export interface Frame {
  /** A PNG file; all frames are of one size. */
  readonly png: Uint8Array;
  /** How long it is shown. */
  readonly ms: number;
}

/**
 * The same picture with the 256 colors that it uses most, the others replaced by the nearest: a third of the size, and
 * no eye can tell on a drawing of flat areas and text.
 */
export function smallPng(png: Uint8Array): Uint8Array {
  return movingPng([{ png, ms: 0 }]);
}

/**
 * A moving picture that is repeated without end, with the 256 colors that it uses most. Each frame holds the rectangle
 * that differs from the frame before. Source: Portable Network Graphics, third edition, 11.3.6 (acTL, fcTL, fdAT).
 */
export function movingPng(frames: readonly Frame[]): Uint8Array {
  const pictures = frames.map(({ png }) => readColors(png));
  const [first] = pictures;
  if (first === undefined) throw new RangeError('A picture has at least one frame.');
  const palette = new Palette(pictures);
  const { width, height } = first;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Eight bits, by palette.
  header.set([8, 3], 8);
  const moves = frames.length > 1;
  const chunks = [chunk('IHDR', header)];
  if (moves) chunks.push(chunk('acTL', numbers(frames.length, 0)));
  chunks.push(chunk('PLTE', palette.bytes));
  let sequence = 0;
  for (const [i, picture] of pictures.entries()) {
    const before = pictures[i - 1];
    const part = before === undefined ? { left: 0, top: 0, width, height } : changedPart(before, picture);
    if (moves) chunks.push(chunk('fcTL', frameControl(sequence++, part, frames[i]?.ms ?? 0)));
    const data = deflateSync(palette.rowsOf(picture, part), { level: 9, memLevel: 9 });
    chunks.push(i === 0 ? chunk('IDAT', data) : chunk('fdAT', Buffer.concat([numbers(sequence++), data])));
  }
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, ...chunks, chunk('IEND', Buffer.alloc(0))]);
}

interface Picture {
  readonly width: number;
  readonly height: number;
  /** 0xrrggbb a pixel, row by row. */
  readonly colors: Uint32Array;
}

interface Part {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function readColors(png: Uint8Array): Picture {
  const { width, height, channels, data } = decode(png);
  const colors = new Uint32Array(width * height);
  for (let i = 0; i < colors.length; i++) {
    const at = i * channels;
    colors[i] = ((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0);
  }
  return { width, height, colors };
}

/** The smallest rectangle outside of which nothing changed; a single pixel where nothing did. */
function changedPart(before: Picture, after: Picture): Part {
  const { width, height, colors } = after;
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (const [i, color] of colors.entries()) {
    if (color === before.colors[i]) continue;
    const x = i % width;
    const y = Math.floor(i / width);
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = y;
  }
  if (right < 0) return { left: 0, top: 0, width: 1, height: 1 };
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** The commonest colors of all frames, and the nearest of them for any other. */
class Palette {
  readonly bytes: Buffer;
  readonly #colors: readonly number[];
  readonly #indexOf: Map<number, number>;

  constructor(pictures: readonly Picture[]) {
    const counts = new Map<number, number>();
    for (const { colors } of pictures) for (const color of colors) counts.set(color, (counts.get(color) ?? 0) + 1);
    const ranked = [...counts].sort(([, a], [, b]) => b - a);
    this.#colors = ranked.slice(0, colorsMax).map(([color]) => color);
    this.#indexOf = new Map(this.#colors.map((color, index) => [color, index]));
    this.bytes = Buffer.from(this.#colors.flatMap((color) => [color >> 16, (color >> 8) & 255, color & 255]));
  }

  rowsOf({ width, colors }: Picture, part: Part): Buffer {
    // A row begins with its filter, and none is best for few colors.
    const rows = Buffer.alloc((part.width + 1) * part.height);
    for (let y = 0; y < part.height; y++) {
      for (let x = 0; x < part.width; x++) {
        const color = colors[(part.top + y) * width + part.left + x] ?? 0;
        rows[y * (part.width + 1) + 1 + x] = this.#index(color);
      }
    }
    return rows;
  }

  #index(color: number): number {
    let index = this.#indexOf.get(color);
    if (index === undefined) this.#indexOf.set(color, (index = nearest(color, this.#colors)));
    return index;
  }
}

function nearest(color: number, palette: readonly number[]): number {
  let best = 0;
  let bestDistance = Infinity;
  for (const [index, other] of palette.entries()) {
    const red = (other >> 16) - (color >> 16);
    const green = ((other >> 8) & 255) - ((color >> 8) & 255);
    const blue = (other & 255) - (color & 255);
    const distance = red * red + green * green + blue * blue;
    if (distance < bestDistance) [best, bestDistance] = [index, distance];
  }
  return best;
}

function frameControl(sequence: number, part: Part, ms: number): Buffer {
  const rest = Buffer.alloc(6);
  rest.writeUInt16BE(ms, 0);
  rest.writeUInt16BE(1000, 2);
  // The frame before stays, and this one replaces its part of it.
  return Buffer.concat([numbers(sequence, part.width, part.height, part.left, part.top), rest]);
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i);
  return bytes;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length, 0);
  whole.set(body, 4);
  whole.writeUInt32BE(crc32(body), body.length + 4);
  return whole;
}
