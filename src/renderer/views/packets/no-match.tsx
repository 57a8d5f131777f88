import { useMemo } from 'react';
import type { JSX } from 'react';
import type { KnownValues } from '#shared/filter/complete-filter.ts';
import { oddTerms } from '#shared/filter/odd-terms.ts';
import type { TimeRange } from './packet-index.ts';
import type { FilterState } from './filter/use-filter.ts';

interface NoMatchProps {
  readonly filter: FilterState;
  readonly range: TimeRange | null;
  readonly known: () => KnownValues;
  readonly onRange: (range: null) => void;
}

/** In place of the rows when there are none: what leaves them out can be cleared there, and what looks odd is said. */
export function NoMatch({ filter, range, known, onRange }: NoMatchProps): JSX.Element {
  const { expression } = filter.shown;
  const odd = useMemo(() => oddTerms(expression, known()), [expression, known]);
  return (
    <span className="nomatch">
      No packet matches.
      {filter.text !== '' && (
        <button type="button" className="btn sm" onClick={() => filter.set('')}>
          Clear the filter
        </button>
      )}
      {range !== null && (
        <button type="button" className="btn sm" onClick={() => onRange(null)}>
          Clear the time range
        </button>
      )}
      {odd.map((note) => (
        <span className="t2" key={note}>
          {note}
        </span>
      ))}
    </span>
  );
}
