import { layerListSchema } from '#shared/contract/run/model-config.ts';
import type { LayerConfig, LayerListModel } from '#shared/contract/run/model-config.ts';
import { limits } from '#shared/contract/limits.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import { parameterCount, type ParameterLayout } from '#shared/tensor/parameter-set.ts';
import { elementCount } from '#shared/tensor/tensor.ts';

/** A layer with what follows from its place: shapes of one example, and the names of its parameters if it has any. */
export interface PlannedLayer {
  readonly config: LayerConfig;
  /** [channels, height, width], or [features] after `flatten`. */
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
  /** Kernel and bias. */
  readonly parameters: ParameterLayout;
}

/** A layer list that has been found to fit together. */
export interface ModelPlan {
  readonly config: LayerListModel;
  readonly layers: readonly PlannedLayer[];
  readonly layout: ParameterLayout;
  readonly parameterCount: number;
  /** Elements of all layers' outputs for one example: what a training step keeps for the way back. */
  readonly activationCount: number;
}

/**
 * Checks a model from outside (the coordinator names it) and works out all shapes, before anything is allocated.
 * @returns the plan, or one sentence that names the layer at fault
 */
export function planModel(input: unknown): Result<ModelPlan, string> {
  const parsed = layerListSchema.safeParse(input);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return err(`the layer list is not valid: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim());
  }
  const config = parsed.data;
  const layers: PlannedLayer[] = [];
  const namesTaken = new Map<string, number>();
  let shape: readonly number[] = config.inputShape;
  for (const [i, layer] of config.layers.entries()) {
    const planned = planLayer(layer, shape, namesTaken);
    if (!planned.ok) return err(`layer ${i + 1} (${layer.type}): ${planned.error}`);
    layers.push(planned.value);
    shape = planned.value.outputShape;
  }
  const last = config.layers.at(-1);
  if (last?.type !== 'dense' || last.activation !== 'none' || last.units !== config.numClasses) {
    return err(`the last layer must be dense with ${config.numClasses} units and no activation`);
  }
  const layout = layers.flatMap((layer) => layer.parameters);
  const activationCount = layers.reduce((sum, layer) => sum + elementCount(layer.outputShape), 0);
  const count = parameterCount(layout);
  if (count * 4 > limits.payloadBytesMax) return err(`${count} parameters are more than a message can carry`);
  return ok({ config, layers, layout, parameterCount: count, activationCount });
}

function planLayer(
  config: LayerConfig,
  inputShape: readonly number[],
  namesTaken: Map<string, number>,
): Result<PlannedLayer, string> {
  const [channels, height, width] = inputShape;
  const isImage = inputShape.length === 3;
  switch (config.type) {
    case 'conv2d': {
      if (!isImage || !channels || !height || !width) return err('needs an image, but the layers before it flatten it');
      const size = config.kernelSize;
      if (height < size || width < size)
        return err(`kernel ${size}x${size} is larger than its ${height}x${width} input`);
      return ok({
        config,
        inputShape,
        outputShape: [config.filters, height - size + 1, width - size + 1],
        parameters: kernelAndBias(takeName('conv2d', namesTaken), [config.filters, channels, size, size]),
      });
    }
    case 'max_pool': {
      if (!isImage || !channels || !height || !width) return err('needs an image, but the layers before it flatten it');
      const { size } = config;
      if (height < size || width < size)
        return err(`window ${size}x${size} is larger than its ${height}x${width} input`);
      const outputShape = [channels, Math.floor(height / size), Math.floor(width / size)];
      return ok({ config, inputShape, outputShape, parameters: [] });
    }
    case 'flatten':
      return ok({ config, inputShape, outputShape: [elementCount(inputShape)], parameters: [] });
    case 'dense': {
      if (isImage) return err('needs a flatten layer before it');
      const parameters = kernelAndBias(takeName('dense', namesTaken), [config.units, elementCount(inputShape)]);
      return ok({ config, inputShape, outputShape: [config.units], parameters });
    }
  }
}

/** As Keras names layers: `dense`, `dense_1`, `dense_2`. */
function takeName(type: string, taken: Map<string, number>): string {
  const used = taken.get(type) ?? 0;
  taken.set(type, used + 1);
  return used === 0 ? type : `${type}_${used}`;
}

/** Kernels are [outputs, inputs, ...], as PyTorch and ONNX lay them out. */
function kernelAndBias(name: string, kernelShape: readonly number[]): ParameterLayout {
  return [
    { name: `${name}.kernel`, shape: kernelShape },
    { name: `${name}.bias`, shape: [kernelShape[0] as number] },
  ];
}
