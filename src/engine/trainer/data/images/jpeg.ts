import { decode } from 'jpeg-js';
import { limits } from '#shared/contract/limits.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import type { RawImage } from './resize.ts';

const memoryMb = 512;

/** What a JPEG's segments tell before its pixels (ITU T.81, annex B; Adobe technical note 5116; Exif 2.3). */
export interface JpegHeader {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  /** The letters R, G, B as numbers of the components say what is in them. */
  readonly isRgb: boolean;
  /** 0: as it is, 1: YCbCr, 2: YCCK; null: no such marker. */
  readonly adobeTransform: number | null;
  readonly isJfif: boolean;
  /** 1 to 8 of Exif; 1: as stored. */
  readonly orientation: number;
}

/** Walks the segments up to the frame header. */
export function readJpegHeader(bytes: Uint8Array): Result<JpegHeader, string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 2;
  let adobeTransform: number | null = null;
  let isJfif = false;
  let orientation = 1;
  while (offset + 9 <= view.byteLength) {
    if (view.getUint8(offset) !== 0xff) return err('is damaged (no marker where one must be)');
    const marker = view.getUint8(offset + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) {
      const components = view.getUint8(offset + 9);
      const ids = Array.from({ length: components }, (_, i) => bytes[offset + 10 + 3 * i] ?? 0);
      const isRgb = String.fromCharCode(...ids) === 'RGB';
      const [height, width] = [view.getUint16(offset + 5), view.getUint16(offset + 7)];
      return ok({ width, height, components, isRgb, adobeTransform, isJfif, orientation });
    }
    // Fill bytes and markers without a segment.
    if (marker === 0xff) offset += 1;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) offset += 2;
    else {
      const end = offset + 2 + view.getUint16(offset + 2);
      const segment = bytes.subarray(offset + 4, end);
      if (marker === 0xe0 && startsWith(segment, 'JFIF\0')) isJfif = true;
      if (marker === 0xee && startsWith(segment, 'Adobe') && segment.length >= 12) adobeTransform = segment[11] ?? null;
      if (marker === 0xe1 && startsWith(segment, 'Exif\0\0')) orientation = orientationIn(segment.subarray(6));
      offset = end;
    }
  }
  return err('is damaged (no frame header)');
}

/**
 * Unpacks a JPEG to uint8 RGB. Colors are what the markers say, as libjpeg reads them: YCbCr unless Adobe's marker or the
 * components' own names say RGB, and CMYK and YCCK always inverted, as Adobe writes them. The turn that Exif asks for is
 * left to whoever shows the image.
 */
export function decodeJpeg(bytes: Uint8Array, header: JpegHeader): Result<RawImage, string> {
  const { components, adobeTransform, isJfif, isRgb } = header;
  const asRgb = components === 3 && (adobeTransform === 0 || (adobeTransform === null && !isJfif && isRgb));
  // The decoder takes four components only with Adobe's word on them.
  const source = components === 4 && adobeTransform === null ? withAdobeMarker(bytes) : bytes;
  const { width, height, data } = decode(source, {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false,
    maxResolutionInMP: limits.imagePixelsMax / 1e6,
    maxMemoryUsageInMB: memoryMb,
    ...(asRgb ? { colorTransform: false } : {}),
  });
  return ok({ width, height, channels: 3, data });
}

function withAdobeMarker(bytes: Uint8Array): Uint8Array {
  const marker = Buffer.from([0xff, 0xee, 0, 14, ...Buffer.from('Adobe', 'latin1'), 0, 100, 0, 0, 0, 0, 0]);
  return Buffer.concat([bytes.subarray(0, 2), marker, bytes.subarray(2)]);
}

const orientationTag = 0x0112;

/** The orientation in the first directory of a TIFF header; 1 where it does not say or cannot be read. */
function orientationIn(tiff: Uint8Array): number {
  if (tiff.length < 14) return 1;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const little = startsWith(tiff, 'II');
  const at = view.getUint32(4, little);
  if (at + 2 > tiff.length) return 1;
  const entries = view.getUint16(at, little);
  for (let i = 0; i < entries; i++) {
    const entry = at + 2 + 12 * i;
    if (entry + 12 > tiff.length) return 1;
    if (view.getUint16(entry, little) !== orientationTag) continue;
    const value = view.getUint16(entry + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return bytes.length >= text.length && Buffer.from(bytes.subarray(0, text.length)).toString('latin1') === text;
}
