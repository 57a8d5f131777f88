/** An accuracy this far from the others' median, 0 to 1, ... */
const accuracyApart = 0.4;
/** ... of examples enough that it is no accident, ... */
const examplesLeast = 10;
/** ... where enough report that somebody can be told from the others. */
const fewest = 3;

interface Reported {
  readonly accuracy: number;
  readonly examples: number;
}

/** Results that are far from the others of their round, each with the median of those others; diagnosis and tables name the same. */
export function outliersOf<R extends Reported>(all: readonly R[]): ReadonlyMap<R, number> {
  const sorted = all.filter(({ examples }) => examples >= examplesLeast).toSorted((a, b) => a.accuracy - b.accuracy);
  const found = new Map<R, number>();
  if (sorted.length < fewest) return found;
  for (const [i, one] of sorted.entries()) {
    const median = medianWithout(sorted, i);
    if (Math.abs(one.accuracy - median) > accuracyApart) found.set(one, median);
  }
  return found;
}

/** Of a sorted list without one of it. */
function medianWithout(sorted: readonly Reported[], without: number): number {
  const at = (i: number): number => sorted[i < without ? i : i + 1]?.accuracy ?? 0;
  const count = sorted.length - 1;
  const middle = count >> 1;
  return count % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
}
