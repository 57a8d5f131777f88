import type { ImageShape } from '#engine/trainer/model/default-models.ts';
import { exampleCount, imageSize, type Dataset } from '../dataset.ts';
import { resizeImage } from './resize.ts';
import type { LoadTally } from '../load-notes.ts';
import { sizeWords } from '../size-words.ts';

/** Brings grey images that are in memory to the run's shape: scaled, and three alike channels where it sees color. */
export function fitImages(all: Dataset, shape: ImageShape, tally: LoadTally): Dataset {
  if (all.shape.join() === shape.join()) return all;
  const [channels, height, width] = shape;
  const [, fromHeight, fromWidth] = all.shape;
  const count = exampleCount(all);
  const plane = height * width;
  const pixels = new Uint8Array(count * channels * plane);
  const fromSize = imageSize(all);
  for (let i = 0; i < count; i++) {
    // Few grey levels would be fewer still after scaling.
    const data = all.pixels
      .subarray(i * fromSize, i * fromSize + fromHeight * fromWidth)
      .map((value) => Math.round((value * 255) / all.maxValue));
    const scaled = resizeImage({ width: fromWidth, height: fromHeight, channels: 1, data }, width, height);
    for (let channel = 0; channel < channels; channel++) pixels.set(scaled.data, (i * channels + channel) * plane);
    if (height !== fromHeight || width !== fromWidth) tally.change('scaled', `to ${sizeWords(shape)}`);
  }
  return { ...all, shape, pixels, maxValue: 255 };
}
