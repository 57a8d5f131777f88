import { paceOf } from '#renderer/session/run/pace.ts';
import type { RoundView, RunView } from '#shared/run-view/run-view.ts';

/** The stretch of wall time that the lanes show, ms since 1970. */
export interface TimeWindow {
  readonly fromAt: number;
  readonly toAt: number;
}

export const spans = ['round', 'last3', 'run'] as const;
export type Span = (typeof spans)[number];

/** A first round has no pace yet; this is how much time it gets to begin with. */
const firstRoundMs = 8_000;
/** The end of a live window moves in steps of this share of it, so that the axis stands still between two steps. */
const stepShare = 0.2;
const windowMsMin = 50;
/** The now line moves between two turns of the screen, which may be half a second apart; it must find room. */
const aheadMs = 600;

/**
 * The window that follows the run. It depends on `now` only by steps: while a round goes as usual, nothing on the axis
 * moves but the now line.
 */
export function liveWindow(view: RunView, span: Span, now: number): TimeWindow {
  const current = view.rounds.at(-1);
  const first = view.rounds[0];
  const fromAt =
    span === 'run' || current === undefined
      ? (first?.startedAt ?? view.startedAt)
      : (view.rounds.at(span === 'round' ? -1 : -3) ?? first ?? current).startedAt;
  if (view.endedAt !== null) {
    const toAt = Math.max(view.endedAt, fromAt + windowMsMin);
    return { fromAt, toAt: toAt + (toAt - fromAt) * 0.02 };
  }
  const planned = plannedEnd(view, current, span);
  const lengthMs = Math.max(windowMsMin, planned - fromAt);
  const overrunMs = now + Math.max(lengthMs * 0.02, aheadMs) - planned;
  const steps = Math.max(0, Math.ceil(overrunMs / (lengthMs * stepShare)));
  const toAt = planned + steps * lengthMs * stepShare;
  return { fromAt, toAt: withDeadline(current, { fromAt, toAt }, steps) };
}

function plannedEnd(view: RunView, current: RoundView | undefined, span: Span): number {
  const usual = paceOf(view.rounds).roundMs ?? firstRoundMs;
  const startedAt = current?.startedAt ?? view.startedAt;
  if (span !== 'run') return startedAt + usual * (current?.endedAt == null ? 1.25 : 1.05);
  const left = Math.max(0, view.roundsPlanned - view.round);
  // A long run is not planned to its end: the part that has been would shrink to nothing.
  const planned = Math.min(left, Math.max(1, view.round)) + 1;
  return startedAt + usual * planned * 1.02;
}

/** Once a round takes longer than usual its deadline matters: it comes into view unless it is far away. */
function withDeadline(current: RoundView | undefined, window: TimeWindow, steps: number): number {
  if (current === undefined || current.endedAt !== null || current.deadlineAt <= window.toAt) return window.toAt;
  const lengthMs = window.toAt - window.fromAt;
  const reach = steps > 0 ? 0.6 : 0.12;
  return current.deadlineAt - window.toAt < lengthMs * reach ? current.deadlineAt + lengthMs * 0.05 : window.toAt;
}

/** From shortly before a silence to shortly after now, in steps as above. */
export function silentWindow(fromAt: number, now: number): TimeWindow {
  const leastMs = 20_000;
  const step = 1.3;
  const spentMs = Math.max(1, now - fromAt + aheadMs);
  // Grows by a third at a time, so that the axis stands still between two steps.
  const lengthMs = leastMs * step ** Math.max(0, Math.ceil(Math.log(spentMs / leastMs) / Math.log(step)));
  return { fromAt: fromAt - lengthMs * 0.06, toAt: fromAt + lengthMs * 1.04 };
}

/** The whole run, for the overview: from its start to the end that the pace promises. */
export function runWindow(view: RunView, now: number): TimeWindow {
  return liveWindow(view, 'run', now);
}

