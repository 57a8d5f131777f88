import { seededRandom } from '#shared/base/random.ts';
import type { Act } from './acts.ts';
import { settleMs } from './oracle.ts';

/** Below it only some acts are played, and shorter. */
const briefBelowMinutes = 15;
/** From the start to the first act: processes, pages, the first rounds. */
const setUpMs = 40_000;
/** Of what is left over, the share that follows the last act. */
const lastQuiet = 0.35;
const quietMs = { least: 5000, most: 60_000 } as const;

export interface Plan {
  readonly acts: readonly (Pick<Act, 'name' | 'begin' | 'undo' | 'unseen'> & { readonly holdMs: number })[];
  /** After what an act made true may no longer stand, until the next begins. */
  readonly quietMs: number;
}

/** So many acts as the time allows, each held for a while, with quiet between; a seed changes how long each is held. */
export function planFor(minutes: number, acts: readonly Act[], seed: string | null): Plan {
  const brief = minutes < briefBelowMinutes;
  const random = seed === null ? null : seededRandom(seed);
  const played = acts.flatMap(({ holdS, briefS, ...act }) => {
    const seconds = brief ? briefS : holdS;
    // Never shorter: what must be said within a time is waited for.
    return seconds === null ? [] : [{ ...act, holdMs: Math.round(seconds * 1000 * (1 + (random?.next() ?? 0) * 0.5)) }];
  });
  const busyMs = played.reduce((sum, { holdMs }) => sum + holdMs + settleMs, setUpMs);
  const each = ((minutes * 60_000 - busyMs) * (1 - lastQuiet)) / played.length;
  return { acts: played, quietMs: Math.min(quietMs.most, Math.max(quietMs.least, each)) };
}
