import { formatClock, formatDuration } from '#renderer/components/words/format.ts';
import { ordinal } from '#shared/base/text/ordinal.ts';
import type { RoundView, RunView } from '#shared/run-view/run-view.ts';
import type { LaneBox } from '../lanes/lane-layout.ts';
import { shareOf } from '../time-window.ts';
import { tickLabels } from '../overview/tick-labels.ts';
import type { TimeWindow } from '../time-window.ts';

/** A stretch of another participant's lane: what the coordinator told of it, and what nobody told. */
export interface ToldBox extends LaneBox {
  /** Its right edge is the arrival of an update. */
  readonly arrived: boolean;
}

/**
 * The lane of a participant that is only told of: until its update came in, then the wait. From `silentSince` on nothing is
 * known; null while the coordinator is heard.
 */
export function toldBoxes(
  rounds: readonly RoundView[],
  participant: string,
  window: TimeWindow,
  silentSince: number | null,
  ended: number | null,
  over: RunOver = null,
): readonly ToldBox[] {
  const boxes: ToldBox[] = [];
  const end = silentSince ?? ended;
  const push = (box: Omit<ToldBox, 'key' | 'left' | 'right'>): void => {
    const left = Math.max(0, shareOf(window, box.startedAt));
    const right = box.endedAt === null ? null : Math.min(1, shareOf(window, box.endedAt));
    if (left >= 1 || (right !== null && right <= left)) return;
    boxes.push({ key: `${box.kind} ${box.startedAt}`, left, right, ...box });
  };
  for (const round of rounds) {
    if (!round.selected.includes(participant)) continue;
    const endedAt = round.endedAt ?? end;
    const about = { round: round.round, startedAt: round.startedAt };
    const arrival = round.arrivals.find((one) => one.participant === participant)?.at;
    if (arrival === undefined) {
      push({
        ...about,
        kind: 'told',
        endedAt,
        label: withoutArrival(round, participant, round === rounds.at(-1) ? over : null),
        arrived: false,
      });
      continue;
    }
    const figure = formatDuration(arrival - round.startedAt);
    push({ ...about, kind: 'told', endedAt: arrival, label: 'update after', figure, arrived: true });
    push({ ...about, kind: 'wait', startedAt: arrival, endedAt, label: 'wait', arrived: false });
  }
  if (silentSince !== null)
    push({
      kind: 'unknown',
      round: rounds.at(-1)?.round ?? 0,
      startedAt: silentSince,
      endedAt: ended,
      label: 'not known since',
      figure: formatClock(silentSince),
      arrived: false,
    });
  return boxes;
}

function withoutArrival({ endedAt, contributors, state }: RoundView, participant: string, over: RunOver): string {
  if (endedAt === null) return 'no update yet';
  // Short: it stands in narrow places, beside the words that say how the run is over.
  if (contributors === null && state !== 'done' && over !== null) return 'not in by then';
  if (contributors === null) return 'not told';
  return contributors.some((id) => id === participant) ? 'counted, time not told' : 'not in the new model';
}

/** How a run is over that cut off its newest round; null: it is not, or this is an older round. */
export type RunOver = 'left' | 'died' | 'ended' | null;

export function runOver({ endedAt, left, status }: Pick<RunView, 'endedAt' | 'left' | 'status'>): RunOver {
  if (endedAt === null) return null;
  if (!left) return 'ended';
  return status === 'failed' ? 'died' : 'left';
}

/** Where another participant stands in the newest round, in a few words. */
export function toldWords(round: RoundView | undefined, participant: string, over: RunOver = null): string {
  if (round === undefined) return 'not told yet';
  if (!round.selected.includes(participant)) return 'not in this round';
  const place = round.arrivals.findIndex((one) => one.participant === participant);
  if (place >= 0) return `update in, ${ordinal(place + 1)}`;
  return withoutArrival(round, participant, over);
}

/** In how many of the rounds that are over its update is in the new model; null: not told of any. */
export function toldCounted(
  rounds: readonly RoundView[],
  participant: string,
): { readonly counted: number; readonly of: number } | null {
  const over = rounds.filter(
    ({ contributors, selected }) => contributors !== null && selected.some((id) => id === participant),
  );
  if (over.length === 0) return null;
  const counted = over.filter(({ contributors }) => contributors?.some((id) => id === participant)).length;
  return { counted, of: over.length };
}

/** One mark of the coordinator's lane: an update that it said was in. */
export interface ToldTick {
  readonly at: number;
  readonly left: number;
  readonly number: number;
  readonly participant: string;
  readonly labelled: boolean;
}

/** `pxShare`: see `tickLabels`; `glyphOf`: whose number has its protocol's glyph beside it, if anybody's. */
export function toldTicks(
  rounds: readonly RoundView[],
  window: TimeWindow,
  pxShare: number,
  glyphOf: string | null,
): readonly ToldTick[] {
  const ticks: ToldTick[] = [];
  for (const round of rounds) {
    if (round.startedAt > window.toAt || (round.endedAt ?? Number.POSITIVE_INFINITY) < window.fromAt) continue;
    const own = round.arrivals
      .map(({ participant, at }, i) => ({ at, left: shareOf(window, at), number: i + 1, participant }))
      .filter(({ left }) => left >= 0 && left <= 1);
    const marks = own.map((tick) => ({ ...tick, counted: true, glyph: tick.participant === glyphOf }));
    const labels = tickLabels(marks, ticks.at(-1)?.left ?? 0, pxShare, round.endedAt !== null);
    ticks.push(...own.map((tick, i) => ({ ...tick, labelled: labels[i] === true })));
  }
  return ticks;
}
