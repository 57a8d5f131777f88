import { limits } from '#shared/contract/limits.ts';
import { parameterCount, type ParameterLayout } from '#shared/tensor/parameter-set.ts';
import { isFloat } from '../onnx/element-types.ts';
import { GraphFault, nodeTitle } from '../onnx/graph-fault.ts';
import type { OnnxModel, OnnxPort, OnnxTensor } from '../onnx/onnx-model.ts';

/** A network from outside that has been found fit for training: one input, one output, and parameters by their own names. */
export interface TrainableModel {
  /** Its initializers are those of which the values are known. */
  readonly model: OnnxModel;
  readonly inputName: string;
  /** Of one example. */
  readonly inputShape: readonly number[];
  /** Parameters and running statistics, in the order of the file: what a participant gets and sends back. */
  readonly tensors: ParameterLayout;
  /** Names of those that the optimizer changes. */
  readonly trained: readonly string[];
}

/** A model of which the values of parameters may lie elsewhere. */
export type OutlinedModel = Omit<OnnxModel, 'initializers'> & {
  readonly initializers: readonly (Omit<OnnxTensor, 'data'> & { readonly data?: OnnxTensor['data'] | undefined })[];
};

/** How a network is exported so that its tensors keep their names and values. */
const recipe =
  'Export it in training mode with torch.onnx.export(net, (x,), path, dynamo=True, optimize=False, external_data=False)';

/**
 * Finds out what of a network trains. An export that was optimized has folded values under old names, and is refused by
 * its marks: what it would train has no place in the program that made it.
 * @param options.trains names or patterns with `*`; everything that is marked as a parameter where nothing is said
 * @throws GraphFault
 */
export function requireTrainable(
  given: OutlinedModel,
  options: { readonly trains?: readonly string[] } = {},
): TrainableModel {
  const initializers = given.initializers.filter((tensor): tensor is OnnxTensor => tensor.data !== undefined);
  const model = { ...given, initializers };
  const { input, inputShape } = requirePorts(model);
  if (model.marks.size === 0) {
    throw new GraphFault('inputs_outputs', {
      message: 'The file does not say which of its tensors are parameters',
      try: recipe,
    });
  }
  refuseFolded(given);
  const marked = given.initializers.filter(({ name, type }) => model.marks.has(name) && isFloat(type));
  const wrong = marked.find(({ type }) => type !== 'float32');
  if (wrong)
    throw new GraphFault('element_type', {
      message: `The parameter ${wrong.name} is ${wrong.type}`,
      try: 'Export in float32',
    });
  const tensors = marked.map(({ name, shape }) => ({ name, shape }));
  requireMessage(tensors);
  const trained = tensors
    .map(({ name }) => name)
    .filter((name) => model.marks.get(name) === 'parameter' && matches(name, options.trains));
  if (trained.length > 0) return { model, inputName: input.name, inputShape, tensors, trained };
  throw new GraphFault('inputs_outputs', {
    message: `None of the ${tensors.length} tensors of the network would train`,
    try: `Its parameters are called ${tensors
      .slice(0, 5)
      .map(({ name }) => name)
      .join(', ')}`.slice(0, 300),
  });
}

/** All of them travel together, once a round. */
function requireMessage(tensors: ParameterLayout): void {
  const count = parameterCount(tensors);
  if (count * 4 <= limits.payloadBytesMax) return;
  throw new GraphFault('too_large', { message: `Its ${count} parameters are more than a message can carry` });
}

/** Operators that have weights among their inputs. */
const weighted = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul', 'LSTM', 'GRU']);

/**
 * Weights without a mark were calculated by the exporter out of parameters, and may even have the name of one: PyTorch's usual
 * export folds batch normalization into `conv1.weight`.
 */
function refuseFolded(model: OutlinedModel): void {
  const unmarked = new Map(
    model.initializers
      .filter(({ name, type, shape }) => isFloat(type) && shape.length > 1 && !model.marks.has(name))
      .map((tensor) => [tensor.name, tensor]),
  );
  for (const node of model.nodes) {
    if (!weighted.has(node.type)) continue;
    const folded = node.inputs.map((name) => unmarked.get(name)).find((tensor) => tensor !== undefined);
    if (!folded) continue;
    throw new GraphFault('inputs_outputs', {
      message: `its weights ${folded.name} [${folded.shape.join(', ')}] were made by the exporter out of parameters`,
      node: nodeTitle(node),
      try: recipe,
    });
  }
}

function matches(name: string, patterns: readonly string[] | undefined): boolean {
  return patterns === undefined || patterns.some((pattern) => matchesPattern(name, pattern));
}

/** `*` stands for any characters. Walks both once, so no pattern takes long. */
export function matchesPattern(name: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return name === pattern;
  if (!name.startsWith(first)) return false;
  const last = rest.pop() as string;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

function requirePorts({ inputs, outputs }: Pick<OnnxModel, 'inputs' | 'outputs'>): {
  readonly input: OnnxPort;
  readonly inputShape: readonly number[];
} {
  const [input] = inputs;
  const [output] = outputs;
  const names = (ports: readonly OnnxPort[]): string =>
    ports
      .slice(0, 5)
      .map(({ name }) => name)
      .join(', ');
  if (!input || inputs.length > 1 || !output || outputs.length > 1) {
    throw new GraphFault('inputs_outputs', {
      message: `The network has the inputs ${names(inputs)} and the outputs ${names(outputs)}`,
      try: 'A network with one input and one output can be trained',
    });
  }
  const odd = [input, output].find(({ type }) => type !== 'float32');
  if (odd)
    throw new GraphFault('element_type', {
      message: `"${odd.name}" is ${odd.type}`,
      try: 'Use float32 for input and output',
    });
  const [, ...inputShape] = input.shape;
  const free = inputShape.find(
    (dimension) => typeof dimension !== 'number' || dimension < 1 || dimension > limits.onnxDimensionMax,
  );
  if (input.shape.length > 0 && free === undefined) return { input, inputShape: inputShape as readonly number[] };
  throw new GraphFault('shape', {
    message: `The input "${input.name}" is [${input.shape.join(', ')}]`,
    try: 'Export with a free batch in front and all other sizes fixed',
  });
}
