import type { Readable } from 'node:stream';
import { limits } from '#shared/contract/limits.ts';
import { dataError } from '#engine/trainer/errors.ts';
import { openByteFile, readingFault } from '../byte-file.ts';

/** The format of MNIST (LeCun, yann.lecun.com/exdb/mnist): 0, 0, type, rank, then big-endian sizes and the elements. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const unsignedByte = 0x08;
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
  const file = await openByteFile(path, options.signal);
  try {
    return await collect(file.stream, { path, rank: options.rank, dataBytesMax: file.contentBytesMax });
  } catch (cause) {
    throw readingFault(path, cause, options.signal);
  } finally {
    file.close();
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

function malformed(path: string, what: string): Error {
  return dataError('data_invalid', `${path} ${what}.`, { context: { path } });
}
