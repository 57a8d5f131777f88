import type { ExpectedBulk } from '#engine/link/transfer/inbox.ts';
import type { GraphReference } from '#shared/contract/run/model-config.ts';
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

/** What a participant takes before that: the network of the plan, and nothing longer. */
export function graphOf({ bytes }: GraphReference): ExpectedBulk {
  return { kinds: ['model_graph'], bytesMax: bytes };
}
