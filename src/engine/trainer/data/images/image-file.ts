import { open, type FileHandle } from 'node:fs/promises';
import { extname } from 'node:path';
import { limits } from '#shared/contract/limits.ts';

/** What a file is by its first bytes, whatever its name says. */
export type FileKind = 'png' | 'jpeg' | 'other image' | 'no image';

const headBytes = 16;
const imageNames = /^\.(png|apng|jpe?g|jpe|jfif|jif|pjpeg)$/;

/** Formats of images that are not read, by their first bytes. */
const otherFormats: readonly { readonly name: string; readonly is: (head: Buffer) => boolean }[] = [
  { name: 'GIF', is: (head) => head.toString('latin1', 0, 4) === 'GIF8' },
  { name: 'BMP', is: (head) => head.toString('latin1', 0, 2) === 'BM' && head.readUInt32LE(6) === 0 },
  { name: 'WebP', is: (head) => head.toString('latin1', 0, 4) === 'RIFF' && head.toString('latin1', 8, 12) === 'WEBP' },
  { name: 'TIFF', is: (head) => ['II*\0', 'MM\0*'].includes(head.toString('latin1', 0, 4)) },
  {
    name: 'HEIF',
    is: (head) => head.toString('latin1', 4, 8) === 'ftyp' && /hei[cfx]|mif1|avif/.test(head.toString('latin1', 8, 12)),
  },
  { name: 'JPEG 2000', is: (head) => head.readUInt32BE(0) === 12 && head.toString('latin1', 4, 6) === 'jP' },
];

export type ImageFile =
  | { readonly kind: 'image'; readonly bytes: Uint8Array }
  /** No PNG or JPEG; `what` is its kind for people: `.gif`, `WebP named .jpg`, `without extension`. */
  | { readonly kind: 'left out'; readonly what: string; readonly isImage: boolean }
  /** Named as an image and none, or it cannot be read; `why` in a few words. */
  | { readonly kind: 'damaged'; readonly why: string };

/** Reads a file if it is a PNG or JPEG, told by its first bytes; of others only those. */
export async function readImageFile(path: string): Promise<ImageFile> {
  try {
    await using file = await open(path);
    const stats = await file.stat();
    if (!stats.isFile()) return { kind: 'left out', what: 'no file', isImage: false };
    const head = await headOf(file);
    const kind = kindOf(head);
    if (kind !== 'png' && kind !== 'jpeg') return otherFile(path, head, stats.size);
    if (stats.size > limits.imageFileBytesMax)
      return { kind: 'damaged', why: `is ${Math.round(stats.size / 2 ** 20)} MiB large` };
    return { kind: 'image', bytes: await file.readFile() };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return { kind: 'damaged', why: `cannot be opened (${code})` };
  }
}

/** Whether a file begins as an image that can be read does. */
export async function looksLikeImage(path: string): Promise<boolean> {
  try {
    await using file = await open(path);
    if (!(await file.stat()).isFile()) return false;
    const kind = kindOf(await headOf(file));
    return kind === 'png' || kind === 'jpeg';
  } catch {
    return false;
  }
}

function otherFile(path: string, head: Buffer, size: number): ImageFile {
  const extension = extname(path).toLowerCase().slice(0, 20);
  const format = otherFormats.find(({ is }) => is(head))?.name;
  if (imageNames.test(extension)) {
    if (format !== undefined) return { kind: 'left out', what: `${format} named ${extension}`, isImage: true };
    return { kind: 'damaged', why: size === 0 ? 'is empty' : 'is neither PNG nor JPEG' };
  }
  const what = extension === '' ? (format ?? 'without extension') : extension;
  return { kind: 'left out', what, isImage: format !== undefined };
}

function kindOf(head: Buffer): FileKind {
  if (head.readUInt32BE(0) === 0x89504e47 && head.readUInt32BE(4) === 0x0d0a1a0a) return 'png';
  if (head.readUInt16BE(0) === 0xffd8 && head[2] === 0xff) return 'jpeg';
  return otherFormats.some(({ is }) => is(head)) ? 'other image' : 'no image';
}

/** The first bytes, filled up with zeros where the file has fewer; the file is left at its start. */
async function headOf(file: FileHandle): Promise<Buffer> {
  const head = Buffer.alloc(headBytes);
  await file.read(head, 0, headBytes, 0);
  return head;
}
