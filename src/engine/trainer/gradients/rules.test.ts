import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkGradients } from '#test/support/float64/check-gradients.ts';
import { singleNode, type NodeCase } from '#test/support/float64/single-node.ts';
import { float, int, ints, text } from '../operators/attributes.ts';
import { differentiableOperators } from './rules.ts';

const positive = (normal: number): number => 0.5 + Math.abs(normal);
const apart = (normal: number): number => normal + Math.sign(normal) * 0.1;

const elementwise: readonly NodeCase[] = [
  ...['Add', 'Sub', 'Mul', 'Div'].flatMap((op): NodeCase[] => [
    {
      op,
      inputs: [
        [2, 3],
        [2, 3],
      ],
      element: apart,
    },
    {
      op,
      about: 'broadcast both ways',
      inputs: [
        [3, 1, 4],
        [2, 1],
      ],
      element: apart,
    },
    { op, about: 'a scalar', inputs: [[], [2, 2]], element: apart },
    { op, about: 'a constant', inputs: [[2, 3], { floats: [2, 3, 4] }], element: apart },
  ]),
  { op: 'Pow', about: 'a constant square', inputs: [[2, 3], { floats: [2] }] },
  { op: 'Pow', about: 'an int64 exponent', inputs: [[2, 3], { int64s: [3] }] },
  { op: 'Pow', about: 'both', inputs: [[2, 3], [3]], element: positive },
  ...['Sqrt', 'Log', 'Reciprocal'].map((op): NodeCase => ({ op, inputs: [[3, 4]], element: positive })),
  ...['Exp', 'Neg', 'Sin', 'Cos', 'Erf', 'Sigmoid', 'Tanh', 'Identity', 'Gelu'].map((op): NodeCase => ({
    op,
    inputs: [[3, 4]],
  })),
  ...['Abs', 'Relu', 'LeakyRelu'].map((op): NodeCase => ({ op, inputs: [[3, 4]], element: apart })),
  { op: 'LeakyRelu', about: 'with alpha', inputs: [[3, 4]], attributes: { alpha: float(0.3) }, element: apart },
  { op: 'Gelu', about: 'by tanh', inputs: [[3, 4]], attributes: { approximate: text('tanh') } },
  { op: 'Clip', inputs: [[3, 4], { floats: [-0.5], shape: [] }, { floats: [0.7], shape: [] }] },
  { op: 'Clip', about: 'from below', inputs: [[3, 4], { floats: [0], shape: [] }], element: apart },
  { op: 'Softmax', inputs: [[3, 4]] },
  { op: 'Softmax', about: 'along an inner axis', inputs: [[2, 3, 4]], attributes: { axis: int(1) } },
  { op: 'LogSoftmax', inputs: [[3, 4]] },
  { op: 'LogSoftmax', about: 'along an inner axis', inputs: [[2, 3, 4]], attributes: { axis: int(-2) } },
  { op: 'Where', inputs: [{ bools: [1, 0, 1, 1, 0, 0], shape: [2, 3] }, [2, 3], [3]] },
  { op: 'Cast', inputs: [[2, 3]], attributes: { to: int(1) } },
  { op: 'CastLike', inputs: [[2, 3], { floats: [0] }] },
];

const shaping: readonly NodeCase[] = [
  { op: 'Reshape', inputs: [[2, 3, 4], { int64s: [0, -1] }] },
  { op: 'Flatten', inputs: [[2, 3, 4]], attributes: { axis: int(2) } },
  { op: 'Squeeze', inputs: [[2, 1, 3, 1], { int64s: [1] }] },
  { op: 'Unsqueeze', inputs: [[2, 3], { int64s: [0, -1] }] },
  { op: 'Transpose', inputs: [[2, 3, 4]], attributes: { perm: ints([2, 0, 1]) } },
  { op: 'Transpose', about: 'without an order', inputs: [[2, 3]] },
  { op: 'Expand', inputs: [[3, 1], { int64s: [2, 3, 4] }] },
  {
    op: 'Concat',
    inputs: [
      [2, 1],
      [2, 3],
      [2, 2],
    ],
    attributes: { axis: int(-1) },
  },
  { op: 'Split', about: 'as given', inputs: [[2, 5], { int64s: [1, 4] }], attributes: { axis: int(1) }, outputs: 2 },
  { op: 'Split', about: 'a smaller rest', inputs: [[5, 2]], attributes: { num_outputs: int(2) }, outputs: 2 },
  { op: 'Slice', inputs: [[4, 5], { int64s: [1, -3] }, { int64s: [3, 100] }] },
  {
    op: 'Slice',
    about: 'with steps',
    inputs: [[5, 6, 2], { int64s: [0, -1] }, { int64s: [5, -100] }, { int64s: [0, 1] }, { int64s: [2, -2] }],
  },
  { op: 'Pad', inputs: [[2, 3], { int64s: [1, 0, 0, 2] }] },
  {
    op: 'Pad',
    about: 'with a value, and taking away',
    inputs: [[3, 4], { int64s: [-1, 2, 1, -1] }, { floats: [3], shape: [] }],
  },
  { op: 'Gather', about: 'a row', inputs: [[3, 4], { int64s: [-1], shape: [] }] },
  { op: 'Gather', about: 'rows, some twice', inputs: [[4, 3], { int64s: [0, 2, 2, -1, 0, 1], shape: [2, 3] }] },
  { op: 'Gather', about: 'columns', inputs: [[2, 4, 3], { int64s: [3, 1, 1] }], attributes: { axis: int(1) } },
  ...['ReduceSum', 'ReduceMean'].flatMap((op): NodeCase[] => [
    { op, inputs: [[2, 3, 4], { int64s: [0, -1] }], attributes: { keepdims: int(0) } },
    { op, about: 'kept', inputs: [[2, 3, 4], { int64s: [1] }] },
    { op, about: 'all', inputs: [[2, 3]], attributes: { keepdims: int(0) } },
  ]),
];

