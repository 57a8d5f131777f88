import type { ImageShape } from '../model/default-models.ts';

/** Width first, as people say it. */
export function sizeWords([, height, width]: ImageShape): string {
  return `${width}x${height}`;
}
