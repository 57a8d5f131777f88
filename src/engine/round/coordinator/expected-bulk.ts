import type { ExpectedBulk } from '#engine/link/transfer/inbox.ts';
import type { ParameterLayout } from '#shared/tensor/parameter-set.ts';
import type { PayloadCodec } from '../payload-codec.ts';

/** What a coordinator takes from whoever takes part: nothing longer than a model of the run. */
export function updatesOf(codec: PayloadCodec, layout: ParameterLayout): ExpectedBulk {
  return { kinds: ['model_update'], bytesMax: codec.sizeOf(layout) };
}

/** What a participant takes from the coordinator, once it has checked the plan. */
export function modelsOf(codec: PayloadCodec, layout: ParameterLayout): ExpectedBulk {
  return { kinds: ['global_model'], bytesMax: codec.sizeOf(layout) };
}
