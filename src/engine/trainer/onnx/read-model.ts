import { limits } from '#shared/contract/limits.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import { elementCodeWords, elementTypeOf } from './element-types.ts';
import { GraphFault } from './graph-fault.ts';
import type { Dimension, OnnxModel, OnnxNode, OnnxPort, ParameterMark } from './onnx-model.ts';
import { orderNodes } from './order-nodes.ts';
import { bytesOf, intOf, malformed, readFields, textOf } from './protobuf-reader.ts';
import { readNode } from './read-node.ts';
import { addEntry, readTensor, type ReadTensor } from './read-tensor.ts';

/** Versions of ONNX's operators whose meaning this code knows: LayerNormalization came with 17. */
export const opsetMin = 17;
export const opsetMax = 22;

/** A model whose initializers may still lie in another file. */
export type ReadModel = Omit<OnnxModel, 'initializers'> & { readonly initializers: readonly ReadTensor[] };

/**
 * Reads an ONNX model from outside: bounded by the size of the file, without recursion, and refused with the node at fault
 * where it holds what cannot be trained (decision 0105). What has no use is dropped: documentation, stack traces, metadata.
 */
export function readModel(file: Uint8Array): Result<ReadModel, GraphFault> {
  try {
    if (file.length > limits.onnxFileBytesMax) {
      throw new GraphFault('too_large', {
        message: `the model has ${Math.ceil(file.length / 2 ** 20)} MiB, ${limits.onnxFileBytesMax / 2 ** 20} are allowed`,
      });
    }
    return ok(read(file));
  } catch (error) {
    if (error instanceof GraphFault) return err(error);
    throw error;
  }
}

function read(file: Uint8Array): ReadModel {
  let graph: Uint8Array | undefined;
  let producer = '';
  const opsets = new Map<string, number>();
  for (const field of readFields(file)) {
    switch (field.number) {
      case 2:
        producer = textOf(field, limits.onnxNameBytesMax);
        break;
      case 7:
        graph = bytesOf(field);
        break;
      case 8:
        readOpset(bytesOf(field), opsets);
        break;
      default:
    }
  }
  if (!graph) throw malformed('it has no graph');
  return { opset: requireOpset(opsets), producer, ...readGraph(graph) };
}

function readOpset(message: Uint8Array, opsets: Map<string, number>): void {
  let [domain, version] = ['', 0];
  for (const field of readFields(message)) {
    if (field.number === 1) domain = textOf(field, limits.onnxNameBytesMax);
    if (field.number === 2) version = intOf(field);
  }
  if (opsets.size > 64) throw malformed('it names more than 64 sets of operators');
  opsets.set(domain === 'ai.onnx' ? '' : domain, version);
}

function requireOpset(opsets: ReadonlyMap<string, number>): number {
  const opset = opsets.get('');
  if (opset === undefined) throw malformed('it does not say which version of the operators it uses');
  if (opset >= opsetMin && opset <= opsetMax) return opset;
  throw new GraphFault('version', {
    message: `the model uses version ${opset} of ONNX's operators, and versions ${opsetMin} to ${opsetMax} are known`,
    try: 'Export it with opset_version=20',
  });
}

function readGraph(message: Uint8Array): Omit<ReadModel, 'opset' | 'producer'> {
  const nodes: OnnxNode[] = [];
  const initializers: ReadTensor[] = [];
  const [inputs, outputs]: [OnnxPort[], OnnxPort[]] = [[], []];
  const marks = new Map<string, ParameterMark>();
  let graphName = '';
  for (const field of readFields(message)) {
    switch (field.number) {
      case 1:
        if (nodes.push(readNode(bytesOf(field))) > limits.onnxNodesMax) throw tooMany('nodes', limits.onnxNodesMax);
        break;
      case 2:
        graphName = textOf(field, limits.onnxNameBytesMax);
        break;
      case 5: {
        const { tensor, metadata } = readTensor(bytesOf(field));
        if (initializers.push(tensor) > limits.tensorsMax) throw tooMany('tensors', limits.tensorsMax);
        addMark(marks, tensor.name, metadata);
        break;
      }
      case 11:
        if (inputs.push(readPort(bytesOf(field))) > limits.tensorsMax) throw tooMany('inputs', limits.tensorsMax);
        break;
      case 12:
        if (outputs.push(readPort(bytesOf(field))) > limits.tensorsMax) throw tooMany('outputs', limits.tensorsMax);
        break;
      case 13: {
        const { name, metadata } = readPortParts(bytesOf(field));
        addMark(marks, name, metadata);
        break;
      }
      case 15:
        throw new GraphFault('element_type', {
          message: 'the model has sparse tensors',
          try: 'Export it with dense ones',
        });
      default:
    }
  }
  return { graphName, ...checkNames({ nodes, initializers, inputs, outputs }), initializers, outputs, marks };
}

