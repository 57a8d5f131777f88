import { memo, useMemo } from 'react';
import type { JSX } from 'react';
import {
  formatBytes,
  formatClock,
  formatDuration,
  formatPercent,
  formatSeconds,
  formatSigned,
} from '#renderer/components/words/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { roundOf } from '#renderer/session/run/planned.ts';
import { useNow } from '#renderer/session/hooks.ts';
import { paceOf } from '#renderer/session/run/pace.ts';
import { roundTookMs } from '#shared/run-view/took.ts';
import type { RoundView, RunView } from '#shared/run-view/run-view.ts';
import { faultNote, stallNote } from './round-notes.ts';
import { bytesUp, countedUpdates, downWords, slowestShown } from './round-times.ts';
import type { RoundTimes } from './round-times.ts';
import { PlannedRow, RoundCell, RoundsTable, rowsMax, tabStop } from './rounds-table.tsx';

interface RoundListProps {
  readonly view: RunView;
  readonly selected: number | null;
  readonly stalled: boolean;
  readonly onOpen: (round: number) => void;
}

export function RoundList({ view, selected, stalled, onOpen }: RoundListProps): JSX.Element {
  const pace = paceOf(view.rounds);
  const done = view.rounds.filter((round) => round.state === 'done');
  const longest = Math.max(1, ...view.rounds.slice(-rowsMax).map((round) => roundTookMs(round, round.startedAt)));
  const shown = view.rounds.slice(-rowsMax);
  const notes = useNotes(view, shown);
  const stop = tabStop(shown, selected);
  return (
    <RoundsTable
      title="Round list"
      sub={
        <>
          {roundOf(done.length, view)} done
          {pace.roundMs === null ? '' : `, ${formatDuration(pace.roundMs)} a round`}
        </>
      }
      region="Rounds, newest first"
      head={<ListHead />}
      hidden={view.rounds.length - shown.length}
    >
      <PlannedRow view={view} columns={11} />
      {shown.toReversed().map((round) => (
        <RoundRow
          key={round.round}
          view={round.endedAt === null ? view : null}
          participants={view.participants}
          round={round}
          before={view.rounds.find((other) => other.round === round.round - 1)}
          longestMs={longest}
          selected={round.round === selected}
          stalled={stalled && round.endedAt === null && view.endedAt === null}
          stop={round.round === stop}
          stallWords={notes.get(round.round)?.stall ?? ''}
          faultWords={notes.get(round.round)?.fault ?? ''}
          onOpen={onOpen}
        />
      ))}
    </RoundsTable>
  );
}

interface Notes {
  readonly stall: string;
  readonly fault: string;
}

