import { Fragment, memo, useMemo } from 'react';
import type { JSX } from 'react';
import { formatBytes, formatPercent, formatSigned } from '#renderer/components/words/format.ts';
import { roundsOnAxis } from '#renderer/session/run/planned.ts';
import type { ParticipantView, RoundView, RunView } from '#shared/run-view/run-view.ts';
import { bytesUp } from '../round-times.ts';
import { niceRange, thinned } from './spark-lines.ts';
import type { Point } from './spark-lines.ts';

interface SparksProps {
  readonly rounds: readonly RoundView[];
  readonly participants: readonly ParticipantView[];
  readonly planned: number;
}

/** Lines of single participants are drawn up to this many; beyond it they are a smear. */
const localsMax = 24;

/** Is the model getting better? Loss, accuracy and payload by round. */
export function Sparks({ view }: { readonly view: RunView }): JSX.Element {
  const { rounds, participants } = view;
  const roundsPlanned = roundsOnAxis(view);
  const trained = participants.map((participant) => participant.trainings);
  const key = trained.reduce((sum, list) => sum + list.length, 0);
  return (
    <section className="panel p-sparks" aria-label="Progress of the model">
      <Lines kind="loss" rounds={rounds} participants={participants} planned={roundsPlanned} version={key} />
      <Lines kind="accuracy" rounds={rounds} participants={participants} planned={roundsPlanned} version={key} />
      <Payload rounds={rounds} participants={participants} planned={roundsPlanned} />
    </section>
  );
}

/** From a participant's chair: the global model, and what this node's own training came to. */
export function SeatSparks({ view }: { readonly view: RunView }): JSX.Element {
  const { rounds } = view;
  const roundsPlanned = roundsOnAxis(view);
  const own = view.participants.filter(({ id }) => id === view.self);
  const about = { rounds, participants: own, planned: roundsPlanned, version: own[0]?.trainings.length ?? 0 };
  return (
    <>
      <Lines kind="accuracy" legend="global; yours thin" {...about} />
      <Lines kind="loss" legend="" {...about} />
    </>
  );
}

interface LinesProps extends SparksProps {
  /** Which line is which; absent: as many local ones as there are. */
  readonly legend?: string;
  readonly kind: 'loss' | 'accuracy';
  /** Grows with the trainings that are done: participants themselves change all the time. */
  readonly version: number;
}

const Lines = memo(
  function Lines({ kind, legend, rounds, participants, planned }: LinesProps): JSX.Element {
    const name = kind === 'loss' ? 'Loss' : 'Accuracy';
    const global = useMemo(
      () =>
        rounds.flatMap((round): Point[] => (round[kind] === null ? [] : [{ round: round.round, value: round[kind] }])),
      [rounds, kind],
    );
    const locals = participants
      .slice(0, localsMax)
      .map((participant) =>
        participant.trainings.map((training): Point => ({ round: training.round, value: training[kind] })),
      );
    const range = niceRange(
      [...global, ...locals.flat()].map((point) => point.value),
      kind,
    );
    const last = global.at(-1);
    const before = global.at(-2);
    const delta =
      last === undefined || before === undefined ? '' : deltaWords(kind, last.value - before.value, last.round);
    const x = (round: number): number => (planned <= 1 ? 50 : ((round - 1) / (planned - 1)) * 100);
    const y = (value: number): number => 100 - ((value - range.low) / (range.high - range.low)) * 100;
    const line = (points: readonly Point[]): string =>
      thinned(points)
        .map((point) => `${x(point.round).toFixed(2)},${y(point.value).toFixed(2)}`)
        .join(' ');
    const figure = last === undefined ? '–' : kind === 'loss' ? last.value.toFixed(3) : formatPercent(last.value);
    return (
      <div className="spark">
        <div className="top" data-drops="">
          <span className="name">{name}</span>
          <span className="fig">
            {figure} <small>{delta}</small>
          </span>
          <span className="end">{legend ?? `global, ${locals.length} local`}</span>
        </div>
        <div className="plotbox" role="img" aria-label={`${name} by round, now ${figure}`}>
          <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
            <line className="gl" x1="0" x2="100" y1="100" y2="100" />
            <line className="gl" x1="0" x2="100" y1="0" y2="0" />
            {locals.map((points, i) => (
              <polyline key={participants[i]?.id} className="ln loc" points={line(points)} />
            ))}
            <polyline className="ln" points={line(global)} />
          </svg>
          {global.length <= 40 &&
            global.map((point) => (
              <i key={point.round} className="pt" style={{ left: `${x(point.round)}%`, top: `${y(point.value)}%` }} />
            ))}
          <span className="yl low" style={{ top: '100%' }}>
            {axisLabel(kind, range.low)}
          </span>
          <span className="yl" style={{ top: 0 }}>
            {axisLabel(kind, range.high)}
          </span>
        </div>
      </div>
    );
  },
  (a, b) => a.rounds === b.rounds && a.version === b.version && a.planned === b.planned,
);

