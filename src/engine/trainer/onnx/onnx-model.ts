import type { TensorData } from '#shared/tensor/tensor.ts';
import type { ElementType } from './element-types.ts';

/** A constant of a graph: weights, shapes, indices. `data.length` is the product of `shape`. */
export interface OnnxTensor {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** Integers beyond 2^53 (such as the largest int64, "to the end") are held as the nearest number. */
export type OnnxAttribute =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'tensor'; readonly value: OnnxTensor }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'strings'; readonly value: readonly string[] };

export interface OnnxNode {
  readonly type: string;
  readonly name: string;
  /** Names of values; '' where an optional one is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

/** A dimension is a number or the name of one that is chosen later, such as `batch`. */
export type Dimension = number | string;

export interface OnnxPort {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly Dimension[];
}

/** What PyTorch's exporter says of an initializer: that it trains, or that it is kept beside (running statistics). */
export type ParameterMark = 'parameter' | 'buffer';

/** The part of an ONNX model that a network for training has; documentation, stack traces and metadata are dropped. */
export interface OnnxModel {
  readonly opset: number;
  readonly producer: string;
  readonly graphName: string;
  /** Each after the nodes whose outputs it takes. */
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
  /** By name of the initializer. */
  readonly marks: ReadonlyMap<string, ParameterMark>;
}
