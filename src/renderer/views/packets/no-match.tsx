import type { JSX } from 'react';
import type { TimeRange } from './packet-index.ts';
import type { FilterState } from './use-filter.ts';

interface NoMatchProps {
  readonly filter: FilterState;
  readonly range: TimeRange | null;
  readonly onRange: (range: null) => void;
}

/** In place of the rows when there are none: what leaves them out can be cleared there. */
export function NoMatch({ filter, range, onRange }: NoMatchProps): JSX.Element {
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
    </span>
  );
}
