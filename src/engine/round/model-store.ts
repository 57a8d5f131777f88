import type { Hash } from '#shared/contract/ids.ts';
import type { Tensor } from '#shared/tensor/tensor.ts';

/** Who keeps global models for people; a model and the end of its round may come in either order. */
export interface ModelStore {
  arrived(hash: Hash, tensors: readonly Tensor[]): void;
  evaluated(model: { readonly hash: Hash; readonly round: number; readonly accuracy: number }): void;
}
