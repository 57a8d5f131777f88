import type { ImageShape } from '#engine/trainer/model/default-models.ts';
import { exampleCount, imageSize, type Dataset } from '../dataset.ts';
import { channelsFirst, channelsLast } from './planes.ts';
import { resizeImage } from './resize.ts';
import { isColored, toChannels } from './color.ts';
import type { LoadTally } from '../load-notes.ts';
import { sizeWords } from '../size-words.ts';

/** Brings images that are in memory to the run's shape: scaled, and in grey or in color as it sees them. */
export function fitImages(all: Dataset, shape: ImageShape, tally: LoadTally): Dataset {
  if (all.shape.join() === shape.join()) return all;
  const [channels, height, width] = shape;
  const [fromChannels, fromHeight, fromWidth] = all.shape;
  const count = exampleCount(all);
  const size = channels * height * width;
  const pixels = new Uint8Array(count * size);
  const fromSize = imageSize(all);
  for (let i = 0; i < count; i++) {
    // Few grey levels would be fewer still after scaling.
    const planes = all.pixels
      .subarray(i * fromSize, (i + 1) * fromSize)
      .map((value) => Math.round((value * 255) / all.maxValue));
    const data = fromChannels === 1 ? planes : channelsLast(planes, fromChannels);
    const image = { width: fromWidth, height: fromHeight, channels: fromChannels, data };
    if (channels === 1 && isColored(image)) tally.change('in color', 'seen in grey');
    const seen = toChannels(image, channels === 1 ? 1 : 3);
    pixels.set(channelsFirst(resizeImage(seen, width, height)), i * size);
  }
  if (count > 0 && (height !== fromHeight || width !== fromWidth))
    tally.change('scaled', `to ${sizeWords(shape)}`, count);
  return { ...all, shape, pixels, maxValue: 255 };
}
