import type { RawImage } from './resize.ts';

/** As models take pictures: one channel after the other. */
export function channelsFirst({ width, height, channels, data }: RawImage): Uint8Array {
  if (channels === 1) return data;
  const out = new Uint8Array(data.length);
  const plane = width * height;
  for (let i = 0; i < plane; i++) {
    for (let c = 0; c < channels; c++) out[c * plane + i] = data[i * channels + c] as number;
  }
  return out;
}

/** As decoders give pictures: a pixel's channels together. */
export function channelsLast(planes: Uint8Array, channels: number): Uint8Array {
  const plane = planes.length / channels;
  const out = new Uint8Array(planes.length);
  for (let i = 0; i < plane; i++)
    for (let c = 0; c < channels; c++) out[i * channels + c] = planes[c * plane + i] as number;
  return out;
}
