import type { LayerConfig, LayerListModel } from '#shared/contract/run/model-config.ts';

export type ImageShape = readonly [channels: number, height: number, width: number];

const conv = (filters: number): LayerConfig => ({ type: 'conv2d', filters, kernelSize: 3, activation: 'relu' });
const pool: LayerConfig = { type: 'max_pool', size: 2 };
const dense = (units: number): LayerConfig => ({ type: 'dense', units, activation: 'relu' });

/** For the bundled 8x8 digits: 53,002 parameters, 212 kB a model. */
export const digitsModel: LayerListModel = {
  inputShape: [1, 8, 8],
  numClasses: 10,
  layers: [conv(32), conv(64), pool, { type: 'flatten' }, dense(128), { type: 'dense', units: 10, activation: 'none' }],
};

/** The field's emotion classifier on 48x48 grey faces, seven classes (FER2013): 2,345,607 parameters, 9.4 MB a model. */
export const facesModel: LayerListModel = {
  inputShape: [1, 48, 48],
  numClasses: 7,
  layers: [
    conv(32),
    conv(64),
    pool,
    conv(128),
    pool,
    conv(128),
    pool,
    { type: 'flatten' },
    dense(1024),
    { type: 'dense', units: 7, activation: 'none' },
  ],
};

/**
 * A model for images of any size: the two above for theirs, else convolutions that double their filters at each
 * pooling until the image is small, so that neither a thumbnail nor a 512x512 picture makes a huge dense layer.
 */
export function modelFor([channels, height, width]: ImageShape, numClasses: number): LayerListModel {
  if (channels === 1 && height === 8 && width === 8) return withClasses(digitsModel, numClasses);
  if (channels === 1 && height === 48 && width === 48) return withClasses(facesModel, numClasses);
  const layers: LayerConfig[] = [];
  let [rows, columns] = [height, width];
  let filters = 16;
  while (Math.min(rows, columns) >= 6 && Math.max(rows, columns) > 6) {
    layers.push(conv(filters), pool);
    [rows, columns] = [Math.floor((rows - 2) / 2), Math.floor((columns - 2) / 2)];
    filters = Math.min(128, filters * 2);
  }
  layers.push({ type: 'flatten' }, dense(128), { type: 'dense', units: numClasses, activation: 'none' });
  return { inputShape: [channels, height, width], numClasses, layers };
}

function withClasses(model: LayerListModel, numClasses: number): LayerListModel {
  const layers = [
    ...model.layers.slice(0, -1),
    { type: 'dense' as const, units: numClasses, activation: 'none' as const },
  ];
  return { ...model, numClasses, layers };
}
