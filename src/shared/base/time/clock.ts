/**
 * Time as a dependency. Durations use `monotonicMs` (never jumps), wall time is for people and files.
 * The system clock is in `engine/host`, the virtual one of the simulation in `test/support`.
 */
export interface Clock {
  /** Milliseconds since an arbitrary origin; never runs backwards. */
  monotonicMs(): number;
  /** Milliseconds since 1970-01-01 UTC as this machine believes; may jump either way. */
  wallMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when that aborts first. */
  sleep(ms: number, options: { readonly signal: AbortSignal }): Promise<void>;
  /** Calls `callback` once after `ms` unless disposed before. */
  timer(ms: number, callback: () => void): Disposable;
  /** A signal that aborts with a `TimeoutError` after `ms`, or with `parent`'s reason when that aborts first. */
  deadline(ms: number, parent?: AbortSignal): AbortSignal & Disposable;
}
