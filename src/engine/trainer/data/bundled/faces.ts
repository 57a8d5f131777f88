import { seededRandom } from '#shared/base/random.ts';
import { facesData } from '#shared/contract/run/bundled-data.ts';
import type { Dataset, LoadedData } from '../dataset.ts';
import { finishLabelled } from '../labelled-images.ts';
import type { ImageFolderOptions } from '../images/image-folder.ts';
import { drawFace, emotions, faceSide } from './draw-face.ts';

/** Enough to learn from, few enough for a demo's round to take seconds. */
const facesPerClass = 100;

/** Draws the synthetic faces; the same ones each time, so that processes of a run can divide them. */
export function loadFaces({ fit, preview }: Pick<ImageFolderOptions, 'fit' | 'preview'>): LoadedData {
  const size = faceSide * faceSide;
  const pixels = new Uint8Array(emotions.length * facesPerClass * size);
  const labels = new Uint16Array(emotions.length * facesPerClass);
  const random = seededRandom(facesData.name);
  for (const [label, emotion] of emotions.entries()) {
    for (let i = 0; i < facesPerClass; i++) {
      const at = label * facesPerClass + i;
      pixels.set(drawFace(emotion, random.fork(`${emotion}-${i}`)), at * size);
      labels[at] = label;
    }
  }
  const all: Dataset = {
    source: facesData.source,
    shape: [1, faceSide, faceSide],
    classes: emotions,
    pixels,
    maxValue: 255,
    labels,
  };
  return finishLabelled({ all, path: facesData.name }, { fit, preview });
}
