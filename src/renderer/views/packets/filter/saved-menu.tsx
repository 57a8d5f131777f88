import { useState } from 'react';
import type { JSX } from 'react';
import { Icon } from '#renderer/components/icon.tsx';
import { PopMenu } from '#renderer/components/pop-menu.tsx';
import { showToast } from '#renderer/session/toasts.ts';
import { givenFilters, loadSavedFilters, storeSavedFilters } from './saved-filters.ts';
import type { SavedFilter } from './saved-filters.ts';

interface SavedMenuProps {
  readonly text: string;
  readonly valid: boolean;
  readonly onPick: (text: string) => void;
}

/** Filters worth keeping, and those that come with the window. */
export function SavedMenu({ text, valid, onPick }: SavedMenuProps): JSX.Element {
  const [saved, setSaved] = useState(loadSavedFilters);
  const store = (next: readonly SavedFilter[]): void => {
    setSaved(next);
    if (!storeSavedFilters(next))
      showToast({
        level: 'warning',
        text: 'The browser keeps nothing for this page, so the filter is saved until the window closes.',
        error: null,
      });
  };
  const empty = text.trim() === '';
  const known = saved.some((filter) => filter.text === text);
  const button = (
    <>
      <Icon name="mark" />
      <span className="w-lg">Saved filters</span>
      <Icon name="chevron" as="small" />
    </>
  );
  return (
    <PopMenu label="Saved filters" button={button}>
      {(close) => (
        <div className="saved">
          <button
            type="button"
            className="o"
            disabled={!valid || empty || known}
            onClick={() => store([...saved, { name: text, text }])}
          >
            <span>Save this filter</span>
            <span className="t3">
              {empty ? 'the box is empty' : known ? 'saved already' : valid ? '' : 'it is not whole yet'}
            </span>
          </button>
          {saved.map((filter) => (
            <div className="o2" key={filter.text}>
              <button type="button" className="o" onClick={() => (onPick(filter.text), close())}>
                <span className="data">{filter.text}</span>
              </button>
              <button
                type="button"
                className="btn ghost sm"
                aria-label={`Remove ${filter.text}`}
                onClick={() => store(saved.filter((other) => other !== filter))}
              >
                <Icon name="close" as="small" />
              </button>
            </div>
          ))}
          <div className="hint">Common questions</div>
          {givenFilters.map((filter) => (
            <button type="button" className="o" key={filter.text} onClick={() => (onPick(filter.text), close())}>
              <span>{filter.name}</span>
              <span className="data t3">{filter.text}</span>
            </button>
          ))}
        </div>
      )}
    </PopMenu>
  );
}
