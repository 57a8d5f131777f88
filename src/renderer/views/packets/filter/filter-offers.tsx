import type { JSX } from 'react';
import type { Suggestion } from '#shared/filter/complete-filter.ts';
import type { FilterError } from '#shared/filter/filter-expression.ts';
import { highlightFilter } from './filter-highlight.ts';

interface OffersProps {
  readonly offers: readonly Suggestion[];
  readonly active: number;
  readonly onTake: (suggestion: Suggestion) => void;
}

/** What could stand at the caret; the combobox before it has the focus. */
export function Offers({ offers, active, onTake }: OffersProps): JSX.Element {
  return (
    <div
      className="pop compl"
      hidden={offers.length === 0}
      style={{ left: `min(calc(${offers[0]?.from ?? 0}ch + 28px), calc(100% - 280px))` }}
    >
      <div role="listbox" id="filter-offers" aria-label="Completions">
        {offers.map((item, i) => (
          <div
            key={item.label}
            id={`filter-offer-${i}`}
            className="o"
            role="option"
            tabIndex={-1}
            aria-selected={i === active}
            onPointerDown={(event) => (event.preventDefault(), onTake(item))}
          >
            <span className="data">
              <b>{item.label.slice(0, item.typed)}</b>
              {item.label.slice(item.typed)}
            </span>
            <span className="t3">{item.hint}</span>
          </div>
        ))}
      </div>
      <div className="hint">
        <span>
          <span className="key">↑↓</span> choose
        </span>
        <span>
          <span className="key">Tab</span> complete
        </span>
      </div>
    </div>
  );
}

interface NoteProps {
  readonly error: FilterError | null;
  readonly hidden: boolean;
  readonly onFix: (from: number, to: number, insert: string) => void;
}

/** What is wrong, in one sentence, with the likely fix as a button. */
export function FilterNote({ error, hidden, onFix }: NoteProps): JSX.Element {
  const wrong = error !== null && error.unfinished === undefined ? error : null;
  return (
    <div id="filter-note" className="pop ferr" role="status" hidden={hidden || wrong === null}>
      {wrong === null ? null : (
        <>
          <span>
            {wrong.message}{' '}
            <span className="t3">
              At character {wrong.from + 1}; the table keeps the last filter that could be read.
            </span>
          </span>
          {wrong.fix === undefined ? null : (
            <button type="button" className="btn sm" onClick={() => onFix(wrong.from, wrong.to, wrong.fix ?? '')}>
              {wrong.fix === '' ? (
                'Take it out'
              ) : (
                <>
                  Write <span className="data">{wrong.fix}</span>
                </>
              )}
            </button>
          )}
        </>
      )}
    </div>
  );
}

/** Lies under the input, whose own letters are transparent. */
export function Highlighted({
  text,
  error,
}: {
  readonly text: string;
  readonly error: FilterError | null;
}): JSX.Element {
  const bad = error !== null && error.unfinished === undefined ? error : null;
  return (
    <div className="fhl" aria-hidden="true">
      <span>
        {highlightFilter(text).map((piece) => {
          const wrong =
            bad !== null &&
            piece.from < Math.max(bad.to, bad.from + 1) &&
            piece.from + piece.text.length > bad.from &&
            piece.text.trim() !== '';
          return (
            <span
              key={piece.from}
              className={`${piece.kind === 'operator' ? 'op' : piece.kind === 'value' ? 'val' : ''}${wrong ? ' bad' : ''}`}
            >
              {piece.text}
            </span>
          );
        })}
      </span>
    </div>
  );
}

export function unfinishedNote(text: string, keptTo: number): string {
  if (keptTo === 0) return 'unfinished: table shows everything';
  const next = /^\s*(&&|\|\||and|or)/i.exec(text.slice(keptTo))?.[1];
  return next === undefined
    ? 'unfinished: table shows the part before the last word'
    : `unfinished: table shows the part before the last ${next}`;
}
