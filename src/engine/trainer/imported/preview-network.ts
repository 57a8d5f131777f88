import { RoundscopeError, toErrorReport } from '#shared/base/errors.ts';
import type { NetworkPreview } from '#shared/contract/app/port-api.ts';
import { presetOf } from '#shared/contract/run/network-presets.ts';
import { parameterCount } from '#shared/tensor/parameter-set.ts';
import { openNetwork, planNetwork } from './plan-network.ts';
import { presetShape } from './presets.ts';

export interface PreviewNetworkJob {
  /** A well-known network, or the absolute path of a file. */
  readonly model: string;
}

/**
 * Looks at a network as a run would take it, for somebody who has not begun one. What is wrong with it is in the answer.
 * @throws the signal's reason when that aborts
 */
export async function previewNetwork({ model }: PreviewNetworkJob, signal: AbortSignal): Promise<NetworkPreview> {
  const preset = presetOf(model);
  // It has an output for each class of the data, which nobody has told.
  if (preset !== null)
    return { path: model, shape: [...presetShape(preset)], numClasses: null, parameters: null, fault: null };
  try {
    const network = await openNetwork(model, { signal });
    const { config } = planNetwork(network, {});
    const { inputShape: shape, numClasses } = config;
    return { path: model, shape, numClasses, parameters: parameterCount(network.tensors), fault: null };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof RoundscopeError)) throw error;
    return { path: model, shape: null, numClasses: null, parameters: null, fault: toErrorReport(error) };
  }
}
