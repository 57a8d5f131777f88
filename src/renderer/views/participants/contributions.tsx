import { formatCount } from '#shared/base/text/counted.ts';
import { memo } from 'react';
import type { JSX } from 'react';
import { plannedRounds } from '#renderer/session/run/planned.ts';
import { ordinal } from '#shared/base/text/ordinal.ts';
import type { ParticipantView, RoundView, RunView } from '#shared/run-view/run-view.ts';
import { outcomeCounts } from '#renderer/session/run/outcome-counts.ts';
import { isLateReason } from '#shared/run-view/late.ts';
import { isParticipantSeat } from '#shared/run-view/seat.ts';
import { contributionOf, countedOf, hasCounted } from '#renderer/components/words/contribution-facts.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { sameContent } from '#renderer/components/table/same-content.ts';
import { useTokenPx } from '#renderer/components/hooks/use-media.ts';
import { useSize } from '#renderer/components/hooks/use-size.ts';

/** At a desk, px; other themes have them wider by `--k`. */
const desk = { letter: 7.8, pad: 24, nameMin: 84, nameMax: 180, sum: 50, cell: 46 } as const;

interface ContributionsProps {
  readonly view: RunView;
  readonly order: readonly ParticipantView[];
  readonly selected: string | null;
  readonly onRound: (round: number) => void;
}

/** Who contributed to which round, when after its start, and in which place. Participants change all the time, what is shown of them seldom. */
export const Contributions = memo(
  Grid,
  (a, b) =>
    a.view.rounds === b.view.rounds &&
    a.view.contributions === b.view.contributions &&
    a.view.round === b.view.round &&
    a.view.roundsPlanned === b.view.roundsPlanned &&
    a.selected === b.selected &&
    sameContent(a.order.map(shownOf), b.order.map(shownOf)),
);

function shownOf({ id, counted, phase, phaseRound, left }: ParticipantView): unknown {
  return { id, counted, phase, phaseRound, left };
}

