import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digitsData } from '#shared/contract/run/bundled-data.ts';
import { dataError } from '#engine/trainer/errors.ts';
import type { LoadedData } from '../dataset.ts';
import type { ImageFolderOptions } from '../images/image-folder.ts';
import { loadIdxFolder } from '../arrays/idx-folder.ts';

/** The bundled images count the dark points of 4x4 blocks. */
const maxValue = 16;
/** From this file up to the root: 5 in a checkout, 2 or 3 in a build. */
const levelsMax = 6;

/**
 * The UCI handwritten digits that come with Roundscope: 1,797 images, 8x8, ten classes; see their ATTRIBUTION.md.
 * @throws RoundscopeError `data_missing` when the installation is not whole
 */
export async function loadDigits({ signal, fit, preview }: ImageFolderOptions): Promise<LoadedData> {
  const folder = digitsFolder(dirname(fileURLToPath(import.meta.url)));
  return loadIdxFolder(folder, await readdir(folder), { signal, maxValue, source: digitsData.source, fit, preview });
}

function digitsFolder(from: string): string {
  let folder = from;
  for (let level = 0; level <= levelsMax; level++) {
    const candidate = join(folder, 'resources', 'data', 'digits');
    if (existsSync(candidate)) return candidate;
    folder = dirname(folder);
  }
  throw dataError('data_missing', 'The bundled digits are not in resources/data/digits. Install Roundscope again.');
}
