import { useEffect, useRef, useState } from 'react';
import type { JSX, KeyboardEvent, RefObject } from 'react';
import { filterTextMax } from '#shared/contract/app/port-api.ts';
import { completeFilter } from '#shared/filter/complete-filter.ts';
import type { KnownValues, Suggestion } from '#shared/filter/complete-filter.ts';
import type { FilterError } from '#shared/filter/filter-expression.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { useMedia } from '#renderer/components/hooks/use-media.ts';
import { takeFocusWish } from '#renderer/session/navigation.ts';
import { FilterNote, Highlighted, Offers, unfinishedNote } from './filter-offers.tsx';

const example = 'protocol == quic && kind == chunk';

interface FilterBoxProps {
  readonly text: string;
  readonly error: FilterError | null;
  readonly known: () => KnownValues;
  readonly onChange: (text: string) => void;
  readonly onDone: () => void;
}

/** The filter as it is typed: colored, completed, and checked in one sentence. */
export function FilterBox(props: FilterBoxProps): JSX.Element {
  const { text, error } = props;
  const wide = useMedia('(min-width: 900px)');
  const completion = useCompletion(props);
  const { input, offers, active } = completion;
  useEffect(() => {
    if (takeFocusWish('packet-filter')) input.current?.focus();
  }, [input]);
  const clear = (): void => {
    props.onChange('');
    completion.close();
    input.current?.focus();
  };
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
            placeholder={wide ? `${example} && size > 100kB, or any words` : 'round == 3, or any words'}
            value={text}
            onChange={(event) => {
              props.onChange(event.target.value);
              completion.offer(event.target.value, event.target.selectionStart ?? event.target.value.length);
            }}
            onKeyDown={completion.onKeyDown}
            onBlur={completion.close}
            onScroll={(event) =>
              event.currentTarget.parentElement?.style.setProperty('--scroll', `${-event.currentTarget.scrollLeft}px`)
            }
          />
        </div>
        {error?.unfinished === undefined ? null : (
          <span className="end w-lg" title={error.message}>
            {error.looksWhole === true ? error.message : unfinishedNote(text, error.unfinished.keptTo)}
          </span>
        )}
        {text === '' ? null : (
          <button type="button" className="btn ghost sm fclear" aria-label="Clear the filter" onClick={clear}>
            <Icon name="close" as="small" />
          </button>
        )}
      </div>
      <Offers offers={offers} active={active} onTake={completion.take} />
      <FilterNote error={error} hidden={offers.length > 0} onFix={completion.replace} />
    </div>
  );
}

interface Completion {
  readonly input: RefObject<HTMLInputElement | null>;
  readonly offers: readonly Suggestion[];
  readonly active: number;
  readonly offer: (text: string, caret: number) => void;
  readonly take: (suggestion: Suggestion) => void;
  readonly replace: (from: number, to: number, insert: string) => void;
  readonly close: () => void;
  readonly onKeyDown: (event: KeyboardEvent<HTMLInputElement>) => void;
}

function useCompletion({ text, known, onChange, onDone }: FilterBoxProps): Completion {
  const input = useRef<HTMLInputElement>(null);
  const [offers, setOffers] = useState<readonly Suggestion[]>([]);
  const [active, setActive] = useState(0);
  const close = (): void => setOffers([]);
  const offer = (next: string, caret: number): void => {
    setOffers(completeFilter(next, caret, known()));
    setActive(0);
  };
  const replace = (from: number, to: number, insert: string): void => {
    const rest = text.slice(to);
    const next = `${text.slice(0, from)}${insert}${insert.endsWith(' ') ? rest.replace(/^ /, '') : rest}`;
    const caret = from + insert.length;
    onChange(next);
    offer(next, caret);
    input.current?.focus();
    requestAnimationFrame(() => input.current?.setSelectionRange(caret, caret));
  };
  const take = (suggestion: Suggestion): void => replace(suggestion.from, suggestion.to, suggestion.insert);
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    const chosen = offers[active];
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0 && chosen !== undefined) setActive((active + step + offers.length) % offers.length);
    else if (step === 1) offer(text, event.currentTarget.selectionStart ?? text.length);
    else if (
      chosen !== undefined &&
      ((event.key === 'Tab' && !event.shiftKey) || (event.key === 'Enter' && active > 0))
    )
      take(chosen);
    else if (event.key === 'Escape' && chosen !== undefined) close();
    else if (event.key === 'Enter' || event.key === 'Escape') {
      close();
      onDone();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return { input, offers, active, offer, take, replace, close, onKeyDown };
}