function deltaWords(kind: 'loss' | 'accuracy', delta: number, round: number): string {
  return kind === 'loss' ? `${formatSigned(delta, 3)} in round ${round}` : `${formatSigned(delta * 100, 1)} points`;
}

function axisLabel(kind: 'loss' | 'accuracy', value: number): string {
  return kind === 'loss' ? value.toFixed(1) : `${Math.round(value * 100)} %`;
}

function Payload({ rounds, participants, planned }: SparksProps): JSX.Element {
  const bars = rounds.map((round) => ({ round: round.round, up: bytesUp(round), down: round.bytesDown ?? 0 }));
  const told = participants.reduce(
    (sum, { link, statsSide }) =>
      sum + (statsSide === 'participant' ? link.payloadSentBytes : link.payloadReceivedBytes),
    0,
  );
  // Links tell their totals once a second; updates that have arrived are known at once.
  const up = bars.reduce((sum, bar) => sum + bar.up, 0);
  const sentDown = bars.reduce((sum, bar) => sum + bar.down, 0);
  const down = participants.reduce(
    (sum, { link, statsSide }) =>
      sum + (statsSide === 'participant' ? link.payloadReceivedBytes : link.payloadSentBytes),
    0,
  );
  const shown = bars.slice(-60);
  const highest = Math.max(1, ...shown.map((bar) => bar.up + bar.down));
  const slots = Math.max(shown.length, Math.min(60, planned));
  return (
    <div className="spark">
      <div className="top" data-drops="">
        <span className="name">Payload</span>
        <span className="fig">{formatBytes(Math.max(up, told) + Math.max(sentDown, down))}</span>
        <span
          className="end"
          title={`${formatBytes(Math.max(up, told))} up, ${formatBytes(Math.max(sentDown, down))} down`}
        >
          <i className="bar-key" />
          {formatBytes(Math.max(up, told))} up
          {sentDown > 0 && (
            <span className="w-lg">
              {' '}
              <i className="bar-key down" />
              down
            </span>
          )}
        </span>
      </div>
      <div
        className="plotbox"
        role="img"
        aria-label={`Bytes by round: updates up, ${formatBytes(up)} in all; models down, ${formatBytes(sentDown)} in all`}
      >
        <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
          <line className="gl" x1="0" x2="100" y1="0" y2="0" />
          <line className="gl" x1="0" x2="100" y1="100" y2="100" />
          {shown.map((bar, i) => {
            const [up, down] = [(bar.up / highest) * 100, (bar.down / highest) * 100];
            const place = { x: ((i + 0.15) / slots) * 100, width: 70 / slots };
            return (
              <Fragment key={bar.round}>
                <rect className="bar-up" {...place} y={100 - up} height={up} />
                <rect className="bar-down" {...place} y={100 - up - down} height={down} />
              </Fragment>
            );
          })}
        </svg>
        <span className="yl" style={{ top: 0 }} title={`most in a round: ${formatBytes(highest)}`}>
          {formatBytes(highest)}
        </span>
        <span className="yl low" style={{ top: '100%' }}>
          0
        </span>
      </div>
    </div>
  );
}
