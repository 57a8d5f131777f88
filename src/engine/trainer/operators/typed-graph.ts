import { assert } from '#shared/base/assert.ts';
import { limits } from '#shared/contract/limits.ts';
import { elementCount, type TensorData } from '#shared/tensor/tensor.ts';
import { bytesOfElement, isFloat, zerosOf, type ElementType } from '../onnx/element-types.ts';
import { GraphFault } from '../onnx/graph-fault.ts';
import type { OnnxAttribute, OnnxModel, OnnxNode, OnnxPort, OnnxTensor } from '../onnx/onnx-model.ts';
import { toInt64 } from '../onnx/protobuf-writer.ts';
import { numbersOf } from './constants.ts';
import { OperatorCall } from './operator-call.ts';
import { findOperator } from './operators.ts';
import type { Value, ValueType } from './value.ts';

/** Elements of a constant that is worked out here; what is larger is left to the runtime... */
const foldedElementsMax = 65_536;
/** ...and of all of them together beside some times what the file itself has: a node is some bytes of it, and makes so many of nothing. */
const foldedInAllMax = 8 * 1024 * 1024;
const timesGiven = 8;

/** A network of `onnxNodesMax` nodes with its backward pass and its optimizer. */
const nodesMax = limits.onnxNodesMax * 10;

export interface CallOptions {
  readonly attributes?: Readonly<Record<string, OnnxAttribute>> | ReadonlyMap<string, OnnxAttribute>;
  readonly outputs?: number;
  /** The node of the network that this comes from, named in faults. */
  readonly title?: string;
}

/** A node that stands in the graph: what a backward pass starts from. */
export interface PlacedCall extends OperatorCall {
  readonly outputs: readonly Value[];
}

/**
 * A graph that grows node by node. Each is checked and gets its outputs' shapes when it is added; one whose inputs are all
 * known is computed at once and leaves a constant. So whoever adds nodes sees shapes, and no wrong graph reaches the runtime.
 */
export class TypedGraph {
  readonly #opset: number;
  readonly #nodes: OnnxNode[] = [];
  readonly #inputs: OnnxPort[] = [];
  readonly #outputs: OnnxPort[] = [];
  readonly #initializers: OnnxTensor[] = [];
  readonly #calls: PlacedCall[] = [];
  readonly #scalars = new Map<string, Value>();
  /** Names of values that stand in the graph; constants join when a node takes them. */
  readonly #placed = new Set<string>();
  #edges = 0;
  #bytes = 0;
  #folded = 0;
  /** Elements of weights and other data. */
  #given = 0;

  constructor({ opset }: { readonly opset: number }) {
    this.#opset = opset;
  }

  /** Nodes so far, in the order of computation. */
  get calls(): readonly PlacedCall[] {
    return this.#calls;
  }

  /** Bytes of all values that nodes compute: no step needs more at once. */
  get bytes(): number {
    return this.#bytes;
  }

  get outputNames(): readonly string[] {
    return this.#outputs.map(({ name }) => name);
  }

  input(name: string, type: ElementType, shape: readonly number[]): Value {
    this.#place(name);
    this.#inputs.push({ name, type, shape });
    return { name, type, shape, constant: undefined };
  }

  /** Weights or other data that stay as they are. Few elements are also known to those who look at shapes. */
  data(tensor: Omit<OnnxTensor, 'name'>): Value {
    const { type, shape } = tensor;
    this.#given += tensor.data.length;
    if (tensor.data.length <= foldedElementsMax) return this.constant(type, shape, numbersOf(tensor));
    const name = this.#edge();
    this.#place(name);
    this.#initializers.push({ ...tensor, name });
    return { name, type, shape, constant: undefined };
  }

