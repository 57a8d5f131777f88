import { useMemo, useState } from 'react';
import type { CSSProperties, JSX } from 'react';
import { counted, formatCount } from '#shared/base/text/counted.ts';
import { shownWithin } from '#shared/base/text/visible-text.ts';
import { classMeasures, macroF1 } from '#shared/contract/run/confusion.ts';
import type { ClassMeasures } from '#shared/contract/run/confusion.ts';
import type { RoundView, RunView } from '#shared/run-view/run-view.ts';
import { formatPercent } from '#renderer/components/words/format.ts';
import { matrixOf, roundWithMatrix, sendersOf } from './confusion-matrix.ts';
import type { Matrix } from './confusion-matrix.ts';
import { NoPoints } from './chart-panel.tsx';

/** What the model takes for what: rows are true, columns were named. */
export function ConfusionPanel({
  view,
  round: asked,
}: {
  readonly view: RunView;
  readonly round: number | null;
}): JSX.Element {
  const [whose, setWhose] = useState('');
  const round = roundWithMatrix(view.rounds, asked);
  const senders = round === null ? [] : sendersOf(round);
  const matrix = round === null ? null : matrixOf(round, senders.includes(whose) ? whose : null);
  return (
    <section className="panel mc cm" aria-label="What it gets wrong">
      <div className="mh">
        <h3>What it gets wrong</h3>
        <span className="t3">rows: true, columns: named</span>
        <span className="end pts">{matrix === null || round === null ? '' : wordsOf(matrix, round)}</span>
      </div>
      {senders.length > 0 && (
        <label className="cm-whose">
          Measured by
          <select className="pick" value={matrix?.of ?? ''} onChange={(event) => setWhose(event.target.value)}>
            <option value="">all together</option>
            {senders.map((id) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        </label>
      )}
      {matrix === null ? (
        <NoPoints>{missingWords(view)}</NoPoints>
      ) : (
        <MatrixTable matrix={matrix} classes={view.classes} />
      )}
    </section>
  );
}

function wordsOf({ examples, of }: Matrix, { round, confusion }: RoundView): string {
  const about = of === null ? `about ${counted(examples, 'held-out example')}` : `by ${of}`;
  const all = of !== null || confusion === null || confusion.from === confusion.of;
  return `round ${round}, ${about}${all ? '' : `; ${confusion.of - confusion.from} of ${confusion.of} sent no matrix`}`;
}

function missingWords(view: RunView): string {
  if (view.roundsCompleted === 0) return 'The first matrix comes with the end of round 1.';
  return 'Not known: nobody sent a matrix in the newest rounds. Older participants do not, and of more than 64 classes none is sent.';
}

function MatrixTable({
  matrix,
  classes,
}: {
  readonly matrix: Matrix;
  readonly classes: readonly string[];
}): JSX.Element {
  const { cells } = matrix;
  const measures = useMemo(() => classMeasures(cells), [cells]);
  const f1 = useMemo(() => macroF1(cells), [cells]);
  const total = cells.reduce((sum, cell) => sum + cell, 0);
  const right = measures.reduce((sum, _one, c) => sum + (cells[c * measures.length + c] ?? 0), 0);
  const name = (c: number): string => shownWithin(classes[c] ?? `class ${c + 1}`);
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by key
    <div className="scroll" tabIndex={0} role="region" aria-label="Confusion matrix">
      <table className="cm-t">
        <thead>
          <tr>
            <td />
            {measures.map((_one, c) => (
              <th key={name(c)} scope="col" title={name(c)}>
                {name(c)}
              </th>
            ))}
            <th scope="col">examples</th>
            <th scope="col">recall</th>
            <th scope="col">F1</th>
          </tr>
        </thead>
        <tbody>
          {measures.map((one, truth) => (
            <tr key={name(truth)}>
              <th scope="row" title={name(truth)}>
                {name(truth)}
              </th>
              {measures.map((_other, said) => (
                <Cell
                  key={name(said)}
                  count={cells[truth * measures.length + said] ?? 0}
                  of={one.examples}
                  right={truth === said}
                />
              ))}
              <td>{formatCount(one.examples)}</td>
              <Recall of={one} />
              <td>{one.f1 === null ? '–' : one.f1.toFixed(2)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">precision</th>
            {measures.map(({ precision }, c) => (
              <td key={name(c)}>{precision === null ? '–' : formatPercent(precision)}</td>
            ))}
            <td>{formatCount(total)}</td>
            <td>
              <b>{total === 0 ? '–' : formatPercent(right / total)}</b>
            </td>
            <td>
              <b>{f1 === null ? '–' : f1.toFixed(3)}</b>
            </td>
          </tr>
        </tfoot>
      </table>
      <p className="t3 micro">{worstWords(measures, name)}</p>
    </div>
  );
}

function Cell({
  count,
  of,
  right,
}: {
  readonly count: number;
  readonly of: number;
  readonly right: boolean;
}): JSX.Element {
  const share = of === 0 ? 0 : count / of;
  return (
    <td className={right ? 'dg' : undefined} style={{ '--share': `${Math.round(share * 100)}%` } as CSSProperties}>
      {count === 0 ? <span className="t3">0</span> : formatCount(count)}
    </td>
  );
}

function Recall({ of: { recall } }: { readonly of: ClassMeasures }): JSX.Element {
  return (
    <td className="cm-r">
      <b>{recall === null ? '–' : formatPercent(recall)}</b>
      <span className="prog" aria-hidden="true">
        <i style={{ width: `${(recall ?? 0) * 100}%` }} />
      </span>
    </td>
  );
}

function worstWords(measures: readonly ClassMeasures[], name: (c: number) => string): string {
  const known = measures.flatMap(({ recall }, c) => (recall === null ? [] : [{ c, recall }]));
  const worst = known.toSorted((a, b) => a.recall - b.recall)[0];
  const absent = measures.length - known.length;
  const least = worst === undefined ? '' : `${name(worst.c)} is recognised least: ${formatPercent(worst.recall)}. `;
  return `${least}Below the recalls stand accuracy and macro F1.${absent === 0 ? '' : ` No example of ${absent === 1 ? 'one class' : `${formatCount(absent)} classes`} was there.`}`;
}
