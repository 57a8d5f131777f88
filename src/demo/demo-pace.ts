import type { DemoSettings } from '#shared/contract/run/settings.ts';

/** Of a round, what its slowest training takes; the rest is for models on their way, averaging and evaluation. */
const slowestShare = 0.88;
/** Machines are not alike: how fast the participants of a demo are against the slowest, in turn. */
const machines = [0.85, 0.6, 1, 0.72] as const;

/** How long a participant's training takes at least, ms, so that rounds keep the pace that was set; 0: no pace was set. */
export function trainingMsOf(settings: Pick<DemoSettings, 'paceMs' | 'deadlineMs'>, index: number): number {
  const machine = machines[index % machines.length] ?? 1;
  // A deadline must not fail for the sake of the pace.
  return Math.round(Math.min(settings.paceMs * slowestShare, settings.deadlineMs / 2) * machine);
}
