import { paceOf, trainingLeftMs, updatesLeftMs, usualSteps } from '#renderer/session/run/pace.ts';
import type { Step } from '#renderer/session/run/pace.ts';
import type { ParticipantPhase } from '#shared/contract/events.ts';
import { hasCounted } from '#renderer/components/words/contribution-facts.ts';
import type { ParticipantView, RoundView, RunView, SegmentView } from '#shared/run-view/run-view.ts';
import { shareOf } from '../time-window.ts';
import { tickLabels } from '../overview/tick-labels.ts';
import type { TimeWindow } from '../time-window.ts';

/** A drawn stretch of a lane. `left` and `right` are shares of the window; a growing one ends at the now line. */
export interface LaneBox {
  readonly key: string;
  readonly kind: ParticipantPhase | 'stalled' | 'paused' | 'told' | 'unknown';
  readonly round: number;
  readonly left: number;
  /** Null: grows. */
  readonly right: number | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
  /** What it says instead of its kind and how long it is. */
  readonly label?: string;
  /** The figure after such a label, which stays longer than the words do. */
  readonly figure?: string;
}

/** A stretch in which a verdict says that the participant stalled; open while it does. */
export interface Stall {
  readonly fromAt: number;
  readonly toAt: number | null;
  /** A pause is drawn in the same place, and is no fault. */
  readonly kind?: 'stalled' | 'paused';
  /** What it says before its time instead of its kind. */
  readonly label?: string;
}

/** Boxes narrower than this share of the window that fall on one another are drawn once. */
const bucket = 1 / 1500;

/** What a lane shows in a window, in order of time; a stall takes the place of what it covers. */
export function laneBoxes(
  segments: readonly SegmentView[],
  stalls: readonly Stall[],
  window: TimeWindow,
): readonly LaneBox[] {
  const boxes: LaneBox[] = [];
  let lastSmall = -1;
  const push = (kind: LaneBox['kind'], round: number, fromAt: number, toAt: number | null, label?: string): void => {
    const left = Math.max(0, shareOf(window, fromAt));
    const right = toAt === null ? null : Math.min(1, shareOf(window, toAt));
    if (left >= 1 || (right !== null && right <= 0)) return;
    const place = Math.floor(left / bucket);
    const small = right !== null && right - left < bucket;
    if (small && place === lastSmall) return;
    lastSmall = small ? place : -1;
    const words = label === undefined ? {} : { label };
    boxes.push({ key: `${kind} ${fromAt}`, kind, round, left, right, startedAt: fromAt, endedAt: toAt, ...words });
  };
  const drawn = stalls.map((stall) => ({ ...stall, fromAt: afterWork(segments, stall) }));
  for (const segment of firstVisible(segments, window)) {
    for (const [fromAt, toAt] of without(segment, drawn)) push(segment.phase, segment.round, fromAt, toAt);
  }
  for (const { kind = 'stalled', fromAt, toAt, label } of drawn)
    push(kind, roundAt(segments, fromAt), fromAt, toAt, label);
  return boxes.sort((a, b) => a.startedAt - b.startedAt);
}

/**
 * A verdict may look back on work that was done before it came to a halt: that stays on the lane as it was. Work that the
 * halt has interrupted, and that went on after it, is no such work: the halt stays where it was.
 */
function afterWork(segments: readonly SegmentView[], stall: Stall): number {
  const last = segments.findLast(
    (segment) =>
      segment.endedAt !== null &&
      segment.phase !== 'wait' &&
      segment.endedAt > stall.fromAt &&
      segment.endedAt <= (stall.toAt ?? Number.POSITIVE_INFINITY),
  );
  return Math.min(last?.endedAt ?? stall.fromAt, stall.toAt ?? Number.POSITIVE_INFINITY);
}

