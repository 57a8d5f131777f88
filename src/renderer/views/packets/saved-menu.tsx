import { useEffect, useRef, useState } from 'react';
import type { JSX } from 'react';
import { Icon } from '#renderer/components/icon.tsx';
import { showToast } from '#renderer/session/toasts.ts';
import { givenFilters, loadSavedFilters, storeSavedFilters } from './saved-filters.ts';
import type { SavedFilter } from './saved-filters.ts';

/** Filters worth keeping, and those that come with the window. */
export function SavedMenu({ text, valid, onPick }: { readonly text: string; readonly valid: boolean; readonly onPick: (text: string) => void }): JSX.Element {
  const [open, setOpen] = useState(false);
  const [saved, setSaved] = useState(loadSavedFilters);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const onPointerDown = (event: globalThis.PointerEvent): void => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', onPointerDown);
    return () => document.removeEventListener('pointerdown', onPointerDown);
  }, [open]);
  const store = (next: readonly SavedFilter[]): void => {
    setSaved(next);
    if (!storeSavedFilters(next)) showToast({ level: 'warning', text: 'The browser keeps nothing for this page, so the filter is saved until the window closes.', error: null });
  };
  const pick = (filter: SavedFilter): void => {
    onPick(filter.text);
    setOpen(false);
  };
  const canSave = valid && text.trim() !== '' && !saved.some((filter) => filter.text === text);
  return (
    <div className="fmenu" ref={root} onKeyDown={(event) => event.key === 'Escape' && open && (event.stopPropagation(), setOpen(false))}>
      <button type="button" className="btn" aria-expanded={open} aria-haspopup="true" aria-label="Saved filters" onClick={() => setOpen(!open)}>
        <Icon name="mark" />
        <span className="w-lg">Saved filters</span>
        <Icon name="chevron" as="small" />
      </button>
      {open ? (
        <div className="pop saved" role="group" aria-label="Saved filters">
          <button type="button" className="o" disabled={!canSave} onClick={() => store([...saved, { name: text, text }])}>
            <span>Save this filter</span>
            <span className="t3">{text.trim() === '' ? 'the box is empty' : canSave ? '' : valid ? 'saved already' : 'it is not whole yet'}</span>
          </button>
          {saved.map((filter) => (
            <div className="o2" key={filter.text}>
              <button type="button" className="o" onClick={() => pick(filter)}>
                <span className="data">{filter.text}</span>
              </button>
              <button type="button" className="btn ghost sm" aria-label={`Remove ${filter.text}`} onClick={() => store(saved.filter((other) => other !== filter))}>
                <Icon name="close" as="small" />
              </button>
            </div>
          ))}
          <div className="hint">Common questions</div>
          {givenFilters.map((filter) => (
            <button type="button" className="o" key={filter.text} onClick={() => pick(filter)}>
              <span>{filter.name}</span>
              <span className="data t3">{filter.text}</span>
            </button>
          ))}
        </div>
      ) : null}
    </div>
  );
}
