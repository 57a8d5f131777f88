import { useEffect, useRef, useState } from 'react';
import type { JSX } from 'react';
import { Icon } from '#renderer/components/icon.tsx';

const kinds = [
  { id: 'csv', label: 'CSV', detail: 'every point, not only those shown' },
  { id: 'svg', label: 'SVG', detail: 'the charts as you see them' },
  { id: 'png', label: 'PNG', detail: 'the same as a picture, twice the size' },
] as const;

export function ExportMenu({ onExport }: { readonly onExport: (kind: 'csv' | 'svg' | 'png') => void }): JSX.Element {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const away = (event: globalThis.PointerEvent): void => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', away);
    return () => document.removeEventListener('pointerdown', away);
  }, [open]);
  return (
    <div className="end xm" ref={root} onKeyDown={(event) => event.key === 'Escape' && open && (event.stopPropagation(), setOpen(false))}>
      <button type="button" className="btn" aria-expanded={open} aria-haspopup="true" onClick={() => setOpen(!open)}>
        Export
        <Icon name="chevron" as="small" />
      </button>
      {open ? (
        <div className="xm-p" role="group" aria-label="Export">
          {kinds.map((kind) => (
            <button type="button" key={kind.id} onClick={() => (setOpen(false), onExport(kind.id))}>
              <b>{kind.label}</b>
              <span className="t3">{kind.detail}</span>
            </button>
          ))}
        </div>
      ) : null}
    </div>
  );
}
