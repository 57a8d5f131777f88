import type { JSX } from 'react';
import { shownWithin } from '#shared/base/text/visible-text.ts';
import type { DataPreview } from '#shared/contract/app/port-api.ts';
import { formatCount } from '#shared/base/text/counted.ts';
import { Icon } from '../icon.tsx';
import { isSynthetic } from '#shared/contract/run/bundled-data.ts';
import { shapeWords } from '#shared/contract/run/shape-words.ts';
import './data-notes.css';

/** One row of them, or two in a narrow window. */
const shownMax = 12;

/** A few pictures as the model sees them. */
export function Thumbs({ preview }: { readonly preview: DataPreview }): JSX.Element | null {
  const pictures = preview.pictures.slice(0, shownMax);
  if (pictures.length === 0) return null;
  return (
    <div className="smp">
      <h3>
        What the model will see{' '}
        <span className="t3">
          {pictures.length} of {formatCount(preview.total)}, as {shapeWords(preview.shape)}
          {isSynthetic(preview.source) && ', synthetic: drawn by a program'}
        </span>
      </h3>
      <div className="thumbs">
        {pictures.map(({ label, url }, index) => (
          // Two of them may be alike; their place is what tells them apart.
          <figure key={index}>
            <img src={url} alt={`one of ${shownWithin(label)}`} />
            <figcaption>{shownWithin(label)}</figcaption>
          </figure>
        ))}
      </div>
    </div>
  );
}

/** What was left out and why, what was changed on reading, and what is worth a look. */
export function DataNotes({ preview }: { readonly preview: DataPreview }): JSX.Element {
  const { leftOut, changed, warnings } = preview;
  return (
    <>
      {warnings.map((warning) => (
        <p className="warnline" key={warning}>
          <span className="wrn">
            <Icon name="warn" as="small" />
          </span>
          {shownWithin(warning)}
        </p>
      ))}
      {(leftOut.length > 0 || changed.length > 0) && (
        <div className="lo">
          {leftOut.length > 0 && (
            <NoteList
              title="Left out"
              sub={`${formatCount(leftOut.reduce((sum, { count }) => sum + count, 0))} in all`}
              notes={leftOut.map(({ what, count, example }) => ({ what, count, more: example }))}
            />
          )}
          {changed.length > 0 && (
            <NoteList
              title="Changed on reading"
              sub="your files stay as they are"
              notes={changed.map(({ what, count, how }) => ({ what, count, more: how }))}
            />
          )}
        </div>
      )}
    </>
  );
}

interface NoteListProps {
  readonly title: string;
  readonly sub: string;
  readonly notes: readonly { readonly what: string; readonly count: number; readonly more: string }[];
}

function NoteList({ title, sub, notes }: NoteListProps): JSX.Element {
  return (
    <div>
      <h3>
        {title} <span className="t3">{sub}</span>
      </h3>
      <table>
        <tbody>
          {notes.map(({ what, count, more }) => (
            <tr key={what}>
              <td className="num">{formatCount(count)}</td>
              <td>{what}</td>
              <td className="t2">{shownWithin(more)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
