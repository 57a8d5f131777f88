import type { JSX } from 'react';
import { Icon } from '#renderer/components/icon.tsx';
import { PopMenu } from '#renderer/components/pop-menu.tsx';

const kinds = [
  { id: 'csv', label: 'CSV', detail: 'every point, not only those shown' },
  { id: 'svg', label: 'SVG', detail: 'the charts as you see them' },
  { id: 'png', label: 'PNG', detail: 'the same as a picture, twice the size' },
] as const;

export function ExportMenu({ onExport }: { readonly onExport: (kind: 'csv' | 'svg' | 'png') => void }): JSX.Element {
  const button = (
    <>
      Export
      <Icon name="chevron" as="small" />
    </>
  );
  return (
    <PopMenu label="Export" button={button}>
      {(close) =>
        kinds.map((kind) => (
          <button type="button" className="o" key={kind.id} onClick={() => (close(), onExport(kind.id))}>
            <b>{kind.label}</b>
            <span className="t3">{kind.detail}</span>
          </button>
        ))
      }
    </PopMenu>
  );
}
