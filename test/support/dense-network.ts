import type { OnnxModel, OnnxNode } from '#engine/trainer/onnx/onnx-model.ts';
import { writeModel } from '#engine/trainer/onnx/write-model.ts';
import { int } from '#engine/trainer/operators/attributes.ts';
import { elementCount } from '#shared/tensor/tensor.ts';

/** A classifier with one dense layer as PyTorch would export it, with what trains marked. */
export function writeDense(
  inputShape: readonly number[],
  classes: number,
  /** Behind the layer, which gives `y`; the last one gives `z`. */
  more: readonly OnnxNode[] = [],
  value = 0.01,
): Uint8Array {
  const inputs = elementCount(inputShape);
  const layer: readonly OnnxNode[] = [
    { type: 'Flatten', name: 'flat', inputs: ['x'], outputs: ['flat'], attributes: new Map() },
    {
      type: 'Gemm',
      name: 'dense',
      inputs: ['flat', 'dense.weight', 'dense.bias'],
      outputs: ['y'],
      attributes: new Map([['transB', int(1)]]),
    },
  ];
  const random = (length: number): Float32Array =>
    Float32Array.from({ length }, (_, i) => (i % 7 === 1 ? value : 0.02 * ((i % 5) - 2)));
  const model: Omit<OnnxModel, 'producer' | 'marks'> = {
    opset: 20,
    graphName: 'main_graph',
    nodes: [...layer, ...more],
    initializers: [
      { name: 'dense.weight', type: 'float32', shape: [classes, inputs], data: random(classes * inputs) },
      { name: 'dense.bias', type: 'float32', shape: [classes], data: random(classes) },
    ],
    inputs: [{ name: 'x', type: 'float32', shape: ['batch', ...inputShape] }],
    outputs: [{ name: more.length > 0 ? 'z' : 'y', type: 'float32', shape: ['batch', classes] }],
  };
  return writeModel(model, { marks: new Map(model.initializers.map(({ name }) => [name, 'parameter'])) });
}
