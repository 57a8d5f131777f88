import type { Layer } from '#shared/base/errors.ts';
import type { FaultName } from '#shared/contract/run/settings.ts';
import type { EvidenceRef, FaultObservation, RunObservation } from './observation.ts';

/** What a rule has found. */
export interface Finding {
  readonly rule: string;
  readonly layer: Layer;
  /** Whom it names: a participant, or one of `subjects`, whose names no participant can have. */
  readonly subject: string;
  /** One sentence, readable at the back of a lecture hall. */
  readonly sentence: string;
  readonly explanation: string;
  /** When it went wrong, wall ms: not when it was noticed. */
  readonly since: number;
  readonly evidence: readonly EvidenceRef[];
  /** The injected fault that explains it. */
  readonly fault?: FaultName | undefined;
  /** What happens next by itself, where it is not what the coordinator does at its deadline. */
  readonly next?: { readonly action: string; readonly at: number } | undefined;
  /** It says how long something has lasted: told again as that grows. */
  readonly ages?: true;
}

/** Who else than a participant can be the cause. */
export const subjects = {
  coordinator: 'coordinator',
  machine: 'this machine',
  broker: 'the broker',
  network: 'the network',
} as const;

/** Faults that can keep a link down, the surest first. */
export const linkFaults: readonly FaultName[] = ['drop-link', 'disconnect', 'blackhole', 'rebind', 'loss', 'delay'];

/** What is over explains only what began before that, and not for ever. */
const explainsForMs = 15_000;
const slackMs = 1500;

/** The first of `names` that was injected and explains what began at `since`. */
export function injected(
  faults: ReadonlyMap<FaultName, FaultObservation>,
  names: readonly FaultName[],
  since: number,
  run: RunObservation,
): FaultName | undefined {
  return names.find((name) => {
    const fault = faults.get(name);
    if (fault === undefined) return false;
    if (fault.clearedAt === null) return true;
    const began = since >= fault.injectedAt - slackMs && since <= fault.clearedAt + 2 * slackMs;
    return began && run.now - fault.clearedAt <= explainsForMs;
  });
}

/** Words of somebody else's, a reason mostly, as a sentence with one full stop or its own mark at the end. */
export function asSentence(words: string): string {
  return /[.?!…]$/.test(words) ? words : `${words}.`;
}

/** Evidence of what there is of it, in order of time. */
export function evidence(...refs: readonly (EvidenceRef | null | undefined)[]): readonly EvidenceRef[] {
  return refs.filter((ref) => ref !== null && ref !== undefined).sort((a, b) => a.at - b.at);
}

export function seconds(ms: number): string {
  return ms < 9500 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

/** For people who wait: "93 s", "12 min", "3 h". */
export function lasting(ms: number): string {
  const s = Math.round(ms / 1000);
  if (s < 120) return `${s} s`;
  return s < 7200 ? `${Math.round(s / 60)} min` : `${Math.round(s / 3600)} h`;
}

/** Names, of many the first. */
export function listed(names: readonly string[]): string {
  return names.length <= 4 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}
