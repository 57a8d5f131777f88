import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';
import type { JSX } from 'react';

const bytesPerRow = 16;
const rowHeightPx = 17;

/** Bytes as hex and ASCII; only the rows in sight are in the page. Selecting and copying takes the text of those. */
export function HexView({ bytes, label }: { readonly bytes: Uint8Array; readonly label: string }): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = Math.ceil(bytes.length / bytesPerRow);
  const virtualizer = useVirtualizer({
    count: rows,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeightPx,
    overscan: 8,
    // The first measurement comes while the page is being rendered, when nothing can be flushed.
    useFlushSync: false,
  });
  return (
    <div className="hex" ref={scroller} tabIndex={0} role="region" aria-label={label}>
      <div style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
        {virtualizer.getVirtualItems().map((item) => {
          const row = hexRow(bytes, item.index);
          return (
            <div key={item.key} style={{ transform: `translateY(${item.start}px)` }}>
              <span className="t3">{row.offset}</span>
              <span>{row.hex}</span>
              <span className="hex-a">{row.ascii}</span>
            </div>
          );
        })}
      </div>
    </div>
  );
}

export interface HexRow {
  readonly offset: string;
  readonly hex: string;
  readonly ascii: string;
}

/** Row `index`: `0010`, two groups of eight, and what of it is printable. */
export function hexRow(bytes: Uint8Array, index: number): HexRow {
  const from = index * bytesPerRow;
  const row = bytes.subarray(from, from + bytesPerRow);
  const pairs = Array.from(row, (byte) => byte.toString(16).padStart(2, '0'));
  const hex = `${pairs.slice(0, 8).join(' ')}${pairs.length > 8 ? '  ' : ''}${pairs.slice(8).join(' ')}`;
  const ascii = Array.from(row, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join('');
  return { offset: from.toString(16).padStart(4, '0'), hex, ascii };
}

/** The whole of it as text, for the clipboard. */
export function hexText(bytes: Uint8Array): string {
  return Array.from({ length: Math.ceil(bytes.length / bytesPerRow) }, (_, index) => {
    const row = hexRow(bytes, index);
    return `${row.offset}  ${row.hex.padEnd(bytesPerRow * 3)}  ${row.ascii}`;
  }).join('\n');
}
