import { exampleCount, imageSize, type Dataset } from '../dataset.ts';

/** A warning when pictures hold nothing to tell them apart by: an export or a mask has gone wrong; null when they do. */
export function warningIfAlike(all: Dataset): string | null {
  const count = exampleCount(all);
  if (count < 2) return null;
  const size = imageSize(all);
  const first = all.pixels.subarray(0, size);
  let same = true;
  let flat = true;
  for (let i = 0; i < count && (same || flat); i++) {
    const image = all.pixels.subarray(i * size, (i + 1) * size);
    if (same && !image.every((value, at) => value === first[at])) same = false;
    if (flat && !image.every((value) => value === image[0])) flat = false;
  }
  if (same && flat)
    return `All ${count} images are one even surface of the same value: there is nothing to learn from them.`;
  if (same) return `All ${count} images are the same picture: there is nothing to tell classes apart by.`;
  return flat ? `Each of the ${count} images is one even surface: only its brightness can be learned.` : null;
}
