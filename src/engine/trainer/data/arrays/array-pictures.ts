import { dataError } from '#engine/trainer/errors.ts';
import type { ImageShape } from '#engine/trainer/model/default-models.ts';
import { limits } from '#shared/contract/limits.ts';
import { numberReader, type NpyArray } from './npy-array.ts';

/** Pictures of an array as bytes, channels first. */
export interface ArrayPictures {
  readonly shape: ImageShape;
  readonly count: number;
  readonly pixels: Uint8Array;
  /** For people, where values were changed; null: they are as they were. */
  readonly scaled: string | null;
}

/**
 * Bytes out of an array of pictures: [N, height, width], the same with channels last or first, or [N, pixels] of squares.
 * Values are 0 to 255, or 0 to 1 where they are not whole.
 * @throws RoundscopeError `data_invalid`
 */
export function picturesOf(array: NpyArray): ArrayPictures {
  const { where, shape, dtype } = array;
  if (dtype === null) throw dataError('data_invalid', `${where} holds text, where pictures are looked for.`);
  const { channels, height, width, channelsLast } = layoutOf(where, shape);
  const count = shape[0] as number;
  if (count === 0) throw dataError('data_invalid', `${where} holds no pictures.`);
  const scale = scaleOf(array);
  // As most lie already: nothing is copied.
  if (dtype === 'U8' && !channelsLast)
    return { shape: [channels, height, width], count, pixels: array.data, scaled: null };
  const at = numberReader(array);
  const plane = height * width;
  const size = channels * plane;
  const pixels = new Uint8Array(count * size);
  for (let i = 0; i < count; i++)
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < plane; p++) {
        const from = i * size + (channelsLast ? p * channels + c : c * plane + p);
        pixels[i * size + c * plane + p] = Math.round(at(from) * scale);
      }
  return {
    shape: [channels, height, width],
    count,
    pixels,
    scaled: scale === 1 ? null : 'from 0 to 1, read in 256 steps',
  };
}

interface Layout {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly channelsLast: boolean;
}

function layoutOf(where: string, shape: readonly number[]): Layout {
  const layout = layoutBy(shape);
  const words = shape.join('x');
  if (layout === null)
    throw dataError(
      'data_invalid',
      `${where} has the shape ${words}, where pictures have [N, height, width], with 1 or 3 channels before or behind, or [N, pixels] of squares.`,
    );
  const sides = [layout.height, layout.width];
  if (sides.every((side) => side >= 1 && side <= limits.imageSideMax)) return layout;
  throw dataError(
    'data_invalid',
    `${where} has pictures of ${layout.width}x${layout.height}, where sides may be 1 to ${limits.imageSideMax} pixels.`,
  );
}

function layoutBy(shape: readonly number[]): Layout | null {
  const [, a = 0, b = 0, c = 0] = shape;
  const isColor = (side: number): boolean => side === 1 || side === 3;
  if (shape.length === 2) {
    const side = Math.sqrt(a);
    return Number.isInteger(side) && side >= 1 ? { channels: 1, height: side, width: side, channelsLast: false } : null;
  }
  if (shape.length === 3) return { channels: 1, height: a, width: b, channelsLast: false };
  if (shape.length !== 4) return null;
  if (isColor(c)) return { channels: c, height: a, width: b, channelsLast: true };
  return isColor(a) ? { channels: a, height: b, width: c, channelsLast: false } : null;
}

/** What values are multiplied by to be bytes. */
function scaleOf(array: NpyArray): 1 | 255 {
  const { where, dtype, shape } = array;
  if (dtype === 'U8') return 1;
  if (dtype === 'BOOL') return 255;
  const at = numberReader(array);
  const elements = shape.reduce((product, side) => product * side, 1);
  let [min, max, whole] = [Infinity, -Infinity, true];
  for (let i = 0; i < elements; i++) {
    const value = at(i);
    if (Number.isNaN(value)) throw dataError('data_invalid', `${where} holds values that are no numbers (NaN).`);
    if (value < min) min = value;
    if (value > max) max = value;
    if (!Number.isInteger(value)) whole = false;
  }
  const isFloat = dtype?.startsWith('F') === true;
  if (min >= 0 && max <= 1 && isFloat) return 255;
  if (min >= 0 && max <= 255 && (whole || max > 1)) return 1;
  throw dataError(
    'data_invalid',
    `${where} holds values from ${short(min)} to ${short(max)}, where pictures have 0 to 255, or 0 to 1. Save them as they are before they are standardized.`,
  );
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
