import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { dataError } from '../errors.ts';
import { folderTrouble } from './folder-layout.ts';

/** Deflate cannot do better (zlib.net, "maximum compression factor"), so a file that claims more is lying. */
export const deflateRatioMax = 1032;

/** A file that is read from its beginning to its end, unpacked where it is gzipped (told by its first bytes, not by its name). */
export interface ByteFile {
  readonly stream: Readable;
  /** Bytes of the file itself. */
  readonly sizeBytes: number;
  /** More than this it cannot hold. */
  readonly contentBytesMax: number;
  /** Bytes of the file itself that were read so far. */
  readBytes(): number;
  close(): void;
}

/** @throws RoundscopeError `data_missing` */
export async function openByteFile(path: string, signal: AbortSignal): Promise<ByteFile> {
  const sizeBytes = await sizeOf(path);
  const start = await firstBytes(path, 2);
  const gzipped = start[0] === 0x1f && start[1] === 0x8b;
  const file = createReadStream(path, { signal, highWaterMark: 256 * 1024 });
  // Piped by hand: a pipeline would also need a sink, and readers stop early at surplus bytes.
  const stream: Readable = gzipped ? file.pipe(createGunzip()) : file;
  if (gzipped) file.on('error', (error) => stream.destroy(error));
  return {
    stream,
    sizeBytes,
    contentBytesMax: sizeBytes * (gzipped ? deflateRatioMax : 1),
    readBytes: () => file.bytesRead,
    close: () => {
      stream.destroy();
      file.destroy();
    },
  };
}

/**
 * As many of a file's first bytes as there are.
 * @throws RoundscopeError `data_missing`
 */
export async function firstBytes(path: string, count: number): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      const bytes = new Uint8Array(count);
      const { bytesRead } = await file.read(bytes, 0, count, 0);
      return bytes.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** What went wrong while a file was read: an error of ours as it is, anything else with the file's name. */
export function readingFault(path: string, cause: unknown, signal: AbortSignal): Error {
  signal.throwIfAborted();
  if (cause instanceof Error && cause.name === 'RoundscopeError') return cause;
  return dataError('data_invalid', `${path} cannot be read to its end: ${String(cause)}. Copy or download it again.`, {
    cause,
    context: { path },
  });
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): Error {
  return dataError('data_missing', `${path} ${folderTrouble(cause)}.`, { cause, context: { path } });
}