const matrix: readonly NodeCase[] = [
  {
    op: 'MatMul',
    inputs: [
      [3, 4],
      [4, 2],
    ],
  },
  {
    op: 'MatMul',
    about: 'one matrix for a batch',
    inputs: [
      [2, 3, 4],
      [4, 5],
    ],
  },
  {
    op: 'MatMul',
    about: 'batches',
    inputs: [
      [2, 2, 3, 4],
      [2, 2, 4, 2],
    ],
  },
  {
    op: 'MatMul',
    about: 'broadcast batches',
    inputs: [
      [2, 1, 3, 4],
      [3, 4, 2],
    ],
  },
  {
    op: 'MatMul',
    about: 'a matrix before a batch',
    inputs: [
      [3, 4],
      [2, 4, 2],
    ],
  },
  { op: 'MatMul', about: 'a vector behind', inputs: [[2, 3, 4], [4]] },
  { op: 'MatMul', about: 'a vector before', inputs: [[4], [2, 4, 3]] },
  { op: 'MatMul', about: 'two vectors', inputs: [[4], [4]] },
  ...[0, 1].flatMap((transA) =>
    [0, 1].map((transB): NodeCase => ({
      op: 'Gemm',
      about: `${transA} ${transB}`,
      inputs: [transA ? [4, 3] : [3, 4], transB ? [2, 4] : [4, 2], [2]],
      attributes: { transA: int(transA), transB: int(transB), alpha: float(0.5), beta: float(2) },
    })),
  ),
  {
    op: 'Gemm',
    about: 'without a bias',
    inputs: [
      [3, 4],
      [4, 2],
    ],
  },
  {
    op: 'Gemm',
    about: 'a bias of columns',
    inputs: [
      [3, 4],
      [4, 2],
      [3, 1],
    ],
  },
];

const convolution: readonly NodeCase[] = [
  { op: 'Conv', inputs: [[2, 3, 5, 6], [4, 3, 3, 2], [4]] },
  { op: 'Conv', about: 'padded', inputs: [[2, 2, 4, 5], [3, 2, 3, 3], [3]], attributes: { pads: ints([1, 1, 1, 1]) } },
  {
    op: 'Conv',
    about: 'padded unevenly',
    inputs: [
      [1, 2, 4, 5],
      [3, 2, 3, 2],
    ],
    attributes: { pads: ints([2, 0, 1, 1]) },
  },
  {
    op: 'Conv',
    about: 'auto_pad',
    inputs: [
      [1, 2, 5, 5],
      [2, 2, 2, 2],
    ],
    attributes: { auto_pad: text('SAME_UPPER') },
  },
  {
    op: 'Conv',
    about: 'strides that leave a rest',
    inputs: [[2, 2, 8, 7], [3, 2, 3, 3], [3]],
    attributes: { strides: ints([3, 2]), pads: ints([1, 0, 0, 0]) },
  },
  {
    op: 'Conv',
    about: 'dilated',
    inputs: [
      [2, 2, 8, 7],
      [3, 2, 3, 2],
    ],
    attributes: { dilations: ints([2, 3]), pads: ints([1, 1, 1, 1]), strides: ints([2, 1]) },
  },
  { op: 'Conv', about: 'groups', inputs: [[2, 4, 5, 5], [6, 2, 3, 3], [6]], attributes: { group: int(2) } },
  {
    op: 'Conv',
    about: 'depthwise',
    inputs: [
      [2, 3, 5, 5],
      [3, 1, 3, 3],
    ],
    attributes: { group: int(3), pads: ints([1, 1, 1, 1]), strides: ints([2, 2]) },
  },
  {
    op: 'Conv',
    about: '1-D',
    inputs: [[2, 3, 9], [4, 3, 3], [4]],
    attributes: { strides: ints([2]), pads: ints([1, 1]) },
  },
  { op: 'Conv', about: '1x1', inputs: [[2, 3, 4, 4], [5, 3, 1, 1], [5]] },
  { op: 'ConvTranspose', inputs: [[2, 3, 3, 4], [3, 2, 3, 2], [2]] },
  {
    op: 'ConvTranspose',
    about: 'strides and pads',
    inputs: [[2, 3, 3, 4], [3, 2, 3, 3], [2]],
    attributes: { strides: ints([2, 2]), pads: ints([1, 1, 1, 1]), output_padding: ints([1, 1]) },
  },
  {
    op: 'ConvTranspose',
    about: 'groups, dilated',
    inputs: [
      [1, 4, 3, 3],
      [4, 3, 2, 2],
    ],
    attributes: { group: int(2), dilations: ints([2, 1]) },
  },
  {
    op: 'ConvTranspose',
    about: '1-D',
    inputs: [[2, 3, 5], [3, 2, 4], [2]],
    attributes: { strides: ints([2]), pads: ints([1, 1]) },
  },
];