function tooMany(what: string, most: number): GraphFault {
  return new GraphFault('too_large', { message: `the model has more than ${most} ${what}` });
}

/**
 * Names are unique, and what nodes take exists. An initializer that also stands among the inputs (as older files have it)
 * is a default value there, and no input.
 */
function checkNames(
  graph: Pick<ReadModel, 'nodes' | 'initializers' | 'inputs' | 'outputs'>,
): Pick<ReadModel, 'nodes' | 'inputs'> {
  const known = new Set<string>();
  for (const { name } of graph.initializers) {
    if (name === '' || known.has(name)) throw malformed(`two tensors have the name "${name}"`);
    known.add(name);
  }
  const inputs = graph.inputs.filter(({ name }) => !known.has(name));
  for (const { name } of inputs) {
    if (name === '' || known.has(name)) throw malformed(`two inputs have the name "${name}"`);
    known.add(name);
  }
  const nodes = orderNodes(graph.nodes, known);
  const made = new Set([...known, ...nodes.flatMap(({ outputs }) => outputs)]);
  const missing = graph.outputs.find(({ name }) => !made.has(name));
  if (missing) throw malformed(`nothing computes the output "${missing.name}"`);
  return { nodes, inputs };
}

interface PortParts {
  readonly name: string;
  readonly type: Uint8Array | undefined;
  readonly metadata: readonly Uint8Array[];
}

/** ValueInfoProto. */
function readPortParts(message: Uint8Array): PortParts {
  let name = '';
  let type: Uint8Array | undefined;
  const metadata: Uint8Array[] = [];
  for (const field of readFields(message)) {
    if (field.number === 1) name = textOf(field, limits.onnxNameBytesMax);
    if (field.number === 2) type = bytesOf(field);
    if (field.number === 4) metadata.push(bytesOf(field));
  }
  return { name, type, metadata };
}

function readPort(message: Uint8Array): OnnxPort {
  const { name, type } = readPortParts(message);
  let tensorType: Uint8Array | undefined;
  for (const field of readFields(type ?? new Uint8Array(0))) if (field.number === 1) tensorType = bytesOf(field);
  if (!tensorType) throw new GraphFault('inputs_outputs', { message: `"${name}" is not a tensor` });
  let code = 0;
  let shape: Dimension[] | undefined;
  for (const field of readFields(tensorType)) {
    if (field.number === 1) code = intOf(field);
    if (field.number === 2) shape = readShape(bytesOf(field));
  }
  const element = elementTypeOf(code);
  if (!element) {
    throw new GraphFault('element_type', {
      message: `"${name}" has elements of ${elementCodeWords(code)}`,
      try: 'Export the network in float32',
    });
  }
  return { name, type: element, shape: shape ?? [] };
}

function readShape(message: Uint8Array): Dimension[] {
  const shape: Dimension[] = [];
  for (const field of readFields(message)) {
    if (field.number !== 1) continue;
    let dimension: Dimension = `dimension ${shape.length}`;
    for (const part of readFields(bytesOf(field))) {
      if (part.number === 1) dimension = intOf(part);
      if (part.number === 2) dimension = textOf(part, limits.onnxNameBytesMax);
    }
    if (shape.push(dimension) > limits.tensorRankMax) {
      throw new GraphFault('shape', { message: `an input or output has more than ${limits.tensorRankMax} dimensions` });
    }
  }
  return shape;
}

/** PyTorch writes `pkg.torch.export.graph_signature.InputSpec.kind` with the value PARAMETER or BUFFER. */
function addMark(marks: Map<string, ParameterMark>, name: string, metadata: readonly Uint8Array[]): void {
  if (metadata.length === 0 || marks.size >= limits.tensorsMax) return;
  const entries = new Map<string, string>();
  for (const entry of metadata) addEntry(entries, entry);
  for (const [key, value] of entries) {
    if (!key.endsWith('InputSpec.kind')) continue;
    if (value.includes('PARAMETER')) marks.set(name, 'parameter');
    if (value.includes('BUFFER')) marks.set(name, 'buffer');
  }
}
