import { limits } from '#shared/contract/limits.ts';
import { GraphFault, nodeTitle } from './graph-fault.ts';
import type { OnnxAttribute, OnnxNode, OnnxTensor } from './onnx-model.ts';
import {
  bytesOf,
  floatOf,
  intOf,
  malformed,
  readFields,
  readVarints,
  signedNumber,
  textOf,
  viewOf,
  type Field,
} from './protobuf-reader.ts';
import { readTensor } from './read-tensor.ts';

/** NodeProto. Custom operators and nodes that hold graphs of their own are refused here, before anything of those is read. */
export function readNode(message: Uint8Array): OnnxNode {
  const [inputs, outputs]: [string[], string[]] = [[], []];
  let [name, type, domain] = ['', '', ''];
  const attributes: Uint8Array[] = [];
  for (const field of readFields(message)) {
    switch (field.number) {
      case 1:
        pushBounded(inputs, textOf(field, limits.onnxNameBytesMax), 'inputs of a node');
        break;
      case 2:
        pushBounded(outputs, textOf(field, limits.onnxNameBytesMax), 'outputs of a node');
        break;
      case 3:
        name = textOf(field, limits.onnxNameBytesMax);
        break;
      case 4:
        type = textOf(field, limits.onnxNameBytesMax);
        break;
      case 5:
        pushBounded(attributes, bytesOf(field), 'attributes of a node');
        break;
      case 7:
        domain = textOf(field, limits.onnxNameBytesMax);
        break;
      default:
    }
  }
  const node = { type, name, inputs, outputs };
  if (domain !== '' && domain !== 'ai.onnx') {
    throw new GraphFault('domain', {
      message: `the operator belongs to ${domain}, and only those of ONNX itself can be differentiated`,
      node: nodeTitle(node),
      try: 'Export without custom operators and without optimization',
    });
  }
  return { ...node, attributes: new Map(attributes.map((attribute) => readAttribute(attribute, nodeTitle(node)))) };
}

function pushBounded<T>(list: T[], item: T, what: string): void {
  if (list.push(item) > limits.onnxPortsMax) throw malformed(`there are more than ${limits.onnxPortsMax} ${what}`);
}

/** Fields of AttributeProto by what it may hold, where AttributeProto.type does not say. */
interface AttributeParts {
  name: string;
  type: number;
  float: number | undefined;
  int: number | undefined;
  text: string | undefined;
  tensor: Uint8Array | undefined;
  readonly floats: number[];
  readonly ints: number[];
  readonly strings: string[];
}

function readAttribute(message: Uint8Array, node: string): [string, OnnxAttribute] {
  const parts: AttributeParts = {
    name: '',
    type: 0,
    float: undefined,
    int: undefined,
    text: undefined,
    tensor: undefined,
    floats: [],
    ints: [],
    strings: [],
  };
  for (const field of readFields(message)) readAttributeField(field, parts, node);
  return [parts.name, attributeOf(parts, node)];
}

function readAttributeField(field: Field, parts: AttributeParts, node: string): void {
  switch (field.number) {
    case 1:
      parts.name = textOf(field, limits.onnxNameBytesMax);
      break;
    case 2:
      parts.float = floatOf(field);
      break;
    case 3:
      parts.int = intOf(field);
      break;
    case 4:
      parts.text = textOf(field, limits.onnxNameBytesMax);
      break;
    case 5:
      parts.tensor = bytesOf(field);
      break;
    case 6:
    case 11:
      throw new GraphFault('control_flow', {
        message: 'loops and branches cannot be differentiated',
        node,
        try: 'Export with fixed sequence lengths and without conditions on values',
      });
    case 7:
      for (const value of floats(field)) pushBounded(parts.floats, value, `values of ${node}`);
      break;
    case 8:
      for (const value of readVarints(field)) pushBounded(parts.ints, signedNumber(value), `values of ${node}`);
      break;
    case 9:
      pushBounded(parts.strings, textOf(field, limits.onnxNameBytesMax), `values of ${node}`);
      break;
    case 20:
      parts.type = intOf(field);
      break;
    case 21:
      throw new GraphFault('control_flow', { message: 'an attribute refers to a function of the model', node });
    default:
  }
}

function* floats(field: Field): Generator<number> {
  const view = viewOf(field.bytes);
  if (view.byteLength % 4 > 0) throw malformed('a list of floats has half of one');
  for (let i = 0; i < view.byteLength; i += 4) yield view.getFloat32(i, true);
}

/** AttributeProto.AttributeType; a zero is left out by protobuf, so a missing value is 0 or ''. */
function attributeOf(parts: AttributeParts, node: string): OnnxAttribute {
  switch (parts.type) {
    case 1:
      return { kind: 'float', value: parts.float ?? 0 };
    case 2:
      return { kind: 'int', value: parts.int ?? 0 };
    case 3:
      return { kind: 'string', value: parts.text ?? '' };
    case 4:
      return { kind: 'tensor', value: requireInline(readTensor(parts.tensor ?? new Uint8Array(0)).tensor, node) };
    case 6:
      return { kind: 'floats', value: parts.floats };
    case 7:
      return { kind: 'ints', value: parts.ints };
    case 8:
      return { kind: 'strings', value: parts.strings };
    default:
      throw new GraphFault('attribute', { message: `the attribute ${parts.name} is of a kind that is not used`, node });
  }
}

function requireInline(tensor: ReturnType<typeof readTensor>['tensor'], node: string): OnnxTensor {
  const { name, type, shape, data } = tensor;
  if (data) return { name, type, shape, data };
  throw new GraphFault('external_data', { message: 'a constant of a node lies in another file', node });
}
