import { typed, type Operator, type OperatorTable } from './operator-call.ts';

const batchNormalization: Operator = {
  infer: (call) => {
    const x = call.input(0);
    const channels = [x.shape[1] as number];
    for (const index of [1, 2, 3, 4]) {
      const { shape } = call.input(index);
      if (x.shape.length < 2 || shape.length !== 1 || shape[0] !== channels[0]) {
        throw call.fault('shape', `its input ${index + 1} is [${shape.join(', ')}] for [${x.shape.join(', ')}]`);
      }
    }
    const outputs = [typed(x.type, x.shape), typed(x.type, channels), typed(x.type, channels)];
    return outputs.slice(0, call.outputCount);
  },
};

/** Outputs: normalized, and of each row its mean and one over its deviation. */
const layerNormalization: Operator = {
  infer: (call) => {
    const x = call.input(0);
    const axis = call.axis(call.int('axis', -1), x.shape.length);
    const statistics = typed(
      x.type,
      x.shape.map((dimension, i) => (i < axis ? dimension : 1)),
    );
    return [typed(x.type, x.shape), statistics, statistics].slice(0, call.outputCount);
  },
};

const dropout: Operator = {
  infer: (call) => {
    const { type, shape } = call.input(0);
    return call.outputCount === 2 ? [typed(type, shape), typed('bool', shape)] : [typed(type, shape)];
  },
};

export const normalization: OperatorTable = {
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  Dropout: dropout,
};
