import { decode as decodePng } from 'fast-png';
import { decode as decodeJpeg } from 'jpeg-js';
import { limits } from '#shared/contract/limits.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import { guardPng } from './png-guard.ts';
import type { RawImage } from './resize.ts';

export type ColourMode = 'grey' | 'rgb';

export type DecodedImage = RawImage;

const jpegMemoryMb = 512;

/**
 * Decodes a PNG or JPEG, told apart by its first bytes, to uint8 grey or RGB. Size is read from the header and judged
 * before pixels are unpacked. Transparency is dropped, 16 bits a channel become 8.
 * @returns what is wrong with the file in a few words when it is no such image, or a damaged one
 */
export function decodeImage(bytes: Uint8Array, colour: ColourMode): Result<RawImage, string> {
  const size = imageSizeOf(bytes);
  if (!size.ok) return size;
  const { width, height, format } = size.value;
  if (width < 1 || height < 1) return err('has no pixels');
  if (width * height > limits.imagePixelsMax)
    return err(`is ${width}x${height} pixels, more than ${limits.imagePixelsMax}`);
  const guarded = format === 'png' ? guardPng(bytes) : ok(bytes);
  if (!guarded.ok) return guarded;
  try {
    const image = format === 'png' ? unpackPng(guarded.value) : unpackJpeg(bytes);
    if (image.data.length < image.width * image.height * image.channels) return err('ends too early');
    return ok(toColour(image, colour));
  } catch (error) {
    return err(`is damaged (${error instanceof Error ? error.message : String(error)})`);
  }
}

interface ImageHeader {
  readonly format: 'png' | 'jpeg';
  readonly width: number;
  readonly height: number;
}

/** Reads no more than the header. */
export function imageSizeOf(bytes: Uint8Array): Result<ImageHeader, string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length >= 33 && view.getUint32(0) === 0x89504e47 && view.getUint32(4) === 0x0d0a1a0a) {
    return ok({ format: 'png', width: view.getUint32(16), height: view.getUint32(20) });
  }
  if (bytes.length >= 4 && view.getUint16(0) === 0xffd8) return jpegSize(view);
  return err(bytes.length === 0 ? 'is empty' : 'is neither PNG nor JPEG');
}

/** Walks a JPEG's segments up to its frame header (ITU T.81, table B.1). */
function jpegSize(view: DataView): Result<ImageHeader, string> {
  let offset = 2;
  while (offset + 9 <= view.byteLength) {
    if (view.getUint8(offset) !== 0xff) return err('is damaged (no marker where one must be)');
    const marker = view.getUint8(offset + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return ok({ format: 'jpeg', width: view.getUint16(offset + 7), height: view.getUint16(offset + 5) });
    // Fill bytes and markers without a segment.
    if (marker === 0xff) offset += 1;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) offset += 2;
    else offset += 2 + view.getUint16(offset + 2);
  }
  return err('is damaged (no frame header)');
}

function unpackPng(bytes: Uint8Array): RawImage {
  const png = decodePng(bytes, { checkCrc: true });
  const { width, height, depth, palette } = png;
  if (depth < 8 || palette) return unpackIndexed(png);
  const data = new Uint8Array(png.data.length);
  for (let i = 0; i < data.length; i++) data[i] = depth === 16 ? (png.data[i] as number) >> 8 : (png.data[i] as number);
  return { width, height, channels: png.channels, data };
}

/** Palettes, and grey of 1, 2 or 4 bits: several pixels a byte, each row starting on a new one. */
function unpackIndexed(png: ReturnType<typeof decodePng>): RawImage {
  const { width, height, depth, palette } = png;
  const channels = palette ? 3 : 1;
  const data = new Uint8Array(width * height * channels);
  const rowBytes = Math.ceil((width * depth) / 8);
  const mask = (1 << depth) - 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const byte = png.data[y * rowBytes + (bit >> 3)];
      if (byte === undefined) throw new Error('pixels are missing');
      const value = depth >= 8 ? byte : (byte >> (8 - depth - (bit & 7))) & mask;
      if (!palette) data[y * width + x] = Math.round((value * 255) / mask);
      else for (let c = 0; c < 3; c++) data[(y * width + x) * 3 + c] = palette[value]?.[c] ?? 0;
    }
  }
  return { width, height, channels, data };
}

function unpackJpeg(bytes: Uint8Array): RawImage {
  const { width, height, data } = decodeJpeg(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false,
    maxResolutionInMP: limits.imagePixelsMax / 1e6,
    maxMemoryUsageInMB: jpegMemoryMb,
  });
  return { width, height, channels: 3, data };
}

/** 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha, to what is wanted; luma by ITU-R BT.601. */
function toColour(image: RawImage, colour: ColourMode): RawImage {
  const { width, height, channels, data } = image;
  const wanted = colour === 'grey' ? 1 : 3;
  if (channels === wanted) return image;
  const out = new Uint8Array(width * height * wanted);
  for (let i = 0; i < width * height; i++) {
    const from = i * channels;
    if (channels >= 3) {
      const [r, g, b] = [data[from] as number, data[from + 1] as number, data[from + 2] as number];
      if (wanted === 1) out[i] = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
      else out.set([r, g, b], i * 3);
    } else {
      out.fill(data[from] as number, i * wanted, (i + 1) * wanted);
    }
  }
  return { width, height, channels: wanted, data: out };
}
