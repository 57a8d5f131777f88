/** One image, uint8, pixel by pixel with its channels together, as decoders give it. */
export interface RawImage {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/**
 * Scales with a triangle filter as wide as the step when shrinking (so that every source pixel counts) and linear
 * interpolation when enlarging; rows first, then columns.
 */
export function resizeImage(image: RawImage, width: number, height: number): RawImage {
  if (image.width === width && image.height === height) return image;
  const { channels } = image;
  const across = weightsOf(image.width, width);
  const rows = new Float32Array(image.height * width * channels);
  for (let y = 0; y < image.height; y++) {
    across.forEach(({ start, weights }, x) => {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let i = 0; i < weights.length; i++) {
          sum += (weights[i] as number) * (image.data[(y * image.width + start + i) * channels + c] as number);
        }
        rows[(y * width + x) * channels + c] = sum;
      }
    });
  }
  const data = new Uint8Array(width * height * channels);
  weightsOf(image.height, height).forEach(({ start, weights }, y) => {
    const rowLength = width * channels;
    for (let at = 0; at < rowLength; at++) {
      let sum = 0;
      for (let i = 0; i < weights.length; i++)
        sum += (weights[i] as number) * (rows[(start + i) * rowLength + at] as number);
      data[y * rowLength + at] = Math.round(sum);
    }
  });
  return { width, height, channels, data };
}

interface Window {
  readonly start: number;
  /** They sum to 1. */
  readonly weights: Float64Array;
}

function weightsOf(from: number, to: number): Window[] {
  const step = from / to;
  const reach = Math.max(1, step);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * step;
    const start = Math.max(0, Math.floor(centre - reach));
    const end = Math.min(from, Math.ceil(centre + reach));
    const weights = new Float64Array(end - start);
    let sum = 0;
    for (let j = start; j < end; j++) {
      const weight = Math.max(0, 1 - Math.abs(j + 0.5 - centre) / reach);
      weights[j - start] = weight;
      sum += weight;
    }
    for (let j = 0; j < weights.length; j++) weights[j] = (weights[j] as number) / sum;
    return { start, weights };
  });
}
