import type { OnnxAttribute, OnnxModel, OnnxNode } from '../onnx/onnx-model.ts';
import { int, ints } from '../operators/attributes.ts';
import type { ModelPlan, PlannedLayer } from './model-plan.ts';

/** What of a model a graph is built from. */
export type Network = Pick<OnnxModel, 'nodes' | 'initializers' | 'inputs' | 'outputs'>;

/** A layer list as the network that any other program would export: the input `images`, the output `logits`. */
export function layerModel(plan: ModelPlan): Network {
  const nodes: OnnxNode[] = [];
  const add = (
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): string => {
    const output = `value.${nodes.length}`;
    nodes.push({ type, name: '', inputs, outputs: [output], attributes: new Map(Object.entries(attributes)) });
    return output;
  };
  let value = 'images';
  for (const layer of plan.layers) value = addLayer(layer, value, add);
  const { inputShape, numClasses } = plan.config;
  return {
    nodes,
    initializers: [],
    inputs: [
      { name: 'images', type: 'float32', shape: ['batch', ...inputShape] },
      ...plan.layout.map(({ name, shape }) => ({ name, type: 'float32' as const, shape })),
    ],
    outputs: [{ name: value, type: 'float32', shape: ['batch', numClasses] }],
  };
}

type Add = (type: string, inputs: readonly string[], attributes?: Readonly<Record<string, OnnxAttribute>>) => string;

function addLayer({ config, parameters }: PlannedLayer, input: string, add: Add): string {
  const inputs = [input, ...parameters.map(({ name }) => name)];
  const activated = (value: string, activation: 'relu' | 'none'): string =>
    activation === 'relu' ? add('Relu', [value]) : value;
  switch (config.type) {
    case 'conv2d': {
      const size = [config.kernelSize, config.kernelSize];
      return activated(add('Conv', inputs, { kernel_shape: ints(size) }), config.activation);
    }
    case 'max_pool': {
      const size = ints([config.size, config.size]);
      return add('MaxPool', inputs, { kernel_shape: size, strides: size });
    }
    case 'flatten':
      return add('Flatten', inputs);
    case 'dense':
      return activated(add('Gemm', inputs, { transB: int(1) }), config.activation);
  }
}
