import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { FilterError, FilterExpression } from '#shared/filter/filter-expression.ts';
import { everything } from '#shared/filter/filter-expression.ts';
import { parseFilter, usableFilter } from '#shared/filter/parse-filter.ts';
import { currentPlace, navigate, usePlace } from '#renderer/session/navigation.ts';

export interface FilterState {
  /** What stands in the box. */
  readonly text: string;
  readonly error: FilterError | null;
  /** What the table shows: the text, its whole part, or the last filter that could be read. */
  readonly shown: { readonly expression: FilterExpression; readonly text: string };
  readonly set: (text: string) => void;
}

/** Pause in typing after which the table follows. */
const settleMs = 140;

/** The text of the filter box; other views and the address set it through the place. */
export function useFilter(): FilterState {
  const place = usePlace();
  const [text, setText] = useState(place.filter);
  const [shown, setShown] = useState(() => usableFilter(place.filter) ?? { expression: everything, text: '' });
  const own = useRef(place.filter);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const apply = useCallback((next: string) => {
    own.current = next;
    const usable = usableFilter(next);
    // A filter that is plainly wrong leaves the table as it is; the error says why.
    if (usable !== null) setShown((before) => (before.text === usable.text ? before : usable));
    if (currentPlace().view === 'packets') navigate({ filter: next });
  }, []);
  useEffect(() => {
    if (place.filter === own.current) return;
    clearTimeout(timer.current);
    setText(place.filter);
    apply(place.filter);
  }, [place.filter, apply]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const set = useCallback(
    (next: string) => {
      setText(next);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => apply(next), settleMs);
    },
    [apply],
  );
  const error = useMemo(() => {
    const parsed = parseFilter(text);
    return parsed.ok ? null : parsed.error;
  }, [text]);
  return { text, error, shown, set };
}
