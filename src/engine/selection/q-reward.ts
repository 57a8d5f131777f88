import type { Outcome } from '#shared/contract/run/selection.ts';
import { expectedSeconds } from './expected-time.ts';

/** Watts of one busy core beyond an idle one, for the share of the reward that the battery has. */
const wattsPerCore = 5;

/**
 * The reward of the reference framework: -10 for a failure, else 10 and up to 10 for time, less up to 5 for processor and
 * bandwidth and up to 5 for the battery. Time counts by its logarithm between 1.5 s and two minutes, as it does there: all
 * that is faster is equally good, so on a fast network it cannot tell protocols apart.
 */
export function rewardOf(outcome: Outcome, expectedTimeInReward: boolean): number {
  if (!outcome.succeeded) return -10;
  return 10 + timeReward(outcome, expectedTimeInReward) - resourcePenalty(outcome) - batteryPenalty(outcome);
}

function timeReward({ seconds, choice, conditions }: Outcome, expectedTimeInReward: boolean): number {
  const measured = 10 * (1 - timeShare(seconds));
  if (!expectedTimeInReward) return measured;
  const expected = expectedSeconds(choice.protocol, conditions, { connected: true });
  return Math.max(0, measured - (expected === null ? 10 : 10 * timeShare(expected)));
}

/** 0 up to 1.5 s, 1 from 120 s. */
function timeShare(seconds: number): number {
  return clip(Math.log((1 + seconds) / 2.5) / Math.log(121 / 2.5));
}

function resourcePenalty({ conditions, bytes, seconds }: Outcome): number {
  const megabytesPerS = bytes / 1e6 / Math.max(seconds, 1e-3);
  return Math.min(5, 6 * clip(conditions.cpuLoad ?? 0) + 4.5 * (megabytesPerS / (megabytesPerS + 14)));
}

function batteryPenalty({ conditions, cpuSeconds }: Outcome): number {
  if (conditions.battery === null) return 0;
  const spent = 1 - conditions.battery.level;
  const effort = 1 - Math.exp((-(cpuSeconds ?? 0) * wattsPerCore) / 22);
  return Math.min(5, 12 * spent * effort + 1.8 * spent + 3 * effort);
}

function clip(share: number): number {
  return Math.min(1, Math.max(0, share));
}
