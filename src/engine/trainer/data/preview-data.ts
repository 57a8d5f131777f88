import { encode as encodePng } from 'fast-png';
import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError, toErrorReport } from '#shared/base/errors.ts';
import type { DataPreview } from '#shared/contract/app/port-api.ts';
import type { ImageShape } from '../model/default-models.ts';
import type { ChosenClass } from './class-mapping.ts';
import { exampleCount, imageSize, type Dataset, type LoadedData } from './dataset.ts';
import { unknownClasses } from './fit-classes.ts';
import { loadData } from './load-data.ts';
import { heldOutOf } from './partition.ts';

export interface PreviewJob {
  /** The name of bundled data, or an absolute path. */
  readonly data: string;
  readonly classes?: readonly string[] | undefined;
  readonly shape?: ImageShape | undefined;
  readonly mapping?: readonly ChosenClass[] | undefined;
}

/** Images are read whole for so long; what is left is counted by its first bytes. */
const readingMsMax = 4_000;
const picturesMax = 24;
/** All pictures together, as they travel to a window. */
const picturesBytesMax = 512 * 1024;

/**
 * Looks at data as a run would see it, for somebody who has not decided yet. Whatever is wrong with it is in the answer.
 * @throws the signal's reason when that aborts
 */
export async function previewData(
  job: PreviewJob,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Pick<Clock, 'monotonicMs'> },
): Promise<DataPreview> {
  const startedMs = clock.monotonicMs();
  const { data, ...fit } = job;
  try {
    const isEnough = (): boolean => clock.monotonicMs() - startedMs > readingMsMax;
    const loaded = await loadData(data, { signal, fit, preview: { isEnough } });
    return { ...previewOf(job, loaded), readMs: clock.monotonicMs() - startedMs };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof RoundscopeError)) throw error;
    return { ...nothingOf(job), fault: toErrorReport(error), readMs: clock.monotonicMs() - startedMs };
  }
}

function previewOf(job: PreviewJob, loaded: LoadedData): Omit<DataPreview, 'readMs'> {
  const { all, own, notes, skipped, damaged, unread } = loaded;
  const taken = own.filter(({ to }) => to !== null);
  const total = taken.reduce((sum, { count }) => sum + count, 0);
  const warnings =
    unread === 0
      ? notes.warnings
      : [
          `${unread} of ${total} images were counted and not read yet: what is said of them holds for the others.`,
          ...notes.warnings,
        ];
  return {
    path: job.data,
    source: all.source,
    shape: [...all.shape],
    classes: own.map(({ from, count, to, guess, why }) => ({ name: from, count, to, guess, why })),
    total,
    heldOut: heldOut(loaded, total),
    leftOut: [
      ...notes.leftOut,
      ...(damaged ?? (skipped === 0 ? [] : [{ what: 'damaged', count: skipped, example: '' }])),
    ],
    changed: notes.changed,
    warnings,
    pictures: picturesOf(all),
    fault: faultOf(job, loaded),
  };
}

/** What would be held out of it for evaluation; as many as the author's own test set has. */
function heldOut({ all, testFrom, own }: LoadedData, total: number): number {
  if (testFrom === undefined) {
    const counts = new Map<string, number>();
    for (const { to, count } of own) if (to !== null) counts.set(to, (counts.get(to) ?? 0) + count);
    return [...counts.values()].reduce((sum, count) => sum + heldOutOf(count), 0);
  }
  const read = exampleCount(all);
  return read === 0 ? 0 : Math.round((total * (read - testFrom)) / read);
}

function faultOf({ classes }: PreviewJob, { own, all }: LoadedData): DataPreview['fault'] {
  if (classes === undefined) {
    if (own.filter(({ count }) => count > 0).length >= 2 || own.length >= 2) return null;
    const message = `${all.source} holds one class only, and a run tells at least two apart. In a run of others one is enough.`;
    return toErrorReport(new RoundscopeError('data_invalid', { layer: 'data', message }));
  }
  const unknown = own.filter(({ how, count }) => how === 'unknown' && count > 0);
  if (unknown.length > 0) {
    const names = own.map(({ from }) => from);
    return toErrorReport(unknownClasses(all.source, names, classes, unknown));
  }
  if (own.some(({ to, count }) => to !== null && count > 0)) return null;
  const message = `${all.source} would take part with no image: everything in it is left out.`;
  return toErrorReport(new RoundscopeError('data_invalid', { layer: 'data', message }));
}

/** Some of each class in turn, so that a few pictures show all of a few classes. */
function picturesOf(all: Dataset): DataPreview['pictures'] {
  const byClass = all.classes.map((): number[] => []);
  for (const [i, label] of all.labels.entries()) byClass[label]?.push(i);
  const pictures: { label: string; url: string }[] = [];
  let bytes = 0;
  for (let turn = 0; turn < picturesMax && pictures.length < picturesMax; turn++) {
    for (const [label, indices] of byClass.entries()) {
      const index = indices[turn];
      if (index === undefined || pictures.length >= picturesMax) continue;
      const url = pictureUrl(all, index);
      bytes += url.length;
      if (bytes > picturesBytesMax) return pictures;
      pictures.push({ label: all.classes[label] ?? '', url });
    }
  }
  return pictures;
}

function pictureUrl(all: Dataset, index: number): string {
  const [channels, height, width] = all.shape;
  const size = imageSize(all);
  const plane = width * height;
  const image = all.pixels.subarray(index * size, (index + 1) * size);
  const data = new Uint8Array(size);
  for (let i = 0; i < plane; i++)
    for (let c = 0; c < channels; c++)
      data[i * channels + c] = Math.round(((image[c * plane + i] as number) * 255) / all.maxValue);
  return `data:image/png;base64,${Buffer.from(encodePng({ width, height, channels, data })).toString('base64')}`;
}

function nothingOf({ data, shape = [1, 1, 1] }: PreviewJob): Omit<DataPreview, 'readMs' | 'fault'> {
  const nothing = { classes: [], total: 0, heldOut: 0, leftOut: [], changed: [], warnings: [], pictures: [] };
  return { path: data, source: '', shape: [...shape], ...nothing };
}