/** A round that is over, with a little of what was before and after it. */
export function roundWindow({ startedAt, endedAt }: RoundTime, until: number, bounds: TimeWindow): TimeWindow {
  const toAt = Math.max(endedAt ?? until, startedAt + windowMsMin);
  const airMs = (toAt - startedAt) * 0.15;
  return fit({ fromAt: startedAt - airMs, toAt: toAt + airMs }, bounds);
}

/** Whether the window shows the whole of a round, or nothing but it. */
export function isWithin({ startedAt, endedAt }: RoundTime, until: number, window: TimeWindow): boolean {
  const toAt = endedAt ?? until;
  const whole = startedAt >= window.fromAt && toAt <= window.toAt;
  return whole || (startedAt <= window.fromAt && toAt >= window.toAt);
}

/** A window of the same length with this place in its middle, as far as the bounds let it. */
export function centred(window: TimeWindow, at: number, bounds: TimeWindow): TimeWindow {
  return pan(window, at - (window.fromAt + window.toAt) / 2, bounds);
}

type RoundTime = Pick<RoundView, 'startedAt' | 'endedAt'>;

/** Place in the window, 0 at its left and 1 at its right; beyond them outside. */
export function shareOf(window: TimeWindow, at: number): number {
  return (at - window.fromAt) / (window.toAt - window.fromAt);
}

export function timeAt(window: TimeWindow, share: number): number {
  return window.fromAt + share * (window.toAt - window.fromAt);
}

/** Scales around a place in the window that stays where it is; never beyond the bounds. */
export function zoom(window: TimeWindow, factor: number, around: number, bounds: TimeWindow): TimeWindow {
  const lengthMs = Math.max(windowMsMin, Math.min((window.toAt - window.fromAt) * factor, bounds.toAt - bounds.fromAt));
  const still = timeAt(window, around);
  return fit({ fromAt: still - around * lengthMs, toAt: still + (1 - around) * lengthMs }, bounds);
}

export function pan(window: TimeWindow, byMs: number, bounds: TimeWindow): TimeWindow {
  return fit({ fromAt: window.fromAt + byMs, toAt: window.toAt + byMs }, bounds);
}

function fit(window: TimeWindow, bounds: TimeWindow): TimeWindow {
  const lengthMs = window.toAt - window.fromAt;
  const fromAt = Math.min(Math.max(window.fromAt, bounds.fromAt), Math.max(bounds.fromAt, bounds.toAt - lengthMs));
  return { fromAt, toAt: fromAt + lengthMs };
}

export interface AxisTick {
  readonly at: number;
  readonly label: string;
}

const stepsMs = [
  10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3, 60e3, 120e3, 300e3, 600e3, 1800e3, 3600e3, 7200e3,
  21600e3,
];

/**
 * Ticks at round wall times, at most `countMax`. Labels take turns between the whole time and its changing end
 * (`21:12:00`, `:10`), as a ruler does.
 */
export function axisTicks(window: TimeWindow, countMax: number): readonly AxisTick[] {
  const lengthMs = window.toAt - window.fromAt;
  const step = stepsMs.find((ms) => lengthMs / ms <= countMax) ?? lengthMs;
  // Steps of a minute and more fall on local full minutes; zones differ from UTC by whole quarters of an hour.
  const ticks: AxisTick[] = [];
  for (let at = Math.ceil(window.fromAt / step) * step; at < window.toAt; at += step) {
    ticks.push({ at, label: tickLabel(at, step) });
  }
  return ticks;
}

function tickLabel(at: number, step: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (step < 1000) {
    const fraction = (at % 1000) / 1000;
    return `:${two(date.getSeconds())}.${String(Math.round(fraction * 100)).padStart(2, '0')}`;
  }
  if (step >= 60_000) return `${two(date.getHours())}:${two(date.getMinutes())}`;
  const whole = Math.round(at / step) % 2 === 0;
  return whole
    ? `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
    : `:${two(date.getSeconds())}`;
}
