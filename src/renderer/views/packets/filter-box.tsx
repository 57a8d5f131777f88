import { useRef, useState } from 'react';
import type { JSX, KeyboardEvent } from 'react';
import { filterTextMax } from '#shared/contract/port-api.ts';
import { completeFilter } from '#shared/filter/complete-filter.ts';
import type { KnownValues, Suggestion } from '#shared/filter/complete-filter.ts';
import type { FilterError } from '#shared/filter/filter-expression.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { highlightFilter } from './filter-highlight.ts';

interface FilterBoxProps {
  readonly text: string;
  readonly error: FilterError | null;
  readonly known: () => KnownValues;
  readonly onChange: (text: string) => void;
  readonly onDone: () => void;
}

/** The filter as it is typed: coloured, completed, and judged in one sentence. */
export function FilterBox({ text, error, known, onChange, onDone }: FilterBoxProps): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const [offers, setOffers] = useState<readonly Suggestion[]>([]);
  const [active, setActive] = useState(0);
  const offer = (next: string, caret: number): void => {
    setOffers(completeFilter(next, caret, known()));
    setActive(0);
  };
  const replace = (from: number, to: number, insert: string): void => {
    const next = `${text.slice(0, from)}${insert}${text.slice(to).replace(/^ /, insert.endsWith(' ') ? '' : ' ')}`;
    const caret = from + insert.length;
    onChange(next);
    offer(next, caret);
    requestAnimationFrame(() => input.current?.setSelectionRange(caret, caret));
  };
  const take = (suggestion: Suggestion | undefined): void => {
    if (suggestion !== undefined) replace(suggestion.from, suggestion.to, suggestion.insert);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    const open = offers.length > 0;
    if (open && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      setActive((active + (event.key === 'ArrowDown' ? 1 : offers.length - 1)) % offers.length);
    } else if (!open && event.key === 'ArrowDown') {
      offer(text, event.currentTarget.selectionStart ?? text.length);
    } else if (open && event.key === 'Tab' && !event.shiftKey) take(offers[active]);
    else if (open && event.key === 'Enter' && active > 0) take(offers[active]);
    else if (event.key === 'Enter' || (event.key === 'Escape' && !open)) {
      setOffers([]);
      onDone();
    } else if (event.key === 'Escape') setOffers([]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const first = offers[0];
  return (
    <div className="fwrap">
      <div className="fbox">
        <Icon name="search" />
        <div className="fin">
          <Highlighted text={text} error={error} />
          <input
            ref={input}
            id="packet-filter"
            role="combobox"
            aria-label="Filter packets"
            aria-expanded={offers.length > 0}
            aria-controls="filter-offers"
            aria-autocomplete="list"
            aria-activedescendant={offers.length > 0 ? `filter-offer-${active}` : undefined}
            aria-invalid={error !== null && error.unfinished === undefined}
            aria-describedby="filter-note"
            autoComplete="off"
            spellCheck={false}
            maxLength={filterTextMax}
            placeholder="protocol == quic && kind == model_update && size > 1MB, or any words"
            value={text}
            onChange={(event) => {
              onChange(event.target.value);
              offer(event.target.value, event.target.selectionStart ?? event.target.value.length);
            }}
            onKeyDown={onKeyDown}
            onBlur={() => setOffers([])}
            onScroll={(event) => event.currentTarget.parentElement?.style.setProperty('--scroll', `${-event.currentTarget.scrollLeft}px`)}
          />
        </div>
        {error?.unfinished === undefined ? null : (
          <span className="end w-lg" title={error.message}>
            {unfinishedNote(text, error.unfinished.keptTo)}
          </span>
        )}
        {text === '' ? null : (
          <button type="button" className="btn ghost sm fclear" aria-label="Clear the filter" onClick={() => (onChange(''), setOffers([]), input.current?.focus())}>
            <Icon name="close" as="small" />
          </button>
        )}
      </div>
      <div className="pop compl" hidden={offers.length === 0} style={{ left: `min(calc(${first?.from ?? 0}ch + 28px), calc(100% - 280px))` }}>
        <div role="listbox" id="filter-offers" aria-label="Completions">
          {offers.map((item, i) => (
            <div
              key={item.label}
              id={`filter-offer-${i}`}
              className="o"
              role="option"
              aria-selected={i === active}
              onPointerDown={(event) => (event.preventDefault(), take(item))}
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
          <span><span className="key">↑↓</span> choose</span>
          <span><span className="key">Tab</span> complete</span>
        </div>
      </div>
      <FilterNote error={error} hidden={offers.length > 0} onMend={replace} />
    </div>
  );
}

function FilterNote({ error, hidden, onMend }: { readonly error: FilterError | null; readonly hidden: boolean; readonly onMend: (from: number, to: number, insert: string) => void }): JSX.Element {
  const wrong = error !== null && error.unfinished === undefined ? error : null;
  return (
    <div id="filter-note" className="pop ferr" role="status" hidden={hidden || wrong === null}>
      {wrong === null ? null : (
        <>
          <span>{wrong.message} <span className="t3">At character {wrong.from + 1}; the table keeps the last filter that could be read.</span></span>
          {wrong.mend === undefined ? null : (
            <button type="button" className="btn sm" onClick={() => onMend(wrong.from, wrong.to, wrong.mend ?? '')}>
              {wrong.mend === '' ? 'Take it out' : <>Write <span className="data">{wrong.mend}</span></>}
            </button>
          )}
        </>
      )}
    </div>
  );
}

/** Lies under the input, whose own letters are transparent. */
function Highlighted({ text, error }: { readonly text: string; readonly error: FilterError | null }): JSX.Element {
  const bad = error !== null && error.unfinished === undefined ? error : null;
  return (
    <div className="fhl" aria-hidden="true">
      <span>
        {highlightFilter(text).map((piece) => {
          const wrong = bad !== null && piece.from < Math.max(bad.to, bad.from + 1) && piece.from + piece.text.length > bad.from && piece.text.trim() !== '';
          return (
            <span key={piece.from} className={`${piece.kind === 'operator' ? 'op' : piece.kind === 'value' ? 'val' : ''}${wrong ? ' bad' : ''}`}>
              {piece.text}
            </span>
          );
        })}
      </span>
    </div>
  );
}

function unfinishedNote(text: string, keptTo: number): string {
  if (keptTo === 0) return 'unfinished: table shows everything';
  const next = /^\s*(&&|\|\||and|or)/i.exec(text.slice(keptTo))?.[1];
  return next === undefined ? 'unfinished: table shows the part before the last word' : `unfinished: table shows the part before the last ${next}`;
}
