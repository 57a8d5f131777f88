/**
 * The few messages of ONNX's protobuf (onnx.proto3, IR version 8) that a generated graph needs, written by hand: a
 * protobuf library would be larger than all of this and would bring a schema compiler.
 */
type Bytes = Uint8Array<ArrayBuffer>;

const wireVarint = 0;
const wireBytes = 2;
const elementFloat = 1;
const elementInt64 = 7;
const attributeInt = 2;
const attributeInts = 7;

export const irVersion = 8;
export const opsetVersion = 17;

export type OnnxAttribute = number | readonly number[];

export interface OnnxNode {
  readonly type: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

export function concatBytes(parts: readonly Uint8Array[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Negative numbers take their 64-bit two's complement, as protobuf's int64 does. */
export function varint(value: number): Bytes {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

function integer(field: number, value: number): Bytes {
  return concatBytes([varint((field << 3) | wireVarint), varint(value)]);
}

function bytes(field: number, value: Uint8Array): Bytes {
  return concatBytes([varint((field << 3) | wireBytes), varint(value.length), value]);
}

function text(field: number, value: string): Bytes {
  return bytes(field, new TextEncoder().encode(value));
}

/** ValueInfoProto: name and float32 shape of a graph's input or output. */
function valueInfo(name: string, shape: readonly number[]): Bytes {
  const dimensions = shape.map((dimension) => bytes(1, integer(1, dimension)));
  const tensorType = concatBytes([integer(1, elementFloat), bytes(2, concatBytes(dimensions))]);
  return concatBytes([text(1, name), bytes(2, bytes(1, tensorType))]);
}

/** AttributeProto, of an integer or a list of them. */
function attribute(name: string, value: OnnxAttribute): Bytes {
  if (typeof value === 'number') return concatBytes([text(1, name), integer(3, value), integer(20, attributeInt)]);
  return concatBytes([text(1, name), ...value.map((item) => integer(8, item)), integer(20, attributeInts)]);
}

/** NodeProto, as the graph's field 1. */
export function encodeNode(node: OnnxNode): Bytes {
  return bytes(
    1,
    concatBytes([
      ...node.inputs.map((input) => text(1, input)),
      ...node.outputs.map((output) => text(2, output)),
      text(3, node.name),
      text(4, node.type),
      ...Object.entries(node.attributes).map(([name, value]) => bytes(5, attribute(name, value))),
    ]),
  );
}

/** TensorProto of int64, as the graph's field 5: a constant such as a shape. */
export function encodeInt64s(name: string, values: readonly number[]): Bytes {
  const raw = new Uint8Array(values.length * 8);
  const view = new DataView(raw.buffer);
  values.forEach((value, i) => view.setBigInt64(i * 8, BigInt(value), true));
  return bytes(5, concatBytes([integer(1, values.length), integer(2, elementInt64), text(8, name), bytes(9, raw)]));
}

/** TensorProto of one float32, as the graph's field 5. */
export function encodeFloat(name: string, value: number): Bytes {
  const raw = new Uint8Array(4);
  new DataView(raw.buffer).setFloat32(0, value, true);
  return bytes(5, concatBytes([integer(2, elementFloat), text(8, name), bytes(9, raw)]));
}

export function encodeInput(name: string, shape: readonly number[]): Bytes {
  return bytes(11, valueInfo(name, shape));
}

export function encodeOutput(name: string, shape: readonly number[]): Bytes {
  return bytes(12, valueInfo(name, shape));
}

/** ModelProto around the graph's parts. */
export function encodeModel(graphName: string, parts: readonly Uint8Array[]): Bytes {
  const graph = concatBytes([text(2, graphName), ...parts]);
  const opset = concatBytes([text(1, ''), integer(2, opsetVersion)]);
  return concatBytes([integer(1, irVersion), text(2, 'roundscope'), bytes(8, opset), bytes(7, graph)]);
}
