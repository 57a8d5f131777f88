import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { limits } from '#shared/contract/limits.ts';
import { dataError } from '../errors.ts';
import { arrayFromBytes } from './element-types.ts';
import { GraphFault } from './graph-fault.ts';
import type { OnnxModel, OnnxTensor } from './onnx-model.ts';
import { readModel } from './read-model.ts';
import { requireSize, type ExternalRange, type ReadTensor } from './read-tensor.ts';

/**
 * Opens an ONNX model. Tensors that lie in another file are taken from its own folder alone: the model says where, and
 * it may come from anywhere.
 * @throws GraphFault when the model cannot be used; RoundscopeError `data_missing` when a file cannot be read
 */
export async function openModel(path: string, { signal }: { readonly signal: AbortSignal }): Promise<OnnxModel> {
  const file = await readPlainFile(path, { signal, most: limits.onnxFileBytesMax });
  const model = readModel(file);
  if (!model.ok) throw model.error;
  const folder = dirname(await realpath(path));
  const initializers: OnnxTensor[] = [];
  let externalBytes = 0;
  for (const tensor of model.value.initializers) {
    if (!tensor.external) {
      initializers.push(tensor);
      continue;
    }
    externalBytes += requireSize(tensor.name, tensor.shape, tensor.type);
    if (externalBytes > limits.payloadBytesMax) {
      throw new GraphFault('too_large', {
        message: 'the weights in the file beside the model are more than a message can carry',
      });
    }
    initializers.push(await readExternal(folder, tensor, signal));
  }
  return { ...model.value, initializers };
}

async function readExternal(
  folder: string,
  tensor: ReadTensor & { readonly external: ExternalRange },
  signal: AbortSignal,
): Promise<OnnxTensor> {
  const { name, type, shape, external } = tensor;
  const { location, offset } = external;
  const bytes = requireSize(name, shape, type);
  const fault = (message: string): GraphFault =>
    new GraphFault('external_data', {
      message: `the tensor ${name} lies in "${location.slice(0, 200)}", ${message}`,
      try: 'Export with external_data=False, or keep both files in one folder',
    });
  // No separators, no drive, no "..": a name in the model's own folder, and what it names is a file and no link.
  if (location === '' || /[\\/:\0]/.test(location) || location.startsWith('..')) {
    throw fault('which is not the name of a file beside the model');
  }
  if (external.length !== undefined && external.length !== bytes) {
    throw fault(`where ${external.length} bytes are for it instead of ${bytes}`);
  }
  const read = await readRange(join(folder, location), { offset, bytes, signal });
  if (typeof read === 'string') throw fault(read);
  return { name, type, shape, data: arrayFromBytes(type, read) };
}

async function readRange(
  path: string,
  { offset, bytes, signal }: { readonly offset: number; readonly bytes: number; readonly signal: AbortSignal },
): Promise<Uint8Array | string> {
  signal.throwIfAborted();
  let handle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return 'which cannot be read there, or is a link';
  }
  try {
    const status = await handle.stat();
    if (!status.isFile()) return 'which is not a file';
    if (offset + bytes > status.size) return `which ends before ${offset + bytes} bytes`;
    const buffer = new Uint8Array(bytes);
    const { bytesRead } = await handle.read(buffer, 0, bytes, offset);
    return bytesRead === bytes ? buffer : 'which became shorter while it was read';
  } finally {
    await handle.close();
  }
}

async function readPlainFile(
  path: string,
  { signal, most }: { readonly signal: AbortSignal; readonly most: number },
): Promise<Uint8Array> {
  signal.throwIfAborted();
  const missing = (cause: unknown): Error =>
    dataError(
      'data_missing',
      `The model ${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { cause },
    );
  // Without waiting for the other end of a pipe, should it be one.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw missing(cause);
  });
  try {
    const status = await handle.stat();
    if (!status.isFile()) throw dataError('data_invalid', `The model ${path} is not a file.`);
    if (status.size > most) {
      throw dataError(
        'data_too_large',
        `The model ${path} has ${Math.ceil(status.size / 2 ** 20)} MiB, ${most / 2 ** 20} are allowed.`,
      );
    }
    return await handle.readFile({ signal });
  } finally {
    await handle.close();
  }
}
