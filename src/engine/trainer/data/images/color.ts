import type { RawImage } from './resize.ts';

/** [grey] or [red, green, blue]. */
export type ColorChannels = 1 | 3;

/** Channels differ by more than this in a pixel that people would call colored, ... */
const chromaMin = 24;
/** ... and this share of a picture's pixels must: a stamp in a corner or a scanner's noise does not make it a colored one. */
const coloredShareMin = 0.01;

/** 1 grey, 3 RGB: whether the picture would look different in grey. */
export function isColored({ width, height, channels, data }: RawImage): boolean {
  if (channels < 3) return false;
  const enough = width * height * coloredShareMin;
  let colored = 0;
  for (let i = 0; i < data.length; i += 3) {
    const [r, g, b] = [data[i] as number, data[i + 1] as number, data[i + 2] as number];
    if (Math.max(r, g, b) - Math.min(r, g, b) > chromaMin && ++colored > enough) return true;
  }
  return false;
}

/** Puts what is transparent on white, rounding as Pillow's `alpha_composite` does; 2 and 4 channels become 1 and 3. */
export function overWhite(image: RawImage): { readonly opaque: RawImage; readonly transparent: boolean } {
  const { width, height, channels, data } = image;
  if (channels === 1 || channels === 3) return { opaque: image, transparent: false };
  const colors = channels - 1;
  const out = new Uint8Array(width * height * colors);
  let transparent = false;
  for (let i = 0; i < width * height; i++) {
    const alpha = data[i * channels + colors] as number;
    if (alpha < 255) transparent = true;
    for (let c = 0; c < colors; c++) {
      const value = data[i * channels + c] as number;
      out[i * colors + c] = alpha === 255 ? value : blend(value, alpha);
    }
  }
  return { opaque: { width, height, channels: colors, data: out }, transparent };
}

function blend(value: number, alpha: number): number {
  const sum = (value * alpha + 255 * (255 - alpha)) * 128 + 0x4000;
  return (((sum >> 8) + sum) >> 8) >> 7;
}

/** 1 grey or 3 RGB to what is wanted; luma by ITU-R BT.601, rounded as Pillow does. */
export function toChannels(image: RawImage, wanted: ColorChannels): RawImage {
  const { width, height, channels, data } = image;
  if (channels === wanted) return image;
  const out = new Uint8Array(width * height * wanted);
  for (let i = 0; i < width * height; i++) {
    if (wanted === 3) out.fill(data[i] as number, i * 3, i * 3 + 3);
    else {
      const [r, g, b] = [data[i * 3] as number, data[i * 3 + 1] as number, data[i * 3 + 2] as number];
      out[i] = (r * 19_595 + g * 38_470 + b * 7_471 + 0x8000) >> 16;
    }
  }
  return { width, height, channels: wanted, data: out };
}
