import { useId } from 'react';
import type { JSX } from 'react';
import { formatCount } from '#shared/base/text/counted.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { changeJoin, joinDraft } from '#renderer/session/run/drafts.ts';
import { shownWithin } from '#shared/base/text/visible-text.ts';
import type { DataPreview } from '#shared/contract/app/port-api.ts';
import { coverage } from './class-mapping.ts';
import type { MappedClass } from './class-mapping.ts';

interface ClassTableProps {
  readonly rows: readonly MappedClass[];
  /** Null: the run's classes are not known, so there is nothing to map to. */
  readonly classes: readonly string[] | null;
  readonly preview: DataPreview;
}

/** Classes of the folder with their counts, each beside the class of the run that it will be. */
export function ClassTable({ rows, classes, preview }: ClassTableProps): JSX.Element {
  const split = `${formatCount(preview.total - preview.heldOut)} to train, ${formatCount(preview.heldOut)} to validate`;
  const most = Math.max(1, ...rows.map(({ count }) => count));
  return (
    <table className="cls">
      <thead>
        <tr>
          <th>Your folder</th>
          <th className="num">Pictures</th>
          <th className="cb">
            <span className="vh">Share</span>
          </th>
          {classes !== null && (
            <>
              <th>Class of the run</th>
              <th>Why</th>
            </>
          )}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.name} className={classes !== null && row.state === 'unknown' ? 'badr' : ''}>
            <th scope="row" title={shownWithin(row.name)}>
              {shownWithin(row.name)}
            </th>
            <td className="num">{formatCount(row.count)}</td>
            <td className="cb">
              <div className="bar">
                <i style={{ width: `${(100 * row.count) / most}%` }} />
              </div>
            </td>
            {classes !== null && (
              <>
                <td>
                  <Pick row={row} classes={classes} />
                </td>
                <Why row={row} />
              </>
            )}
          </tr>
        ))}
        <tr className="sum">
          <td>
            {rows.length} {rows.length === 1 ? 'folder' : 'folders'}
            {classes === null && <span className="t2">, {split}</span>}
          </td>
          <td className="num">
            <b>{formatCount(preview.total)}</b>
          </td>
          <td colSpan={3} className="t2">
            {classes !== null && `${shownWithin(coverage(rows, classes))}. ${split}`}
          </td>
        </tr>
      </tbody>
    </table>
  );
}

/** Values of the select that are no class of the run; no class has a name like these. */
const leaveOut = '\u0000out';
const undecided = '\u0000ask';

function Pick({ row, classes }: { readonly row: MappedClass; readonly classes: readonly string[] }): JSX.Element {
  const id = useId();
  const value = row.to === undefined ? undecided : (row.to ?? leaveOut);
  return (
    <select
      id={id}
      className={`pick ${row.state === 'guess' ? 'q' : row.state === 'unknown' ? 'bad' : ''}`}
      aria-label={`Class of the run for ${shownWithin(row.name)}`}
      aria-invalid={row.state === 'unknown'}
      value={value}
      onChange={(event) => {
        const to = event.target.value === leaveOut ? null : event.target.value;
        changeJoin({ chosen: { ...joinDraft().chosen, [row.name]: to } });
      }}
    >
      {row.to === undefined && (
        <option value={undecided} disabled>
          choose…
        </option>
      )}
      {classes.map((name) => (
        <option key={name} value={name}>
          {shownWithin(name)}
        </option>
      ))}
      <option value={leaveOut}>leave out</option>
    </select>
  );
}

function Why({ row }: { readonly row: MappedClass }): JSX.Element {
  if (row.state === 'unknown') {
    return (
      <td>
        <span className="stl">
          <Icon name="stop" as="small" />
          {shownWithin(row.why)}
        </span>
      </td>
    );
  }
  if (row.state === 'guess') {
    return (
      <td>
        <span className="wrn">
          <Icon name="warn" as="small" />
        </span>{' '}
        did you mean <b>{shownWithin(row.to)}</b>?
      </td>
    );
  }
  return <td className="t2">{shownWithin(row.why)}</td>;
}
