import type { Random } from '#shared/base/random.ts';
import { elementCount } from '#shared/tensor/tensor.ts';
import type { NetworkPreset } from '#shared/contract/run/network-presets.ts';
import type { OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor } from '../onnx/onnx-model.ts';
import { int, ints } from '../operators/attributes.ts';

interface Plan {
  readonly side: number;
  /** Filters, or `pool`: a 2x2 maximum. */
  readonly layers: readonly (number | 'pool')[];
  readonly kernel: number;
  readonly padding: number;
  readonly hidden: number;
}

const plans: Readonly<Record<NetworkPreset, Plan>> = {
  /** McMahan et al. 2017, arXiv:1602.05629, section 3: "a CNN with two 5x5 convolution layers"; 1,663,370 parameters for 10 classes. */
  mnist: { side: 28, layers: [32, 'pool', 64, 'pool'], kernel: 5, padding: 2, hidden: 512 },
  /** The field's classifier of 48x48 grey faces; 2,345,607 parameters for 7 classes. */
  emotion: { side: 48, layers: [32, 64, 'pool', 128, 'pool', 128, 'pool'], kernel: 3, padding: 0, hidden: 1024 },
};

/** Shape of what a network of ours takes. */
export function presetShape(preset: NetworkPreset): readonly [1, number, number] {
  const { side } = plans[preset];
  return [1, side, side];
}

/**
 * A well-known network as PyTorch would export it, with weights drawn as `initialParameters` does: kernels normal with
 * variance 2 / inputs (He et al. 2015, arXiv:1502.01852), the last ones at a tenth of that, biases zero.
 */
export function presetModel(preset: NetworkPreset, classes: number, random: Random): OnnxModel {
  const { side, layers, kernel, padding, hidden } = plans[preset];
  const build = new Builder(random);
  let [channels, size] = [1, side];
  for (const layer of layers) {
    if (layer === 'pool') {
      build.add('MaxPool', [], { kernel_shape: ints([2, 2]), strides: ints([2, 2]) });
      size = Math.floor(size / 2);
      continue;
    }
    build.convolution([layer, channels, kernel, kernel], padding);
    [channels, size] = [layer, size + 2 * padding - kernel + 1];
  }
  build.add('Flatten', []);
  build.dense([hidden, channels * size * size]);
  build.add('Relu', []);
  const output = build.dense([classes, hidden], 0.1);
  return {
    opset: 20,
    producer: 'roundscope',
    graphName: preset,
    nodes: build.nodes,
    initializers: build.initializers,
    inputs: [{ name: 'x', type: 'float32', shape: ['batch', ...presetShape(preset)] }],
    outputs: [{ name: output, type: 'float32', shape: ['batch', classes] }],
    marks: new Map(build.initializers.map(({ name }) => [name, 'parameter'])),
  };
}

class Builder {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  readonly #random: Random;
  #value = 'x';
  #convolutions = 0;
  #dense = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** On the value so far. */
  add(type: string, parameters: readonly string[], attributes: Readonly<Record<string, OnnxAttribute>> = {}): string {
    const inputs = [this.#value, ...parameters];
    this.#value = `value.${this.nodes.length}`;
    const name = parameters[0]?.replace('.weight', '') ?? '';
    this.nodes.push({ type, name, inputs, outputs: [this.#value], attributes: new Map(Object.entries(attributes)) });
    return this.#value;
  }

  convolution(kernel: readonly number[], padding: number): void {
    const parameters = this.#parameters(`conv${++this.#convolutions}`, kernel, 1);
    this.add('Conv', parameters, {
      kernel_shape: ints(kernel.slice(2)),
      pads: ints(new Array<number>(4).fill(padding)),
    });
    this.add('Relu', []);
  }

  dense(kernel: readonly number[], scale = 1): string {
    return this.add('Gemm', this.#parameters(`fc${++this.#dense}`, kernel, scale), { transB: int(1) });
  }

  #parameters(layer: string, kernel: readonly number[], scale: number): readonly string[] {
    const [weight, bias] = [`${layer}.weight`, `${layer}.bias`];
    const deviation = Math.sqrt(2 / elementCount(kernel.slice(1))) * scale;
    const stream = this.#random.fork(weight);
    const data = Float32Array.from({ length: elementCount(kernel) }, () => stream.normal() * deviation);
    const [outputs = 0] = kernel;
    this.initializers.push(
      { name: weight, type: 'float32', shape: kernel, data },
      { name: bias, type: 'float32', shape: [outputs], data: new Float32Array(outputs) },
    );
    return [weight, bias];
  }
}
