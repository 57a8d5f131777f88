import { encodeFloat, encodeInput, encodeInt64s, encodeModel, encodeNode, encodeOutput } from './onnx-proto.ts';
import type { OnnxAttribute } from './onnx-proto.ts';

/** A float32 value inside a graph: the name of an edge and its shape, the batch first. */
export interface GraphValue {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface OpOptions {
  /** Edge names; constants come from `int64s` and `float`. */
  readonly inputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

/** Collects nodes in the order in which they are computed and writes them as one ONNX model. */
export class GraphBuilder {
  readonly #parts: Uint8Array[] = [];
  readonly #outputs = new Set<string>();
  #edges = 0;

  input(name: string, shape: readonly number[]): GraphValue {
    this.#parts.push(encodeInput(name, shape));
    return { name, shape };
  }

  /** Gives a value its public name; through an Identity, since one edge may be several outputs. */
  output(name: string, value: GraphValue): void {
    this.#outputs.add(name);
    this.#node('Identity', { inputs: [value.name] }, [name]);
    this.#parts.push(encodeOutput(name, value.shape));
  }

  get outputNames(): readonly string[] {
    return [...this.#outputs];
  }

  /** Adds a node with one output of the given shape. */
  op(type: string, shape: readonly number[], options: OpOptions): GraphValue {
    const name = this.#edge();
    this.#node(type, options, [name]);
    return { name, shape };
  }

  /** Adds a node with two outputs; the second one's name is returned as it is (indices, of no float type). */
  opWithIndices(type: string, shape: readonly number[], options: OpOptions): { value: GraphValue; indices: string } {
    const [name, indices] = [this.#edge(), this.#edge()];
    this.#node(type, options, [name, indices]);
    return { value: { name, shape }, indices };
  }

  int64s(values: readonly number[]): string {
    const name = this.#edge();
    this.#parts.push(encodeInt64s(name, values));
    return name;
  }

  float(value: number): string {
    const name = this.#edge();
    this.#parts.push(encodeFloat(name, value));
    return name;
  }

  reshape(value: GraphValue, shape: readonly number[]): GraphValue {
    return this.op('Reshape', shape, { inputs: [value.name, this.int64s(shape)] });
  }

  transpose(value: GraphValue, permutation: readonly number[]): GraphValue {
    const shape = permutation.map((axis) => value.shape[axis] as number);
    return this.op('Transpose', shape, { inputs: [value.name], attributes: { perm: permutation } });
  }

  /** Sum over `axes`, which disappear. */
  sum(value: GraphValue, axes: readonly number[]): GraphValue {
    const shape = value.shape.filter((_, axis) => !axes.includes(axis));
    return this.op('ReduceSum', shape, { inputs: [value.name, this.int64s(axes)], attributes: { keepdims: 0 } });
  }

  encode(graphName: string): Uint8Array {
    return encodeModel(graphName, this.#parts);
  }

  #edge(): string {
    return `e${this.#edges++}`;
  }

  #node(type: string, { inputs, attributes = {} }: OpOptions, outputs: readonly string[]): void {
    this.#parts.push(encodeNode({ type, name: `${type}_${outputs[0] ?? ''}`, inputs, outputs, attributes }));
  }
}