/** Segments are in order of time; those that ended before the window are skipped by halving. */
function firstVisible(segments: readonly SegmentView[], window: TimeWindow): readonly SegmentView[] {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const endedAt = segments[middle]?.endedAt ?? Number.POSITIVE_INFINITY;
    if (endedAt < window.fromAt) low = middle + 1;
    else high = middle;
  }
  const visible: SegmentView[] = [];
  for (let i = low; i < segments.length; i++) {
    const segment = segments[i] as SegmentView;
    if (segment.startedAt > window.toAt) break;
    visible.push(segment);
  }
  return visible;
}

/** The parts of a segment outside all stalls. */
function without(segment: SegmentView, stalls: readonly Stall[]): readonly (readonly [number, number | null])[] {
  let parts: [number, number | null][] = [[segment.startedAt, segment.endedAt]];
  for (const stall of stalls) {
    parts = parts.flatMap(([fromAt, toAt]) => {
      const end = toAt ?? Number.POSITIVE_INFINITY;
      const stallEnd = stall.toAt ?? Number.POSITIVE_INFINITY;
      if (stallEnd <= fromAt || stall.fromAt >= end) return [[fromAt, toAt]];
      const kept: [number, number | null][] = [];
      if (stall.fromAt > fromAt) kept.push([fromAt, stall.fromAt]);
      if (stallEnd < end) kept.push([stallEnd, toAt]);
      return kept;
    });
  }
  return parts;
}

function roundAt(segments: readonly SegmentView[], at: number): number {
  return segments.findLast((segment) => segment.startedAt <= at)?.round ?? 0;
}

/** When each participant was stalled, by the verdicts that name it. */
export function stallsOf(view: Pick<RunView, 'verdicts' | 'endedAt'>, participant: string): readonly Stall[] {
  return view.verdicts
    .filter((verdict) => verdict.subject === participant)
    .flatMap((verdict) => verdict.spans.map(({ from, to }) => ({ fromAt: from, toAt: to ?? view.endedAt })));
}

/** Stretches in which its user had it paused; one that goes on is open, or ends with the run. */
export function pausesOf(participant: Pick<ParticipantView, 'pauses' | 'paused'>, ended: number | null): Stall[] {
  const { pauses, paused } = participant;
  const over: Stall[] = pauses.map(({ from, to }) => ({ fromAt: from, toAt: to, kind: 'paused' }));
  return paused === null ? over : [...over, { fromAt: paused.at, toAt: ended, kind: 'paused' }];
}

/** A step that is still to come, drawn as a dashed outline. */
export interface ExpectedBox {
  readonly phase: ParticipantPhase;
  readonly left: number;
  readonly right: number;
  readonly label: string;
}

/**
 * The rest of the round as it usually goes: the remainder of the present step, then the steps after it. What begins
 * with the evaluation waits for the aggregation.
 */
export function expectedBoxes(
  participant: ParticipantView,
  round: RoundView | undefined,
  evaluationAt: number | null,
  now: number,
  window: TimeWindow,
): readonly ExpectedBox[] {
  if (round === undefined || round.endedAt !== null || participant.left !== null) return [];
  const usual = usualSteps(participant, round.round);
  const own = participant.segments.filter((segment) => segment.round === round.round);
  const current = own.length - 1;
  if (usual.length === 0 || !own.every((segment, i) => segment.phase === usual[i]?.phase)) return [];
  const boxes: ExpectedBox[] = [];
  let at = now;
  for (let i = Math.max(0, current); i < usual.length; i++) {
    const step = usual[i] as Step;
    const spentMs = i === current && own[i]?.endedAt === null ? now - (own[i]?.startedAt ?? now) : 0;
    if (i === current && own[i]?.endedAt !== null) continue;
    if (step.phase === 'wait') {
      // The wait after the update ends with the aggregation, whenever that is; the one after the evaluation ends the round.
      at = Math.max(at, evaluationAt ?? at + step.durationMs);
      continue;
    }
    const usualMs = Math.max(0, step.durationMs - spentMs);
    // Of a training that is under way the batches say more, here as in the top bar.
    const leftMs = i === current && step.phase === 'train' ? (trainingLeftMs(participant, now) ?? usualMs) : usualMs;
    pushExpected(
      boxes,
      step.phase,
      [at, at + leftMs],
      window,
      i === current && leftMs >= 1000 ? `${Math.round(leftMs / 1000)} s left` : '',
    );
    at += leftMs;
  }
  return boxes;
}

