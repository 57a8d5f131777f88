import { limits } from '#shared/contract/limits.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import { isColored, overWhite, toChannels, type ColorChannels } from './color.ts';
import { decodeJpeg, readJpegHeader } from './jpeg.ts';
import { decodePng } from './png.ts';
import type { RawImage } from './resize.ts';

export interface DecodedImage extends RawImage {
  readonly channels: ColorChannels;
  /** What the file has that its pixels here no longer show. */
  readonly facts: {
    readonly colored: boolean;
    readonly transparent: boolean;
    /** More than 8 bits a channel. */
    readonly deep: boolean;
    /** Its camera was held otherwise; pixels are as they were stored. */
    readonly turned: boolean;
  };
}

interface Unpacked {
  readonly image: RawImage;
  readonly deep: boolean;
  readonly turned: boolean;
}

/**
 * Decodes a PNG or JPEG, told apart by its first bytes, to uint8 grey or RGB with the pixels that Pillow's
 * `Image.open(path).convert('L')` and `.convert('RGB')` give, but for transparency, which is put on white, and grey of 16
 * bits, of which the upper 8 are taken. Size is read from the header and checked before pixels are unpacked.
 * @returns what is wrong with the file in a few words when it is no such image, or a damaged one
 */
export function decodeImage(bytes: Uint8Array, channels: ColorChannels): Result<DecodedImage, string> {
  try {
    const unpacked = unpack(bytes);
    if (!unpacked.ok) return unpacked;
    const { image, deep, turned } = unpacked.value;
    if (image.data.length < image.width * image.height * image.channels) return err('ends too early');
    const { opaque, transparent } = overWhite(image);
    const facts = { colored: isColored(opaque), transparent, deep, turned };
    return ok({ ...toChannels(opaque, channels), channels, facts });
  } catch (error) {
    return err(`is damaged (${error instanceof Error ? error.message : String(error)})`);
  }
}

function unpack(bytes: Uint8Array): Result<Unpacked, string> {
  if (isPng(bytes)) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const size = checkSize(view.getUint32(16), view.getUint32(20));
    if (!size.ok) return size;
    const image = decodePng(bytes);
    return image.ok ? ok({ image: image.value, deep: image.value.depth > 8, turned: false }) : image;
  }
  if (bytes.length < 4 || bytes[0] !== 0xff || bytes[1] !== 0xd8)
    return err(bytes.length === 0 ? 'is empty' : 'is neither PNG nor JPEG');
  const header = readJpegHeader(bytes);
  if (!header.ok) return header;
  const size = checkSize(header.value.width, header.value.height);
  if (!size.ok) return size;
  const image = decodeJpeg(bytes, header.value);
  return image.ok ? ok({ image: image.value, deep: false, turned: header.value.orientation !== 1 }) : image;
}

function isPng(bytes: Uint8Array): boolean {
  if (bytes.length < 33) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint32(0) === 0x89504e47 && view.getUint32(4) === 0x0d0a1a0a;
}

function checkSize(width: number, height: number): Result<null, string> {
  if (width < 1 || height < 1) return err('has no pixels');
  if (width * height <= limits.imagePixelsMax) return ok(null);
  return err(`is ${width}x${height} pixels, more than ${limits.imagePixelsMax}`);
}
