import { basename, join } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import { dataError } from '#engine/trainer/errors.ts';
import { ByteReader, DecodeError, OutOfBytes, type ByteSource } from '#shared/decode/byte-reader.ts';
import { readZipFile, zipFileSignature } from '#shared/decode/npz.ts';
import { deflateRatioMax, openByteFile, readingFault } from '../byte-file.ts';
import { arrayRole, type ArrayRole } from './array-roles.ts';
import { readNpyArray, type NpyArray } from './npy-array.ts';

export interface NamedArray extends ArrayRole {
  readonly array: NpyArray;
}

export interface ArraysFound {
  readonly arrays: readonly NamedArray[];
  /** Names that say nothing. */
  readonly others: readonly string[];
}

/** Files of an archive that are looked at. */
const filesMax = 1000;

/** @throws RoundscopeError `data_invalid`, `data_missing`, `data_too_large` */
export async function readNpyFiles(
  folder: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ArraysFound> {
  const arrays: NamedArray[] = [];
  for (const name of names) {
    const role = arrayRole(name.replace(/\.npy(\.gz)?$/i, ''));
    if (role === null) continue;
    const path = join(folder, name);
    const file = await openByteFile(path, signal);
    try {
      arrays.push({ ...role, array: await readNpyArray(new ByteReader(file.stream), path, file.contentBytesMax) });
    } catch (cause) {
      throw readingFault(path, cause, signal);
    } finally {
      file.close();
    }
  }
  return { arrays, others: [] };
}

/**
 * The arrays of an archive of `numpy.savez` or `numpy.savez_compressed`; those whose names say nothing are passed over.
 * @throws RoundscopeError `data_invalid`, `data_missing`, `data_too_large`
 */
export async function readNpzFile(path: string, signal: AbortSignal): Promise<ArraysFound> {
  const file = await openByteFile(path, signal);
  const arrays: NamedArray[] = [];
  const others: string[] = [];
  try {
    const reader = new ByteReader(file.stream);
    while (await isFile(reader)) {
      signal.throwIfAborted();
      if (arrays.length + others.length >= filesMax)
        throw dataError('data_invalid', `${path} holds more than ${filesMax} files.`, { context: { path } });
      const { name, method, bytes } = await readZipFile(reader);
      const role = name.endsWith('.npy') ? arrayRole(basename(name, '.npy')) : null;
      if (role === null) {
        others.push(name);
        await reader.skip(bytes);
        continue;
      }
      if (bytes > file.sizeBytes) throw new OutOfBytes('cut');
      const content = reader.pieces(bytes);
      const where = `${path}, ${basename(name, '.npy')},`;
      if (method !== 0 && method !== 8)
        throw dataError(
          'data_invalid',
          `${where} is compressed in a way that is not read here. Use numpy.savez_compressed.`,
        );
      const source = method === 0 ? content : inflated(content);
      const most = bytes * (method === 0 ? 1 : deflateRatioMax);
      arrays.push({ ...role, array: await readNpyArray(new ByteReader(source), where, most) });
    }
    return { arrays, others };
  } catch (cause) {
    if (cause instanceof OutOfBytes)
      throw dataError('data_invalid', `${path} ends before its arrays do. Copy or download it again.`, { cause });
    if (cause instanceof DecodeError) throw dataError('data_invalid', `${path}: ${cause.message}`, { cause });
    throw readingFault(path, cause, signal);
  } finally {
    file.close();
  }
}

async function isFile(reader: ByteReader): Promise<boolean> {
  const start = await reader.peek(4);
  return start.length === 4 && new DataView(start.buffer, start.byteOffset, 4).getUint32(0, true) === zipFileSignature;
}

async function* inflated(source: ByteSource): AsyncGenerator<Uint8Array, undefined> {
  const inflate = createInflateRaw();
  // Its own errors come out of the loop below; a source that ends early destroys it with its error.
  pipeline(Readable.from(source), inflate, () => {});
  for await (const piece of inflate) yield piece as Uint8Array;
}
