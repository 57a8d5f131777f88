/** The present of a recording: a moment of its run, how fast it goes on from there, and when that was so here. */
interface RecordedPresent {
  readonly at: number;
  /** Run time per time; 0: it stands. */
  readonly rate: number;
  readonly heardAt: number;
}

/** While the service is gone the picture stands still at this time; null: it goes with the clock. */
let stoppedAt: number | null = null;
/** Null: the present is that of this machine. */
let recorded: RecordedPresent | null = null;
const listeners = new Set<() => void>();

/** The source tells where it is ten times a second: with no word of it for longer than this, the present waits. */
const unheardMsMax = 400;
/** So much may a word of the source differ from what was expected without being a jump, at rate 1. */
const slackMs = 250;

/** The present of what is on screen, wall ms of its run. */
export function screenNow(): number {
  return stoppedAt ?? sourceNow();
}

function sourceNow(): number {
  if (recorded === null) return Date.now();
  const { at, rate, heardAt } = recorded;
  return at + rate * Math.min(Math.max(0, Date.now() - heardAt), unheardMsMax);
}

/** Stops the present where the last news came, or lets it go on. Everything drawn from it is drawn again at once. */
export function stopScreenClock(at: number | null): void {
  if (at === stoppedAt) return;
  stoppedAt = at;
  tell();
}

/** The present is that of a recording from now on; null: that of this machine. */
export function setRecordedPresent(clock: { readonly at: number; readonly rate: number } | null): void {
  if (clock === null && recorded === null) return;
  const expected = recorded === null ? null : sourceNow();
  const before = recorded;
  recorded = clock === null ? null : { ...clock, heardAt: Date.now() };
  const jumped =
    clock === null ||
    expected === null ||
    before?.rate !== clock.rate ||
    Math.abs(expected - clock.at) > slackMs * Math.max(1, clock.rate);
  // Faster than time, one tick of a second is too long a way.
  if (jumped || clock.rate > 1) tell();
}

/** Called whenever the present jumps, stops or goes on, so that no part of the picture keeps an older one until its next tick. */
export function onScreenClock(listener: () => void): void {
  listeners.add(listener);
}

function tell(): void {
  for (const listener of listeners) listener();
}
