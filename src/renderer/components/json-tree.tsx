import { useState } from 'react';
import { shownWithin } from '#shared/base/text/visible-text.ts';
import type { JSX } from 'react';

/** Members drawn of one object or list before a button for the rest. */
const membersFirst = 100;

/** A JSON value that folds. All of it is text: nothing in it is ever markup. */
export function JsonTree({ value, label }: { readonly value: unknown; readonly label: string }): JSX.Element {
  return (
    <div className="jt data" role="group" aria-label={label}>
      <Members value={value} depth={0} />
    </div>
  );
}

function Members({ value, depth }: { readonly value: unknown; readonly depth: number }): JSX.Element {
  const [shown, setShown] = useState(membersFirst);
  if (!isBranch(value)) return <Leaf value={value} />;
  const entries = Object.entries(value);
  return (
    <ul>
      {entries.slice(0, shown).map(([name, member]) => (
        <li key={name}>
          {isBranch(member) ? (
            <Branch name={name} value={member} depth={depth + 1} />
          ) : (
            <>
              <span className="jt-k">{shownWithin(name)}</span> <Leaf value={member} />
            </>
          )}
        </li>
      ))}
      {entries.length > shown ? (
        <li>
          <button type="button" className="jt-more" onClick={() => setShown(shown + 1000)}>
            {entries.length - shown} more
          </button>
        </li>
      ) : null}
    </ul>
  );
}

function Branch({
  name,
  value,
  depth,
}: {
  readonly name: string;
  readonly value: object;
  readonly depth: number;
}): JSX.Element {
  const [open, setOpen] = useState(depth <= 2);
  const size = Object.keys(value).length;
  return (
    <>
      <button type="button" className="jt-b" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span aria-hidden="true">{open ? '▾' : '▸'}</span> <span className="jt-k">{shownWithin(name)}</span>{' '}
        <span className="t3">{Array.isArray(value) ? `[${size}]` : `{${size}}`}</span>
      </button>
      {open ? <Members value={value} depth={depth} /> : null}
    </>
  );
}

function Leaf({ value }: { readonly value: unknown }): JSX.Element {
  const kind = value === null ? 'null' : typeof value;
  return <span className={`jt-v jt-${kind}`}>{typeof value === 'string' ? shownWithin(value) : String(value)}</span>;
}

function isBranch(value: unknown): value is object {
  return value !== null && typeof value === 'object' && Object.keys(value).length > 0;
}
