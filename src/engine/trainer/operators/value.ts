import type { ElementType } from '../onnx/element-types.ts';

export interface ValueType {
  readonly type: ElementType;
  /** All dimensions are known: the batch is chosen before a graph is built. */
  readonly shape: readonly number[];
}

/** An edge of a graph. Names are unique in it. */
export interface Value extends ValueType {
  readonly name: string;
  /** Its elements, if they are few and known before the graph runs; as numbers, whatever the type. */
  readonly constant: Float64Array | undefined;
}

/** The shape that NumPy's broadcasting gives; undefined where two do not fit. */
export function broadcastShape(shapes: readonly (readonly number[])[]): readonly number[] | undefined {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    let dimension = 1;
    for (const shape of shapes) {
      const own = shape[axis - rank + shape.length] ?? 1;
      if (own === 1 || own === dimension) continue;
      if (dimension !== 1) return undefined;
      dimension = own;
    }
    result.push(dimension);
  }
  return result;
}

/** Elements between neighbors along each axis, in row-major order. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] as number) * (shape[axis + 1] as number);
  }
  return strides;
}

/** Calls `visit` for each position of a shape, in row-major order. */
export function forEachPosition(
  shape: readonly number[],
  visit: (position: readonly number[], flat: number) => void,
): void {
  const count = shape.reduce((product, dimension) => product * dimension, 1);
  const position = shape.map(() => 0);
  for (let flat = 0; flat < count; flat++) {
    visit(position, flat);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (position[axis] as number) + 1;
      position[axis] = next === shape[axis] ? 0 : next;
      if (next !== shape[axis]) break;
    }
  }
}
