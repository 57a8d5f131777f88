import { useMemo } from 'react';
import type { JSX } from 'react';
import { formatCount } from '#shared/base/text/counted.ts';
import type { RoundView } from '#shared/run-view/run-view.ts';
import { rowsOf } from './evaluation-rows.ts';

/** Who reported what of the round's model, with those that are far from the others named; nothing where nobody was told. */
export function Evaluations({ evaluations }: { readonly evaluations: RoundView['evaluations'] }): JSX.Element | null {
  const rows = useMemo(() => rowsOf(evaluations), [evaluations]);
  if (evaluations.length === 0) return null;
  return (
    <div className="sec">
      <h3>
        Evaluations <span className="t3">{wordsOf(rows.length, evaluations)}</span>
      </h3>
      <table className="pk ev">
        <thead>
          <tr>
            <th>Reported by</th>
            <th className="num">Accuracy</th>
            <th className="num">Loss</th>
            <th className="num">Examples</th>
            <th className="num">Weight</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ one, median }) => (
            <tr key={one.participant}>
              <td>
                {one.participant}
                {median !== null && <b className="wrn"> far from the others’ {percent(median)}</b>}
                {one.claimed > one.examples && <b className="wrn"> said {formatCount(one.claimed)}</b>}
              </td>
              <td className="num">{percent(one.accuracy)}</td>
              <td className="num">{one.loss.toFixed(3)}</td>
              <td className="num">{formatCount(one.examples)}</td>
              <td className="num">{one.share === null ? '–' : percent(one.share)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function wordsOf(shown: number, all: RoundView['evaluations']): string {
  return shown < all.length ? `${shown} of ${formatCount(all.length)}` : 'as each participant reported it';
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
