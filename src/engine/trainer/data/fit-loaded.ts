import { dataError } from '../errors.ts';
import { countClasses, exampleCount, selectExamples, type Dataset, type LoadedData } from './dataset.ts';
import { fitClasses } from './fit-classes.ts';
import { fitImages } from './images/fit-images.ts';
import type { ImageFolderOptions } from './images/image-folder.ts';
import { LoadTally } from './load-notes.ts';

/**
 * Brings data that is in memory into the classes and the shape of a run.
 * @throws RoundscopeError `classes_unknown`, `data_invalid`
 */
export function fitLoaded(
  loaded: LoadedData,
  { fit, preview }: Pick<ImageFolderOptions, 'fit' | 'preview'>,
): LoadedData {
  const { all, testFrom = exampleCount(all) } = loaded;
  const tally = new LoadTally();
  tally.addAll(loaded.notes);
  const counts = countClasses(all.labels, all.classes.length);
  const countOf = (name: string): number => counts[all.classes.indexOf(name)] ?? 0;
  const { classes, labels, mapping } = fitClasses(all.source, all.classes, fit?.classes ?? all.classes, {
    chosen: fit?.mapping,
    isEmpty: (name) => countOf(name) === 0,
    lenient: preview !== undefined,
  });
  for (const { from, to } of mapping)
    if (to === null && countOf(from) > 0) tally.leaveOut(`in ${from}`, from, countOf(from));
  const kept: number[] = [];
  let keptTraining = 0;
  for (const [i, label] of all.labels.entries()) {
    if (labels[label] === null) continue;
    kept.push(i);
    if (i < testFrom) keptTraining++;
  }
  if (kept.length === 0 && preview === undefined)
    throw dataError('data_invalid', `${all.source} has no image of the run's classes.`);
  const selected = kept.length === exampleCount(all) ? all : selectExamples(all, kept);
  const relabelled: Dataset = {
    ...selected,
    classes,
    labels: selected.labels.map((label) => labels[label] ?? 0),
  };
  return {
    ...loaded,
    all: fitImages(relabelled, fit?.shape ?? all.shape, tally),
    testFrom: loaded.testFrom === undefined ? undefined : keptTraining,
    own: mapping.map((one) => ({ ...one, count: countOf(one.from) })).filter(({ count }) => count > 0),
    notes: tally.notes(
      mapping
        .filter(({ from }) => countOf(from) > 0)
        .map(({ from, to }) => ({ from, to, examples: to === null ? 0 : countOf(from) })),
    ),
  };
}
