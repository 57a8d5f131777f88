import { formatCount } from '#shared/base/text/counted.ts';
import type { JSX } from 'react';
import { formatPercent } from '#renderer/components/words/format.ts';
import { stepsOf } from '#renderer/session/run/pace.ts';
import type { ParticipantView, RunView } from '#shared/run-view/run-view.ts';
import { changeWords } from '../summary.ts';

/** The newest accuracy, and what the last round did to it. */
export function Accuracy({
  view,
  className = '',
}: {
  readonly view: RunView;
  readonly className?: string;
}): JSX.Element | null {
  const known = view.rounds.filter((round) => round.accuracy !== null);
  const last = known.at(-1)?.accuracy ?? null;
  if (last === null) return null;
  const before = known.at(-2)?.accuracy ?? null;
  const points = before === null ? null : (last - before) * 100;
  return (
    <span className={className}>
      Accuracy <b>{formatPercent(last)}</b>
      {points !== null && `, ${changeWords(points)}`}
    </span>
  );
}

const phaseWords = {
  receive: 'receives the model',
  train: 'is training',
  send: 'sends its update',
  wait: 'waits for the others',
  evaluate: 'evaluates',
  idle: 'is idle',
} as const;

/** What this app's own participant does, with the number that moves. */
export function OwnNode({
  own,
  idle = phaseWords.idle,
}: {
  readonly own: ParticipantView;
  readonly idle?: string;
}): JSX.Element {
  const steps = own.phase === 'train' && own.progress !== null ? stepsOf(own.progress) : null;
  return (
    <span>
      This node <b>{own.id}</b> {own.phase === 'idle' ? idle : phaseWords[own.phase]}
      {steps !== null && (
        <>
          , batch{' '}
          <b>
            {formatCount(steps.done)} / {formatCount(steps.total)}
          </b>
        </>
      )}
    </span>
  );
}
