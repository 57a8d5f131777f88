import { join } from 'node:path';
import type { ColorChannels } from './color.ts';
import { decodeImage } from './decode-image.ts';
import { listFolder, type FolderLayout } from '../folder-layout.ts';
import { readImageFile } from './image-file.ts';

/** Looked at: so many of each class, and so many in all. */
const perClass = 8;
const imagesMax = 64;
/** At least one in ten: a stray photograph in a set of X-rays does not make a colored run. */
const coloredShareMin = 0.1;

/** Whether a run about this folder sees its images in grey or in color, by a sample of each class. */
export async function chooseChannels({ parts: [part] }: FolderLayout, signal: AbortSignal): Promise<ColorChannels> {
  let [seen, colored] = [0, 0];
  for (const name of part?.classes ?? []) {
    if (part === undefined || seen >= imagesMax) break;
    const path = join(part.folder, name);
    let ofClass = 0;
    for (const file of (await listFolder(path)).files) {
      if (ofClass >= perClass) break;
      signal.throwIfAborted();
      const found = await readImageFile(join(path, file));
      const image = found.kind === 'image' ? decodeImage(found.bytes, 1) : undefined;
      if (image?.ok !== true) continue;
      ofClass++;
      seen++;
      if (image.value.facts.colored) colored++;
    }
  }
  return colored > 0 && colored >= seen * coloredShareMin ? 3 : 1;
}