function Grid({ view, order, selected, onRound }: ContributionsProps): JSX.Element {
  const { ref, size } = useSize<HTMLDivElement>();
  const scale = useTokenPx('--k');
  const letters = Math.max(0, ...order.map(({ id }) => id.length));
  const nameWidthPx = Math.min(desk.nameMax, Math.max(desk.nameMin, letters * desk.letter + desk.pad)) * scale;
  const sumWidthPx = desk.sum * scale;
  const fitting = Math.max(3, Math.floor((size.width - nameWidthPx - sumWidthPx) / (desk.cell * scale)));
  const total = Math.max(plannedRounds(view) ?? 0, view.rounds.at(-1)?.round ?? 0);
  const last = Math.min(total, Math.max(fitting, view.round + 1));
  const first = Math.max(1, last - fitting + 1);
  const numbers = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  const byNumber = new Map(view.rounds.map((round) => [round.round, round]));
  return (
    <section className="panel p-con" aria-label="Contributions">
      <div className="ph">
        <h2>Contributions</h2>
        <span className="sub" title="Seconds after its round began, and the place in which it arrived">
          seconds<span className="w-lg">, place</span>
        </span>
        <div className="end w-lg t3 small">{totalWords(view)}</div>
      </div>
      <div className="scroll" ref={ref}>
        <table className="ct">
          <thead>
            <tr>
              <th style={{ width: nameWidthPx }}>Round</th>
              {numbers.map((number) => (
                <th key={number} className={number === view.round ? 'now' : ''}>
                  {number}
                </th>
              ))}
              <th style={{ width: sumWidthPx }}>Sum</th>
            </tr>
          </thead>
          <tbody>
            {order.map((participant) => (
              <tr key={participant.id} className={participant.id === selected ? 'sel' : ''}>
                <td title={participant.id}>
                  <b>{participant.id}</b>
                </td>
                {numbers.map((number) => (
                  <Cell
                    key={number}
                    view={view}
                    round={byNumber.get(number)}
                    number={number}
                    participant={participant}
                    current={number === view.round}
                    onRound={onRound}
                  />
                ))}
                <td>
                  <b>{countedOf(view, participant)?.counted ?? '–'}</b>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Of all updates where all are seen; from a participant's chair of its own. */
function totalWords(view: RunView): string {
  if (!isParticipantSeat(view)) {
    const all = view.rounds.flatMap((round) => round.updates);
    const counted = all.filter((update) => update.counted).length;
    const only = all.filter((update) => update.acknowledged).length;
    const late = all.filter((update) => !hasCounted(update) && isLateReason(update.reason)).length;
    return totals(all.length, 'arrived', { counted, only, late, refused: all.length - counted - only - late });
  }
  const sent = view.contributions.filter(({ outcome }) => outcome !== 'training' && outcome !== 'kept');
  const { counted, acknowledged, late, refused } = outcomeCounts(sent);
  return totals(sent.length, 'sent', {
    counted,
    only: acknowledged.length,
    late: late.length,
    refused: refused.length,
  });
}

interface Totals {
  readonly counted: number;
  readonly only: number;
  readonly late: number;
  readonly refused: number;
}

function totals(count: number, came: string, { counted, only, late, refused }: Totals): string {
  const also = [
    [only, 'only acknowledged'],
    [late, 'late'],
    [refused, 'refused'],
  ] as const;
  const words = also.flatMap(([of, what]) => (of === 0 ? [] : [`, ${formatCount(of)} ${what}`])).join('');
  return `${formatCount(count)} ${came}, ${formatCount(counted)} counted${words}`;
}

interface CellProps {
  readonly view: RunView;
  readonly round: RoundView | undefined;
  readonly number: number;
  readonly participant: ParticipantView;
  readonly current: boolean;
  readonly onRound: (round: number) => void;
}

const running = {
  train: 'trains',
  send: 'sends',
  receive: 'receives',
  wait: 'waits',
  evaluate: 'evaluates',
  idle: '–',
} as const;

function arrivalWords(place: string | null, seconds: string | null): string {
  return `counted${place === null ? '' : `, ${place} to arrive`}${seconds === null ? '' : `, after ${seconds} s`}`;
}

const howWords = { at_work: '…', unsent: 'kept', sent: 'sent', in: 'in', not_in: '…' } as const;

function SaidCell({
  words,
  why,
  more,
}: {
  readonly words: string;
  readonly why: string;
  readonly more: string;
}): JSX.Element {
  return (
    <td className={`c said${more}`} title={why}>
      {words}
    </td>
  );
}

function Cell({ view, round, number, participant, current, onRound }: CellProps): JSX.Element {
  const outcome = contributionOf(view, { number, round }, participant.id);
  const now = current ? ' now' : '';
  switch (outcome.kind) {
    case 'counted': {
      const seconds = outcome.afterMs === null ? null : (outcome.afterMs / 1000).toFixed(1);
      const place = outcome.place === null ? null : ordinal(outcome.place);
      return (
        <td
          className={`c${now}`}
          title={`${participant.id}, round ${number}: ${arrivalWords(place, seconds)}`}
          onDoubleClick={() => onRound(number)}
        >
          <Icon name="evaluate" as="small" />
          <span className="vh">counted{seconds === null ? '' : ' after '}</span>
          {seconds}
          <small>{place}</small>
        </td>
      );
    }
    case 'rejected':
      return (
        <SaidCell
          words={isLateReason(outcome.reason) ? 'late' : 'refused'}
          why={`${participant.id}, round ${number}: not counted: ${outcome.reason}`}
          more={`${isLateReason(outcome.reason) ? ' wrn' : ' bad'}${now}`}
        />
      );
    case 'acknowledged':
      return <SaidCell words="acked" why={`${participant.id}, round ${number}: ${outcome.reason}`} more={now} />;
    case 'missing': {
      // Not missed is what nobody closed.
      if (round !== undefined && round.state !== 'done' && round.state !== 'stalled') {
        const ended = `${participant.id}, round ${number}: the run ended before its update was in`;
        return <SaidCell words="ended" why={ended} more={` t2${now}`} />;
      }
      const why = `${participant.id}, round ${number}: the round closed without its update`;
      return <SaidCell words="missed" why={why} more={` bad${now}`} />;
    }
    case 'running':
      return (
        <td className={`c said t2${now}`}>
          {outcome.how === 'at_work' && participant.left === null && participant.phaseRound === number
            ? running[participant.phase]
            : howWords[outcome.how]}
        </td>
      );
    case 'not_told':
      return (
        <td className={`c nt${now}`} title={`${participant.id}, round ${number}: not told to participants`}>
          <span className="vh">not told</span>
        </td>
      );
    case 'before':
      return (
        <td className={`c t3${now}`} title={`round ${number}: before this node joined`}>
          <span className="vh">before it joined</span>·
        </td>
      );
    case 'not_asked':
      return (
        <td className={`c t3${now}`} title="not selected for this round">
          <span aria-label="not selected">·</span>
        </td>
      );
    case 'planned':
      return <td className="c t3">–</td>;
  }
}
