import type { Line } from '../../cli/command-line.ts';
import { labs, type Lab } from './blame.ts';

/** From when to when nothing was done to anybody, wall ms. */
export interface Quiet {
  readonly from: number;
  readonly to: number;
}

export interface QuietRounds {
  /** Rounds that lay in quiet time as a whole. */
  readonly rounds: number;
  /** Those of them in which somebody did not count. */
  readonly missing: readonly { readonly window: Lab; readonly round: number; readonly at: number }[];
}

/** By the coordinator's own account. */
export function quietRounds(lines: readonly Line[], times: readonly Quiet[]): QuietRounds {
  const started = new Map<number, number>();
  const missing: { window: Lab; round: number; at: number }[] = [];
  let rounds = 0;
  for (const { event, round, at, contributions } of lines) {
    const [number, time] = [Number(round), Number(at)];
    if (event === 'round_started') started.set(number, time);
    const from = started.get(number);
    if (event !== 'round_ended' || from === undefined) continue;
    if (!times.some((quiet) => from >= quiet.from && time <= quiet.to)) continue;
    rounds++;
    const counted: readonly unknown[] = Array.isArray(contributions) ? contributions : [];
    for (const window of labs) if (!counted.includes(window)) missing.push({ window, round: number, at: time });
  }
  return { rounds, missing };
}
