import { dataError } from '../errors.ts';
import { ownClasses } from './class-mapping.ts';
import { requireClassNames } from './class-names.ts';
import { countClasses, type Dataset, type LoadedData } from './dataset.ts';
import { fitLoaded } from './fit-loaded.ts';
import { warningIfAlike } from './images/alike.ts';
import type { ImageFolderOptions } from './images/image-folder.ts';
import { LoadTally, type LoadNotes } from './load-notes.ts';

interface Labelled {
  readonly all: Dataset;
  readonly testFrom?: number | undefined;
  /** Where it lies, for messages. */
  readonly path: string;
  readonly tally?: LoadTally;
  /** What was left out since it could not be read. */
  readonly damaged?: LoadNotes['leftOut'];
}

/**
 * What a reader of labelled images returns: with a warning when they are all alike or a class has none, and as a run asks.
 * @throws RoundscopeError `data_invalid` when a run would have one class, `classes_unknown`
 */
export function finishLabelled(
  { all, testFrom, path, tally = new LoadTally(), damaged = [] }: Labelled,
  { fit, preview }: Pick<ImageFolderOptions, 'fit' | 'preview'>,
): LoadedData {
  requireClassNames(path, all.classes);
  const alike = warningIfAlike(all);
  if (alike !== null) tally.warn(alike);
  const counts = countClasses(all.labels, all.classes.length);
  const empty = all.classes.filter((_, label) => counts[label] === 0);
  const skipped = damaged.reduce((sum, { count }) => sum + count, 0);
  const own = ownClasses(all.classes).map((one, label) => ({ ...one, count: counts[label] ?? 0 }));
  const loaded = { all, testFrom, skipped, damaged, notes: tally.notes(), own, unread: 0 };
  if (fit !== undefined || preview !== undefined) return fitLoaded(loaded, { fit, preview });
  if (all.classes.length - empty.length < 2)
    throw dataError(
      'data_invalid',
      `${path} has labels of ${all.classes.length - empty.length} class only; two or more are needed.`,
    );
  if (empty.length > 0)
    tally.warn(`No images here of ${empty.join(', ')}: classes of the run that others have to teach.`);
  return { ...loaded, notes: tally.notes() };
}
