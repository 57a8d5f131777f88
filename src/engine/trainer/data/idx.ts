import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import type { Readable } from 'node:stream';
import { limits } from '#shared/contract/limits.ts';
import { dataError } from '../errors.ts';

/** The format of MNIST (LeCun, yann.lecun.com/exdb/mnist): 0, 0, type, rank, then big-endian sizes and the elements. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const unsignedByte = 0x08;
/** Deflate cannot do better (zlib.net, "maximum compression factor"), so a file that claims more is lying. */
const deflateRatioMax = 1032;

export interface IdxOptions {
  readonly rank: number;
  readonly signal: AbortSignal;
}

/**
 * Reads an IDX file of unsigned bytes, gzipped or not (told by its first bytes, not by its name). The claimed size is
 * checked against the limits and against what the file could hold before memory is taken.
 * @throws RoundscopeError `data_missing`, `data_invalid` or `data_too_large`, naming the file
 */
export async function readIdx(path: string, options: IdxOptions): Promise<IdxArray> {
  const fileBytes = await sizeOf(path);
  const gzipped = await isGzip(path);
  const file = createReadStream(path, { signal: options.signal, highWaterMark: 256 * 1024 });
  // Piped by hand: a pipeline would also need a sink, and the reader below stops early at surplus bytes.
  const stream: Readable = gzipped ? file.pipe(createGunzip()) : file;
  if (gzipped) file.on('error', (error) => stream.destroy(error));
  try {
    return await collect(stream, {
      path,
      rank: options.rank,
      dataBytesMax: fileBytes * (gzipped ? deflateRatioMax : 1),
    });
  } catch (cause) {
    options.signal.throwIfAborted();
    if (cause instanceof Error && cause.name === 'RoundscopeError') throw cause;
    throw dataError('data_invalid', `${path} cannot be read to its end: ${String(cause)}. Download it again.`, {
      cause,
    });
  } finally {
    stream.destroy();
    file.destroy();
  }
}

interface Expected {
  readonly path: string;
  readonly rank: number;
  readonly dataBytesMax: number;
}

async function collect(stream: Readable, expected: Expected): Promise<IdxArray> {
  const headerBytes = 4 + 4 * expected.rank;
  let header = new Uint8Array(0);
  let target: { shape: number[]; data: Uint8Array } | undefined;
  let filled = 0;
  for await (const piece of stream) {
    let chunk = piece as Uint8Array;
    if (!target) {
      const joined = new Uint8Array(header.length + chunk.length);
      joined.set(header);
      joined.set(chunk, header.length);
      header = joined;
      if (header.length < headerBytes) continue;
      const shape = readShape(header, expected);
      target = { shape, data: new Uint8Array(shape.reduce((product, side) => product * side, 1)) };
      chunk = header.subarray(headerBytes);
    }
    if (filled + chunk.length > target.data.length) throw malformed(expected.path, 'is longer than its header says');
    target.data.set(chunk, filled);
    filled += chunk.length;
  }
  if (!target || filled < target.data.length) throw malformed(expected.path, 'is shorter than its header says');
  return target;
}

function readShape(header: Uint8Array, { path, rank, dataBytesMax }: Expected): number[] {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (header[0] !== 0 || header[1] !== 0) throw malformed(path, 'is not an IDX file');
  if (header[2] !== unsignedByte) throw malformed(path, 'does not hold unsigned bytes');
  if (header[3] !== rank) throw malformed(path, `has ${header[3]} dimensions, expected ${rank}`);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const bytes = shape.reduce((product, side) => product * side, 1);
  const [examples, ...sides] = shape;
  if ((examples ?? 0) > limits.datasetExamplesMax || bytes > limits.datasetBytesMax) {
    throw dataError('data_too_large', `${path} claims ${shape.join(' x ')} bytes, more than Roundscope loads.`, {
      context: { path, bytes },
    });
  }
  if (sides.some((side) => side < 1 || side > limits.imageSideMax)) {
    throw malformed(path, `has images of ${sides.join('x')}, where sides may be 1 to ${limits.imageSideMax} pixels`);
  }
  if (bytes > dataBytesMax) throw malformed(path, 'is shorter than its header says');
  return shape;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (cause) {
    throw dataError('data_missing', `${path} is not there or cannot be opened.`, { cause, context: { path } });
  }
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const magic = new Uint8Array(2);
    await file.read(magic, 0, 2, 0);
    return magic[0] === 0x1f && magic[1] === 0x8b;
  } finally {
    await file.close();
  }
}

function malformed(path: string, what: string): Error {
  return dataError('data_invalid', `${path} ${what}.`, { context: { path } });
}