  constant(type: ElementType, shape: readonly number[], elements: ArrayLike<number>): Value {
    assert(elements.length === elementCount(shape), `a constant [${shape.join(', ')}] of ${elements.length} elements`);
    return { name: this.#edge(), type, shape, constant: rounded(type, elements) };
  }

  scalar(value: number, type: ElementType = 'float32'): Value {
    const key = `${type} ${value}`;
    const known = this.#scalars.get(key);
    if (known) return known;
    const made = this.constant(type, [], [value]);
    if (this.#scalars.size < 1000) this.#scalars.set(key, made);
    return made;
  }

  int64s(values: readonly number[]): Value {
    return this.constant('int64', [values.length], values);
  }

  /** Adds a node with one output. */
  op(
    type: string,
    inputs: readonly (Value | undefined)[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): Value {
    return this.call(type, inputs, { attributes })[0] as Value;
  }

  /** Adds a node. @throws GraphFault when it does not fit */
  call(type: string, inputs: readonly (Value | undefined)[], options: CallOptions = {}): readonly Value[] {
    const { attributes = {}, outputs = 1 } = options;
    const title = options.title ?? `${type} of the training step`;
    const asMap = isMap(attributes) ? attributes : new Map(Object.entries(attributes));
    const call = new OperatorCall({ type, inputs, attributes: asMap, outputCount: outputs, title });
    const operator = findOperator(type);
    if (!operator) throw unknownOperator(call);
    const types = operator.infer(call);
    for (const one of types) requireSize(call, one);
    const [first] = types;
    if (types.length < outputs || !first) throw call.fault('inputs_outputs', `it has ${outputs} outputs`);
    if (outputs === 1 && operator.fold && elementCount(first.shape) <= foldedElementsMax) {
      const known = operator.ofShape ?? inputs.every((value) => value === undefined || value.constant);
      if (known) this.#countFolded(call, elementCount(first.shape));
      const elements = known ? operator.fold(call, first) : undefined;
      if (elements) return [this.constant(first.type, first.shape, elements)];
    }
    return this.#add(call, types);
  }

  /** Gives a value its public name; through an Identity, since one value may be several outputs. */
  output(name: string, value: Value): void {
    const { type, shape } = value;
    this.#place(name);
    this.#node('Identity', [this.#use(value)], { outputs: [name], attributes: new Map() });
    this.#outputs.push({ name, type, shape });
  }

  model(graphName: string): Omit<OnnxModel, 'producer' | 'marks'> {
    return {
      opset: this.#opset,
      graphName,
      nodes: this.#nodes,
      initializers: this.#initializers,
      inputs: this.#inputs,
      outputs: this.#outputs,
    };
  }

  #countFolded(call: OperatorCall, elements: number): void {
    this.#folded += elements;
    const most = foldedInAllMax + timesGiven * this.#given;
    if (this.#folded <= most) return;
    throw call.fault('too_large', `with it the network has more than ${most} numbers that are made of constants`);
  }

  #add(call: OperatorCall, types: readonly ValueType[]): readonly Value[] {
    const values = types.map(({ type, shape }): Value => ({ name: this.#edge(), type, shape, constant: undefined }));
    const inputs = call.inputs.map((value) => (value ? this.#use(value) : ''));
    while (inputs.at(-1) === '') inputs.pop();
    for (const value of values) {
      this.#place(value.name);
      this.#bytes += elementCount(value.shape) * bytesOfElement(value.type);
    }
    this.#node(call.type, inputs, { outputs: values.map(({ name }) => name), attributes: call.attributes });
    this.#calls.push(Object.assign(call, { outputs: values }));
    return values;
  }

  #node(type: string, inputs: readonly string[], rest: Pick<OnnxNode, 'outputs' | 'attributes'>): void {
    const name = `${type}_${rest.outputs[0] ?? ''}`;
    if (this.#nodes.push({ type, name, inputs, ...rest }) > nodesMax) {
      throw new GraphFault('too_large', {
        message: `A training step of this network has more than ${nodesMax} nodes`,
        try: 'Use shorter sequences or smaller kernels',
      });
    }
  }

  /** The name of a value for a node that takes it; a constant is written down the first time. */
  #use(value: Value): string {
    if (value.constant && !this.#placed.has(value.name)) {
      this.#place(value.name);
      const { name, type, shape } = value;
      this.#initializers.push({ name, type, shape, data: arrayOf(type, value.constant) });
    }
    return value.name;
  }

  #place(name: string): void {
    assert(!this.#placed.has(name), `two values of a graph are called ${name}`);
    this.#placed.add(name);
  }

  #edge(): string {
    return `e${this.#edges++}`;
  }
}

function isMap(attributes: NonNullable<CallOptions['attributes']>): attributes is ReadonlyMap<string, OnnxAttribute> {
  return attributes instanceof Map;
}

function unknownOperator(call: OperatorCall): GraphFault {
  const loop = ['Loop', 'If', 'Scan'].includes(call.type) || call.type.startsWith('Sequence');
  return call.fault(
    loop ? 'control_flow' : 'operator',
    loop ? 'loops, branches and sequences cannot be differentiated' : 'this operator is not known here',
    loop ? 'Export with fixed sequence lengths' : 'Export without optimization, or build the network from other layers',
  );
}

function requireSize(call: OperatorCall, { type, shape }: ValueType): void {
  if (
    shape.length > limits.tensorRankMax ||
    shape.some((dimension) => !Number.isSafeInteger(dimension) || dimension < 0)
  ) {
    throw call.fault('shape', `its output would be [${shape.slice(0, 16).join(', ')}]`);
  }
  const bytes = elementCount(shape) * bytesOfElement(type);
  if (bytes <= limits.trainingStepBytesMax) return;
  throw call.fault(
    'too_large',
    `its output [${shape.join(', ')}] would have ${Math.ceil(bytes / 2 ** 20)} MiB`,
    'Use smaller batches or a smaller network',
  );
}

/** As the type holds them. */
function rounded(type: ElementType, elements: ArrayLike<number>): Float64Array {
  if (type === 'float32') return Float64Array.from(elements, Math.fround);
  return isFloat(type) ? Float64Array.from(elements) : Float64Array.from(elements, Math.trunc);
}

function arrayOf(type: ElementType, elements: Float64Array): TensorData {
  const data = zerosOf(type, elements.length);
  if (data instanceof BigInt64Array) elements.forEach((value, i) => (data[i] = toInt64(value)));
  else elements.forEach((value, i) => (data[i] = value as never));
  return data;
}
