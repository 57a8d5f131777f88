import { seededRandom } from '#shared/base/random.ts';
import { elementCount } from '#shared/tensor/tensor.ts';
import type { OnnxAttribute, OnnxNode, OnnxTensor } from '#engine/trainer/onnx/onnx-model.ts';
import type { GraphInput } from '#engine/trainer/runtime.ts';
import type { Network } from './check-gradients.ts';

/** One operator and what goes in: a shape to take gradients by, fixed numbers, or nothing. */
export interface NodeCase {
  readonly op: string;
  /** Where it differs from other cases of the operator. */
  readonly about?: string;
  readonly inputs: readonly CaseInput[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  readonly outputs?: number;
  /** Of random elements, from a standard normal number. */
  readonly element?: (normal: number) => number;
}

export type CaseInput =
  | readonly number[]
  | { readonly int64s: readonly number[]; readonly shape?: readonly number[] }
  | { readonly floats: readonly number[]; readonly shape?: readonly number[] }
  | { readonly bools: readonly number[]; readonly shape: readonly number[] }
  | undefined;

export function singleNode(one: NodeCase): {
  readonly network: Network;
  readonly given: ReadonlyMap<string, GraphInput>;
} {
  const random = seededRandom(`${one.op} ${one.about ?? ''}`);
  const given = new Map<string, GraphInput>();
  const initializers: OnnxTensor[] = [];
  const names = one.inputs.map((input, i) => {
    const name = input === undefined ? '' : `input${i}`;
    if (input === undefined) return name;
    if (!('length' in input)) initializers.push(fixed(name, input));
    else {
      const element = one.element ?? ((normal: number): number => normal);
      given.set(name, {
        shape: input,
        data: new Float32Array(elementCount(input)).map(() => element(random.normal())),
      });
    }
    return name;
  });
  const outputs = Array.from({ length: one.outputs ?? 1 }, (_, i) => `output${i}`);
  const attributes = new Map(Object.entries(one.attributes ?? {}));
  const node: OnnxNode = { type: one.op, name: 'tested', inputs: names, outputs, attributes };
  const ports = (list: readonly string[]): Network['outputs'] =>
    list.map((name) => ({ name, type: 'float32', shape: [] }));
  return { network: { nodes: [node], initializers, inputs: ports([...given.keys()]), outputs: ports(outputs) }, given };
}

function fixed(name: string, input: Exclude<CaseInput, readonly number[] | undefined>): OnnxTensor {
  if ('int64s' in input) {
    const data = BigInt64Array.from(input.int64s, (value) => BigInt(value));
    return { name, type: 'int64', shape: input.shape ?? [data.length], data };
  }
  if ('bools' in input) return { name, type: 'bool', shape: input.shape, data: Uint8Array.from(input.bools) };
  return { name, type: 'float32', shape: input.shape ?? [input.floats.length], data: Float32Array.from(input.floats) };
}
