import { Fragment } from 'react';
import type { JSX } from 'react';

const shown: Readonly<Record<string, string>> = {
  ' ': 'Space',
  Escape: 'Esc',
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
};

/** Keys of a shortcut as drawn on a keyboard; decoration, since the command's name is read out beside it. */
export function Keys({ of }: { readonly of: string }): JSX.Element {
  const parts = of === '+' ? ['+'] : of.split('+');
  return (
    <span aria-hidden="true" style={{ display: 'inline-flex', gap: 3 }}>
      {parts.map((part) => (
        <Fragment key={part}>
          <span className="key">{shown[part] ?? (part.length === 1 ? part.toUpperCase() : part)}</span>
        </Fragment>
      ))}
    </span>
  );
}