function pushExpected(
  boxes: ExpectedBox[],
  phase: ParticipantPhase,
  [fromAt, toAt]: readonly [number, number],
  window: TimeWindow,
  label: string,
): void {
  const left = shareOf(window, fromAt);
  const right = Math.min(1, shareOf(window, toAt));
  if (left >= 1 || right - left < bucket) return;
  boxes.push({ phase, left, right, label });
}

/** When the evaluation of the open round is expected to begin; null before anything is known. */
export function evaluationStart(view: RunView, now: number): number | null {
  const round = view.rounds.at(-1);
  if (round === undefined) return null;
  if (round.aggregatedAt !== null) return round.aggregatedAt;
  const usual = paceOf(view.rounds).aggregatedMs;
  // Not before the updates are in, as the top bar has it.
  return usual === null ? null : Math.max(now + (updatesLeftMs(view, now) ?? 0), round.startedAt + usual);
}

/** One mark of the coordinator's lane: an update that arrived. */
export interface UpdateTick {
  readonly at: number;
  readonly left: number;
  readonly number: number;
  readonly participant: string;
  readonly counted: boolean;
  /** Whether there is room for its number and glyph. */
  readonly labelled: boolean;
}

/** Ticks of the updates of all visible rounds. `pxShare`: see `tickLabels`; `glyphs`: whether protocols are marked. */
export function updateTicks(
  rounds: readonly RoundView[],
  window: TimeWindow,
  pxShare: number,
  glyphs: boolean,
): readonly UpdateTick[] {
  const ticks: UpdateTick[] = [];
  for (const round of rounds) {
    if (round.startedAt > window.toAt || (round.endedAt ?? Number.POSITIVE_INFINITY) < window.fromAt) continue;
    let number = 0;
    const own: Omit<UpdateTick, 'labelled'>[] = [];
    for (const update of round.updates) {
      const counted = hasCounted(update);
      if (counted) number++;
      const left = shareOf(window, update.at);
      if (left >= 0 && left <= 1) own.push({ at: update.at, left, number, participant: update.participant, counted });
    }
    const marks = own.map((tick) => ({ ...tick, glyph: glyphs }));
    const labels = tickLabels(marks, ticks.at(-1)?.left ?? 0, pxShare, round.endedAt !== null);
    ticks.push(...own.map((tick, i) => ({ ...tick, labelled: labels[i] === true })));
  }
  return ticks;
}

/** By what has come in of the open round: what the coordinator says of its wait comes later, and may be of the round before. */
function isAsked(round: RoundView, id: string): boolean {
  if (round.endedAt !== null || !round.selected.includes(id)) return false;
  const come = round.aggregatedAt === null ? round.updates : round.evaluations;
  return come.every(({ participant }) => participant !== id);
}

export type LaneGroup = 'stalled' | 'late' | 'working' | 'in';

/** Where a participant stands in the open round, for the groups of dense lanes. */
export function groupOf(view: RunView, participant: ParticipantView, stalled: boolean, now: number): LaneGroup {
  if (stalled || (participant.left !== null && !participant.left.clean)) return 'stalled';
  const round = view.rounds.at(-1);
  if (round === undefined || !isAsked(round, participant.id)) return 'in';
  const usual = paceOf(view.rounds).updatesMs;
  return usual !== null && view.phase === 'training' && now > round.startedAt + usual * 1.05 ? 'late' : 'working';
}
