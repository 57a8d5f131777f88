import { elementCode } from './element-types.ts';
import type { OnnxAttribute, OnnxModel, OnnxNode, OnnxPort, OnnxTensor, ParameterMark } from './onnx-model.ts';
import { bytes, concatBytes, float, integer, text, type Bytes } from './protobuf-writer.ts';

/** IR version 8 is read by every runtime that knows the operators of opset 17 and later. */
const irVersion = 8;

/** A parameter whose values are not in the file. */
export interface ParameterOutline extends Pick<OnnxTensor, 'name' | 'type' | 'shape'> {
  readonly mark: ParameterMark;
  /** Name of the file in which the values would lie. */
  readonly location: string;
}

interface Parameters {
  /** Those that are in the model. */
  readonly marks?: OnnxModel['marks'];
  readonly outlines?: readonly ParameterOutline[];
}

/** ModelProto, as onnx.proto3 has it. */
export function writeModel(
  model: Omit<OnnxModel, 'producer' | 'marks'>,
  { marks, outlines = [] }: Parameters = {},
): Bytes {
  const graph = concatBytes([
    ...model.nodes.map((node) => bytes(1, writeNode(node))),
    text(2, model.graphName),
    ...outlines.map((outline) => bytes(5, writeOutline(outline))),
    ...model.initializers.map((tensor) =>
      bytes(5, concatBytes([writeTensor(tensor), writeMark(marks?.get(tensor.name))])),
    ),
    ...model.inputs.map((port) => bytes(11, writePort(port))),
    ...model.outputs.map((port) => bytes(12, writePort(port))),
  ]);
  const opset = concatBytes([text(1, ''), integer(2, model.opset)]);
  return concatBytes([integer(1, irVersion), text(2, 'roundscope'), bytes(8, opset), bytes(7, graph)]);
}

/** NodeProto. */
export function writeNode(node: OnnxNode): Bytes {
  return concatBytes([
    ...node.inputs.map((input) => text(1, input)),
    ...node.outputs.map((output) => text(2, output)),
    text(3, node.name),
    text(4, node.type),
    ...[...node.attributes].map(([name, attribute]) => bytes(5, writeAttribute(name, attribute))),
  ]);
}

/** TensorProto; its elements lie little-endian in one piece. */
export function writeTensor({ name, type, shape, data }: OnnxTensor): Bytes {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const dimensions = shape.map((dimension) => integer(1, dimension));
  return concatBytes([...dimensions, integer(2, elementCode(type)), text(8, name), bytes(9, raw)]);
}

/** Of a TensorProto, as PyTorch's exporter marks what trains. */
function writeMark(mark: ParameterMark | undefined): Bytes {
  const key = 'pkg.torch.export.graph_signature.InputSpec.kind';
  return mark === undefined ? new Uint8Array(0) : bytes(16, writeEntry(key, mark.toUpperCase()));
}

/** StringStringEntryProto. */
function writeEntry(key: string, value: string): Bytes {
  return concatBytes([text(1, key), text(2, value)]);
}

/** TensorProto without elements. */
function writeOutline({ name, type, shape, mark, location }: ParameterOutline): Bytes {
  const dimensions = shape.map((dimension) => integer(1, dimension));
  return concatBytes([
    ...dimensions,
    integer(2, elementCode(type)),
    text(8, name),
    bytes(13, writeEntry('location', location)),
    integer(14, 1),
    writeMark(mark),
  ]);
}

/** AttributeProto. */
function writeAttribute(name: string, attribute: OnnxAttribute): Bytes {
  switch (attribute.kind) {
    case 'float':
      return concatBytes([text(1, name), float(2, attribute.value), integer(20, 1)]);
    case 'int':
      return concatBytes([text(1, name), integer(3, attribute.value), integer(20, 2)]);
    case 'string':
      return concatBytes([text(1, name), text(4, attribute.value), integer(20, 3)]);
    case 'tensor':
      return concatBytes([text(1, name), bytes(5, writeTensor(attribute.value)), integer(20, 4)]);
    case 'floats':
      return concatBytes([text(1, name), ...attribute.value.map((item) => float(7, item)), integer(20, 6)]);
    case 'ints':
      return concatBytes([text(1, name), ...attribute.value.map((item) => integer(8, item)), integer(20, 7)]);
    case 'strings':
      return concatBytes([text(1, name), ...attribute.value.map((item) => text(9, item)), integer(20, 8)]);
  }
}

/** ValueInfoProto. */
function writePort({ name, type, shape }: OnnxPort): Bytes {
  const dimensions = shape.map((dimension) =>
    bytes(1, typeof dimension === 'number' ? integer(1, dimension) : text(2, dimension)),
  );
  const tensorType = concatBytes([integer(1, elementCode(type)), bytes(2, concatBytes(dimensions))]);
  return concatBytes([text(1, name), bytes(2, bytes(1, tensorType))]);
}
