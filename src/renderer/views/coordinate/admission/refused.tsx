import type { JSX } from 'react';
import { formatCount } from '#shared/base/text/counted.ts';
import { formatClock } from '#renderer/components/words/format.ts';
import type { RunView } from '#shared/run-view/run-view.ts';

/** Who was not let in, and why; absent while nobody was. */
export function Refused({ view }: { readonly view: RunView }): JSX.Element | null {
  if (view.refused.length === 0) return null;
  return (
    <section className="panel p-ref" aria-label="Refused">
      <div className="ph">
        <h2>Refused</h2>
        <span className="sub" role="status">
          {formatCount(view.refused.length)}, each was told the reason
          {view.unrecorded.refusals > 0 ? `; ${formatCount(view.unrecorded.refusals)} more are only counted` : ''}
        </span>
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- rows hold nothing to focus */}
      <div className="scroll" tabIndex={0} role="group" aria-label="Refused participants">
        <table className="ref">
          <thead>
            <tr>
              <th>At</th>
              <th>Called itself</th>
              <th className="w-lg">From</th>
              <th>Why</th>
            </tr>
          </thead>
          <tbody>
            {view.refused.toReversed().map(({ at, name, address, reason, declined }) => (
              <tr key={`${at} ${name} ${address}`}>
                <td className="data t2">{formatClock(at)}</td>
                <td title={name}>
                  <b>{name}</b>
                </td>
                <td className="data t2 w-lg">{address}</td>
                <td className="why">{declined === true ? `takes no part: ${reason}` : reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
