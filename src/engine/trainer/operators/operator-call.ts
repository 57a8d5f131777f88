import type { ElementType } from '../onnx/element-types.ts';
import { GraphFault, type FaultReason } from '../onnx/graph-fault.ts';
import type { OnnxAttribute } from '../onnx/onnx-model.ts';
import type { Value, ValueType } from './value.ts';

/** An operator applied to values: what its rules for shapes, constants and gradients look at. */
export class OperatorCall {
  readonly type: string;
  /** Undefined where an optional input is left out. */
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
  readonly outputCount: number;
  /** Names the node to people. */
  readonly title: string;

  constructor(parts: {
    readonly type: string;
    readonly inputs: readonly (Value | undefined)[];
    readonly attributes: ReadonlyMap<string, OnnxAttribute>;
    readonly outputCount: number;
    readonly title: string;
  }) {
    this.type = parts.type;
    this.inputs = parts.inputs;
    this.attributes = parts.attributes;
    this.outputCount = parts.outputCount;
    this.title = parts.title;
  }

  input(index: number): Value {
    const value = this.inputs[index];
    if (!value) throw this.fault('shape', `its input ${index + 1} is missing`);
    return value;
  }

  int(name: string, otherwise: number): number {
    const attribute = this.attributes.get(name);
    if (!attribute) return otherwise;
    if (attribute.kind !== 'int') throw this.#wrongKind(name, attribute);
    return attribute.value;
  }

  float(name: string, otherwise: number): number {
    const attribute = this.attributes.get(name);
    if (!attribute) return otherwise;
    if (attribute.kind !== 'float') throw this.#wrongKind(name, attribute);
    return attribute.value;
  }

  text(name: string, otherwise: string): string {
    const attribute = this.attributes.get(name);
    if (!attribute) return otherwise;
    if (attribute.kind !== 'string') throw this.#wrongKind(name, attribute);
    return attribute.value;
  }

  ints(name: string): readonly number[] | undefined {
    const attribute = this.attributes.get(name);
    if (!attribute) return undefined;
    if (attribute.kind !== 'ints') throw this.#wrongKind(name, attribute);
    return attribute.value;
  }

  /** The numbers of an input that must be known before the graph runs; undefined where it is left out. */
  constantInts(index: number): readonly number[] | undefined {
    const value = this.inputs[index];
    if (!value) return undefined;
    if (value.constant) return [...value.constant];
    throw this.fault(
      'shape',
      `its input ${index + 1} is computed while the network runs, and shapes must be known before`,
      'Export with fixed sizes, so that only the batch is free',
    );
  }

  /** As `constantInts`, from an input or, in older versions of the operator, an attribute. */
  intsFromEither(index: number, attribute: string): readonly number[] | undefined {
    return this.constantInts(index) ?? this.ints(attribute);
  }

  /** An axis counted from the front. */
  axis(axis: number, rank: number): number {
    if (Number.isInteger(axis) && axis >= -rank && axis < Math.max(rank, 1)) return axis < 0 ? axis + rank : axis;
    throw this.fault('attribute', `it works on axis ${axis} of a tensor of ${rank} dimensions`);
  }

  axes(axes: readonly number[], rank: number): number[] {
    return axes.map((axis) => this.axis(axis, rank));
  }

  fault(reason: FaultReason, message: string, hint?: string): GraphFault {
    return new GraphFault(reason, { message, node: this.title, ...(hint === undefined ? {} : { try: hint }) });
  }

  #wrongKind(name: string, attribute: OnnxAttribute): GraphFault {
    return this.fault('attribute', `its attribute ${name} is ${attribute.kind}`);
  }
}

/** What is known of an operator besides its gradient. */
export interface Operator {
  /** Types and shapes of its outputs. @throws GraphFault */
  readonly infer: (call: OperatorCall) => readonly ValueType[];
  /** Elements of its first output, when all inputs are constant; undefined where that is left to the runtime. */
  readonly fold?: (call: OperatorCall, output: ValueType) => ArrayLike<number> | undefined;
  /** Folds from the shape of its input, whatever the elements are. */
  readonly ofShape?: true;
}

export type OperatorTable = Readonly<Record<string, Operator>>;

export function typed(type: ElementType, shape: readonly number[]): ValueType {
  return { type, shape };
}

/** Elements of an input that is known to be constant. */
export function elementsOf(call: OperatorCall, index: number): Float64Array {
  return call.input(index).constant ?? new Float64Array(0);
}
