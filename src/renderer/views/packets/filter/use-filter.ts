import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { absoluteText, movesOn, type RunEnds } from '#shared/filter/absolute-text.ts';
import type { FilterError, FilterExpression } from '#shared/filter/filter-expression.ts';
import { everything } from '#shared/filter/filter-expression.ts';
import { parseFilter, usableFilter } from '#shared/filter/parse-filter.ts';
import { useRunView, useSession } from '#renderer/session/hooks.ts';
import { currentPlace, navigate, usePlace } from '#renderer/session/navigation.ts';

export interface FilterState {
  /** What stands in the box. */
  readonly text: string;
  readonly error: FilterError | null;
  /** What the table shows: the text, its whole part, or the last filter that could be read; with moments for `last 5m`. */
  readonly shown: { readonly expression: FilterExpression; readonly text: string };
  readonly set: (text: string) => void;
}

/** Pause in typing after which the table follows. */
const settleMs = 140;

/** How often `last 5m` is measured from the newest packet again. */
const moveOnMs = 10_000;

type Shown = FilterState['shown'];

function shownFor(text: string, ends: () => RunEnds): Shown | null {
  const usable = usableFilter(text);
  if (usable === null) return null;
  const absolute = absoluteText(usable.text, ends());
  if (absolute === usable.text) return usable;
  const parsed = parseFilter(absolute);
  return parsed.ok ? { expression: parsed.value, text: absolute } : null;
}

/** Of what is held: the start of the run, and its newest packet. */
function useRunEnds(): () => RunEnds {
  const session = useSession();
  const startedAt = useRunView((view) => view.startedAt) ?? 0;
  return useCallback(() => {
    const held = session.packets();
    return { startedAt, newestAt: held.at(held.length - 1)?.at ?? startedAt };
  }, [session, startedAt]);
}

/** The text of the filter box; other views and the address set it through the place. */
export function useFilter(): FilterState {
  const place = usePlace();
  const [text, setText] = useState(place.filter);
  const ends = useRunEnds();
  const [shown, setShown] = useState(() => shownFor(place.filter, ends) ?? { expression: everything, text: '' });
  const own = useRef(place.filter);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const apply = useCallback(
    (next: string) => {
      own.current = next;
      const usable = shownFor(next, ends);
      // A filter that is plainly wrong leaves the table as it is; the error says why.
      if (usable !== null) setShown((before) => (before.text === usable.text ? before : usable));
      if (currentPlace().view === 'packets') navigate({ filter: next });
    },
    [ends],
  );
  useEffect(() => {
    if (place.filter === own.current) return;
    clearTimeout(timer.current);
    setText(place.filter);
    apply(place.filter);
  }, [place.filter, apply]);
  useEffect(() => {
    if (!movesOn(place.filter)) return undefined;
    const again = setInterval(() => {
      const usable = shownFor(place.filter, ends);
      if (usable !== null) setShown((before) => (before.text === usable.text ? before : usable));
    }, moveOnMs);
    return () => clearInterval(again);
  }, [place.filter, ends]);
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
