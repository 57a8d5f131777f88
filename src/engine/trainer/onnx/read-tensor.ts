import { limits } from '#shared/contract/limits.ts';
import { elementCount, type TensorData } from '#shared/tensor/tensor.ts';
import {
  arrayFromBytes,
  bytesOfElement,
  elementCodeWords,
  elementTypeOf,
  zerosOf,
  type ElementType,
} from './element-types.ts';
import { GraphFault } from './graph-fault.ts';
import type { OnnxTensor } from './onnx-model.ts';
import {
  bytesOf,
  intOf,
  malformed,
  readFields,
  readVarints,
  signedNumber,
  textOf,
  viewOf,
  type Field,
} from './protobuf-reader.ts';

/** Where in another file a tensor's bytes lie, as the model says: nothing of it has been checked. */
export interface ExternalRange {
  readonly location: string;
  readonly offset: number;
  /** Undefined: as many as the shape needs. */
  readonly length: number | undefined;
}

/** A tensor as the file has it; `data` is missing where it lies in another file. */
export type ReadTensor = Omit<OnnxTensor, 'data'> &
  (
    | { readonly data: TensorData; readonly external?: undefined }
    | { readonly data?: undefined; readonly external: ExternalRange }
  );

interface Parts {
  name: string;
  shape: number[];
  code: number;
  raw: Uint8Array | undefined;
  typed: Field[];
  external: Map<string, string> | undefined;
  metadata: Uint8Array[];
}

/** Field of TensorProto that holds a type's elements when they are not raw. */
const typedFields: Readonly<Record<ElementType, number>> = {
  float32: 4,
  int32: 5,
  int16: 5,
  int8: 5,
  uint8: 5,
  bool: 5,
  int64: 7,
  float64: 10,
};

/**
 * TensorProto. Its shape is checked against the bytes that are there before an element is made.
 * @throws GraphFault
 */
export function readTensor(message: Uint8Array): { tensor: ReadTensor; metadata: readonly Uint8Array[] } {
  const parts = readParts(message);
  const { name, shape } = parts;
  const type = elementTypeOf(parts.code);
  if (!type) {
    throw new GraphFault('element_type', {
      message: `the tensor ${name} has elements of ${elementCodeWords(parts.code)}`,
      try: 'Export the network in float32',
    });
  }
  const bytes = requireSize(name, shape, type);
  const { metadata } = parts;
  if (parts.external) return { tensor: { name, type, shape, external: rangeOf(name, parts.external) }, metadata };
  if (parts.raw) {
    if (parts.raw.length !== bytes) {
      throw malformed(`the tensor ${name} [${shape.join(', ')}] has ${parts.raw.length} bytes instead of ${bytes}`);
    }
    return { tensor: { name, type, shape, data: arrayFromBytes(type, parts.raw) }, metadata };
  }
  return { tensor: { name, type, shape, data: typedElements(parts, type) }, metadata };
}

/** Bytes of the elements. @throws GraphFault when the shape is more than a model may have */
export function requireSize(name: string, shape: readonly number[], type: ElementType): number {
  if (shape.length > limits.tensorRankMax) {
    throw new GraphFault('shape', { message: `the tensor ${name} has ${shape.length} dimensions` });
  }
  if (shape.some((dimension) => !Number.isSafeInteger(dimension) || dimension < 0)) {
    throw new GraphFault('shape', { message: `the tensor ${name} has the shape [${shape.join(', ')}]` });
  }
  const bytes = elementCount(shape) * bytesOfElement(type);
  if (bytes > limits.payloadBytesMax) {
    throw new GraphFault('too_large', {
      message: `the tensor ${name} [${shape.join(', ')}] would have ${Math.ceil(bytes / 2 ** 20)} MiB`,
      try: 'A network whose tensors fit into one message can be trained',
    });
  }
  return bytes;
}

function readParts(message: Uint8Array): Parts {
  const parts: Parts = { name: '', shape: [], code: 0, raw: undefined, typed: [], external: undefined, metadata: [] };
  for (const field of readFields(message)) {
    switch (field.number) {
      case 1:
        for (const dimension of readVarints(field)) {
          if (parts.shape.push(signedNumber(dimension)) > 64) throw malformed('a tensor has more than 64 dimensions');
        }
        break;
      case 2:
        parts.code = intOf(field);
        break;
      case 3:
        throw malformed('a tensor comes in segments');
      case 4:
      case 5:
      case 7:
      case 10:
        parts.typed.push(field);
        break;
      case 8:
        parts.name = textOf(field, limits.onnxNameBytesMax);
        break;
      case 9:
        parts.raw = bytesOf(field);
        break;
      case 13:
        addEntry((parts.external ??= new Map()), bytesOf(field));
        break;
      case 14:
        // 1 is EXTERNAL.
        if (intOf(field) === 1) parts.external ??= new Map();
        break;
      case 16:
        parts.metadata.push(bytesOf(field));
        break;
      default:
    }
  }
  return parts;
}

/** StringStringEntryProto into a map. */
export function addEntry(map: Map<string, string>, message: Uint8Array): void {
  let [key, value] = ['', ''];
  for (const field of readFields(message)) {
    // Values such as stack traces are long, and are not kept: only what has a use is decoded.
    if (field.number === 1) key = textOf(field, limits.onnxNameBytesMax);
    if (field.number === 2 && bytesOf(field).length <= limits.onnxNameBytesMax)
      value = textOf(field, limits.onnxNameBytesMax);
  }
  if (map.size < 64) map.set(key, value);
}

function rangeOf(name: string, entries: ReadonlyMap<string, string>): ExternalRange {
  const number = (key: string): number | undefined => {
    const text = entries.get(key);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^\d{1,15}$/.test(text)) return value;
    throw new GraphFault('external_data', { message: `the tensor ${name} lies at ${key} "${text.slice(0, 40)}"` });
  };
  return { location: entries.get('location') ?? '', offset: number('offset') ?? 0, length: number('length') };
}

function typedElements(parts: Parts, type: ElementType): TensorData {
  const count = elementCount(parts.shape);
  const fields = parts.typed.filter(({ number }) => number === typedFields[type]);
  const wrong = (found: number): GraphFault =>
    malformed(`the tensor ${parts.name} [${parts.shape.join(', ')}] has ${found} elements instead of ${count}`);
  // A packed element has at least one byte, one that stands alone a field: more than is there is not allocated.
  const present = fields.reduce((sum, { wire, bytes }) => sum + (wire === 'bytes' ? bytes.length : 1), 0);
  if (present < count) throw wrong(present);
  const data = zerosOf(type, count);
  let at = 0;
  for (const value of elements(fields, type)) {
    if (at < count) data[at] = value as never;
    at++;
  }
  if (at !== count) throw wrong(at);
  return data;
}

function* elements(fields: readonly Field[], type: ElementType): Generator<number | bigint> {
  for (const field of fields) {
    if (type === 'float32' || type === 'float64') {
      const size = type === 'float32' ? 4 : 8;
      const view = viewOf(field.bytes);
      if (field.wire === 'varint' || view.byteLength % size > 0) throw malformed('a list of floats has half of one');
      for (let i = 0; i < view.byteLength; i += size)
        yield size === 4 ? view.getFloat32(i, true) : view.getFloat64(i, true);
    } else {
      for (const value of readVarints(field)) yield type === 'int64' ? BigInt.asIntN(64, value) : signedNumber(value);
    }
  }
}
