import { isSynthetic } from '#shared/contract/run/bundled-data.ts';
import type { DataSummary } from '#shared/contract/messages.ts';
import type { EventData } from '#shared/contract/events.ts';
import { countClasses, exampleCount, type LoadedData } from './dataset.ts';

/** What is told of loaded data: as the event `data_loaded`, of which the coordinator gets `data` alone. */
export type PreparedData = Omit<EventData<'data_loaded'>, 'participant'>;

export function describeData(loaded: LoadedData, data: DataSummary): PreparedData {
  const { changed, mapping, warnings } = loaded.notes;
  const leftOut = leftOutOf(loaded);
  return { data, text: lineOf(loaded), leftOut, changed, mapping, warnings };
}

/** Of everything that was loaded, as if it all were for training. */
export function summaryOf({ all, skipped, testFrom }: LoadedData): DataSummary {
  const total = exampleCount(all);
  return {
    source: all.source.slice(0, 500),
    examples: testFrom ?? total,
    heldOut: total - (testFrom ?? total),
    shape: [...all.shape],
    classes: [...all.classes],
    classCounts: countClasses(all.labels, all.classes.length),
    skipped,
  };
}

/** Where reasons of damage are known, they stand among the others. */
function leftOutOf({ notes, damaged = [] }: LoadedData): LoadedData['notes']['leftOut'] {
  return [...notes.leftOut, ...damaged].slice(0, kindsToldMax);
}

/** `90 images of 3 classes (angry 30, happy 30, sad 30), 48x48 grey; 210 others left out (60 .gif, ...)`. */
function lineOf(loaded: LoadedData): string {
  const { all, skipped, damaged, notes } = loaded;
  const counts = countClasses(all.labels, all.classes.length);
  const present = all.classes
    .map((name, label) => ({ name, count: counts[label] ?? 0 }))
    .filter(({ count }) => count > 0);
  const shown = present.slice(0, classesShownMax).map(({ name, count }) => `${name} ${count}`);
  const more = present.length > shown.length ? [`${present.length - shown.length} more`] : [];
  const of = present.length === all.classes.length ? '' : ` of the run's ${all.classes.length}`;
  const [channels, height, width] = all.shape;
  const parts = [
    `${plural(exampleCount(all), isSynthetic(all.source) ? 'synthetic image' : 'image')} in ${plural(present.length, 'class', 'classes')}${of} (${[...shown, ...more].join(', ')}), ` +
      `seen as ${width}x${height} ${channels === 1 ? 'grey' : 'color'}`,
    ...notes.changed.map(({ what, count, how }) => `${count} ${what} ${how}`),
  ];
  const out = leftOutOf(loaded);
  const leftOut = out.reduce((sum, { count }) => sum + count, 0);
  if (leftOut > 0) {
    const kinds = out.slice(0, kindsShownMax).map(({ what, count }) => `${count} ${what}`);
    const rest = out.length > kinds.length ? ', ...' : '';
    parts.push(`${plural(leftOut, 'other', 'others')} left out (${kinds.join(', ')}${rest})`);
  }
  if (skipped > 0 && damaged === undefined) parts.push(`${skipped} damaged left out`);
  return parts.join('; ').slice(0, 1000);
}

const classesShownMax = 12;
const kindsShownMax = 6;
/** As many as the event carries. */
const kindsToldMax = 32;

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}