const window = (size: number, stride = size): NonNullable<NodeCase['attributes']> => ({
  kernel_shape: ints([size, size]),
  strides: ints([stride, stride]),
});

const pooling: readonly NodeCase[] = [
  { op: 'MaxPool', inputs: [[2, 3, 4, 6]], attributes: window(2) },
  { op: 'MaxPool', about: 'a rest', inputs: [[2, 2, 5, 7]], attributes: window(2) },
  {
    op: 'MaxPool',
    about: 'overlapping',
    inputs: [[2, 2, 7, 7]],
    attributes: { ...window(3, 2), pads: ints([1, 1, 1, 1]) },
  },
  { op: 'MaxPool', about: 'ceil_mode', inputs: [[1, 2, 5, 5]], attributes: { ...window(2), ceil_mode: int(1) } },
  { op: 'MaxPool', about: '1-D', inputs: [[2, 2, 8]], attributes: { kernel_shape: ints([3]), strides: ints([2]) } },
  { op: 'AveragePool', inputs: [[2, 3, 4, 6]], attributes: window(2) },
  {
    op: 'AveragePool',
    about: 'overlapping, padded',
    inputs: [[2, 2, 7, 6]],
    attributes: { ...window(3, 2), pads: ints([1, 1, 1, 1]) },
  },
  {
    op: 'AveragePool',
    about: 'counting pads',
    inputs: [[2, 2, 7, 6]],
    attributes: { ...window(3, 2), pads: ints([1, 1, 1, 1]), count_include_pad: int(1) },
  },
  { op: 'AveragePool', about: '1-D', inputs: [[2, 2, 8]], attributes: { kernel_shape: ints([3]), strides: ints([2]) } },
  { op: 'GlobalAveragePool', inputs: [[2, 3, 4, 5]] },
];

const normalization: readonly NodeCase[] = [
  { op: 'BatchNormalization', inputs: [[3, 2, 4, 3], [2], [2], { floats: [0, 0] }, { floats: [1, 1] }] },
  {
    op: 'BatchNormalization',
    about: 'of features',
    inputs: [[6, 3], [3], [3], { floats: [0, 0, 0] }, { floats: [1, 1, 1] }],
    attributes: { epsilon: float(0.01) },
  },
  { op: 'LayerNormalization', inputs: [[2, 3, 6], [6], [6]] },
  {
    op: 'LayerNormalization',
    about: 'two axes, no bias',
    inputs: [
      [3, 4, 2],
      [4, 2],
    ],
    attributes: { axis: int(-2) },
  },
];

const [steps, batch, size, hidden] = [3, 2, 3, 2];
const recurrent: readonly NodeCase[] = [
  ...['LSTM', 'GRU'].flatMap((op): NodeCase[] => {
    const gates = op === 'LSTM' ? 4 : 3;
    const own = { hidden_size: int(hidden), ...(op === 'GRU' ? { linear_before_reset: int(1) } : {}) };
    const weights = (n: number): (readonly number[])[] => [
      [steps, batch, size],
      [n, gates * hidden, size],
      [n, gates * hidden, hidden],
    ];
    const states = (n: number): (readonly number[])[] =>
      new Array<readonly number[]>(gates - 2).fill([n, batch, hidden]);
    const outputs = gates - 1;
    return [
      { op, inputs: [...weights(1), [1, 2 * gates * hidden]], attributes: own, outputs },
      {
        op,
        about: 'no bias, reversed',
        inputs: weights(1),
        attributes: { ...own, direction: text('reverse') },
        outputs,
      },
      {
        op,
        about: 'both directions, first states',
        inputs: [...weights(2), [2, 2 * gates * hidden], undefined, ...states(2)],
        attributes: { ...own, direction: text('bidirectional') },
        outputs,
      },
    ];
  }),
];

const cases = { elementwise, shaping, matrix, convolution, pooling, normalization, recurrent };

for (const [family, list] of Object.entries(cases)) {
  describe(`gradients against differences in float64: ${family}`, () => {
    for (const one of list) {
      test([one.op, one.about].filter(Boolean).join(', '), async () => {
        const { network, given } = singleNode(one);
        await checkGradients(network, given, one.op);
      });
    }
  });
}

test('every operator with a rule is among them', () => {
  const tested = new Set(Object.values(cases).flatMap((list) => list.map(({ op }) => op)));
  assert.deepEqual(
    differentiableOperators().filter((op) => !tested.has(op)),
    [],
  );
});