/** What is worth a mark in rounds that are over; they change with verdicts, faults and rounds alone. */
function useNotes(view: RunView, shown: readonly RoundView[]): ReadonlyMap<number, Notes> {
  const { verdicts, faults, participants, endedAt } = view;
  const over = shown.filter((round) => round.endedAt !== null || endedAt !== null);
  const key = over.at(-1)?.round ?? 0;
  return useMemo(() => {
    const told = { verdicts, faults, participants, endedAt };
    return new Map(
      over.map((round) => [round.round, { stall: stallNote(told, round, 0), fault: faultNote(told, round, 0) }]),
    );
    // Participants and rows change all the time, what is said of them here does not.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [verdicts, faults, endedAt, key]);
}

function ListHead(): JSX.Element {
  return (
    <thead>
      <tr>
        <th className="num">Round</th>
        <th>State</th>
        <th className="num w-lg c-start">Start</th>
        <th className="num">Duration</th>
        <th className="c-bar">
          <span className="w-room">Slowest participant’s time</span>
          <span className="w-small">Slowest’s time</span>
        </th>
        <th>Updates</th>
        <th className="w-lg c-slow">Slowest</th>
        <th className="num">Loss</th>
        <th className="num">Accuracy</th>
        <th className="num">Up</th>
        <th className="num w-lg c-down">Down</th>
      </tr>
    </thead>
  );
}

interface RoundRowProps {
  /** Given for the open round alone, so that the others rest while it goes on. */
  readonly view: RunView | null;
  readonly participants: RunView['participants'];
  readonly round: RoundView;
  readonly before: RoundView | undefined;
  readonly longestMs: number;
  readonly selected: boolean;
  readonly stalled: boolean;
  /** Whether Tab comes to it. */
  readonly stop: boolean;
  /** What stalled in it and what was injected, in words; empty: nothing. */
  readonly stallWords: string;
  readonly faultWords: string;
  readonly onOpen: (round: number) => void;
}

const RoundRow = memo(
  function RoundRow(props: RoundRowProps): JSX.Element {
    const { view, participants, round, before, longestMs, selected, stalled, stop, stallWords, faultWords, onOpen } =
      props;
    const now = useNow(round.endedAt === null ? 1000 : 60_000);
    const open = round.endedAt === null && view?.endedAt === null;
    const endAt = round.endedAt ?? view?.endedAt ?? now;
    const tookMs = roundTookMs(round, endAt);
    const slowest = slowestShown(open ? view : null, participants, round, endAt);
    const bad = stalled || round.state === 'stalled';
    return (
      <tr className={selected ? 'sel' : ''} onClick={() => onOpen(round.round)}>
        <RoundCell round={round.round} selected={selected} stop={stop} />
        <td className="r-state">
          {faultWords !== '' && (
            <span className="flt" title={`injected: ${faultWords}`}>
              <Icon name="fault" as="small" />
              <span className="vh">injected: {faultWords}, </span>
            </span>
          )}
          {bad ? <StalledWord /> : open ? <b>{round.state}</b> : round.state === 'done' ? 'done' : 'not finished'}
          {stallWords !== '' && (
            <span className="stl-note" title={stallWords}>
              , {stallWords}
            </span>
          )}
        </td>
        <td className="num w-lg c-start">{formatClock(round.startedAt)}</td>
        <td className="num">{open ? formatSeconds(tookMs) : formatDuration(tookMs)}</td>
        <td className="c-bar">
          {slowest !== null && (
            <TimeBar times={slowest.times} share={tookMs / Math.max(longestMs, tookMs)} stalled={bad} />
          )}
        </td>
        <td>
          {countedUpdates(round)} of {round.selected.length}
        </td>
        <td className="w-lg c-slow">{slowest?.id ?? '–'}</td>
        <Figure value={round.loss} before={before?.loss ?? null} kind="loss" />
        <Figure value={round.accuracy} before={before?.accuracy ?? null} kind="accuracy" />
        <td className="num">{round.updates.length === 0 ? '–' : formatBytes(bytesUp(round))}</td>
        <td className="num w-lg c-down">{downWords(round)}</td>
      </tr>
    );
  },
  (a, b) =>
    a.view === null &&
    b.view === null &&
    a.round === b.round &&
    a.selected === b.selected &&
    a.stalled === b.stalled &&
    a.stop === b.stop &&
    a.stallWords === b.stallWords &&
    a.faultWords === b.faultWords &&
    a.longestMs === b.longestMs &&
    a.onOpen === b.onOpen,
);

function StalledWord(): JSX.Element {
  return (
    <span className="stl">
      <Icon name="stop" as="small" />
      stalled
    </span>
  );
}

export function TimeBar({
  times,
  share,
  stalled,
}: {
  readonly times: RoundTimes;
  readonly share: number;
  readonly stalled: boolean;
}): JSX.Element {
  const { computeMs, communicateMs, waitMs } = times;
  const words = `compute ${formatDuration(computeMs)}, communicate ${formatDuration(communicateMs)}, wait ${formatDuration(waitMs)}`;
  return (
    <div className="ccw" role="img" aria-label={words} title={words} style={{ width: `${Math.min(1, share) * 100}%` }}>
      <i className="c" style={{ flexGrow: computeMs }} />
      <i className="m" style={{ flexGrow: communicateMs }} />
      {waitMs > 0 && <i className={stalled ? 'x' : 'w'} style={{ flexGrow: waitMs }} />}
    </div>
  );
}

function Figure({
  value,
  before,
  kind,
}: {
  readonly value: number | null;
  readonly before: number | null;
  readonly kind: 'loss' | 'accuracy';
}): JSX.Element {
  if (value === null) return <td className="num t3">–</td>;
  const delta = before === null ? null : value - before;
  return (
    <td className="num">
      {kind === 'loss' ? value.toFixed(3) : formatPercent(value)}
      <span className="delta w-lg">
        {delta === null ? '' : ` ${kind === 'loss' ? formatSigned(delta, 3) : formatSigned(delta * 100, 1)}`}
      </span>
    </td>
  );
}
