import type { RoundscopeError } from '#shared/base/errors.ts';
import type { Result } from '#shared/base/result.ts';
import type { Hash } from '#shared/contract/ids.ts';
import type { ParameterLayout } from '#shared/tensor/parameter-set.ts';
import type { Tensor } from '#shared/tensor/tensor.ts';

/** How parameters become bytes and back, given by the process: rounds know neither format nor hash. */
export interface PayloadCodec {
  encode(tensors: readonly Tensor[]): Uint8Array;
  decode(bytes: Uint8Array): Result<readonly Tensor[], RoundscopeError>;
  /** Length in bytes of a model of that layout: what `encode` makes of it. */
  sizeOf(layout: ParameterLayout): number;
  /** Content hash, by which models and contributions are known. */
  hash(bytes: Uint8Array): Hash;
}
