import { labs, type ActName } from './blame.ts';
import type { QuietRounds } from './missing-rounds.ts';
import type { Fault, FirstSaid, Oracle } from './oracle.ts';

export interface WindowsResult {
  readonly minutes: number;
  readonly acts: readonly ActName[];
  readonly oracle: Oracle;
  readonly rounds: QuietRounds;
  /** Of the tool: an act that could not be played, a page that could not be read. */
  readonly troubles: readonly string[];
  /** Moments at which a page could not be read, mostly while it was loaded. */
  readonly unread: number;
}

export function faultsIn({ oracle, rounds }: WindowsResult): readonly string[] {
  const missing = rounds.missing.map(
    ({ window, round, at }) => `${clock(at)} ${window}: does not count in round ${round} of quiet time`,
  );
  const unlisted = oracle.unlisted === 0 ? [] : [`${oracle.unlisted} moments with faults that are not listed`];
  return [...oracle.faults.map(faultLine), ...unlisted, ...missing];
}

/** What each window said first in each act, and all that was not true. */
export function windowsReport(result: WindowsResult): string {
  const { oracle, minutes, acts, rounds, troubles, unread } = result;
  const faults = faultsIn(result);
  const samples = labs.map((lab) => `${lab} ${oracle.samples[lab]}`).join(', ');
  return [
    '# Three windows',
    '',
    `${minutes.toFixed(1)} minutes, ${acts.length} acts; samples: ${samples}, of which in quiet time ${oracle.quiet}, at most ${oracle.gapMs} ms apart there; ${unread} moments at which a page could not be read.`,
    `${rounds.rounds} rounds in quiet time, in which ${rounds.missing.length === 0 ? 'all three' : 'not all'} counted each time.`,
    '',
    `## Faults: ${faults.length}`,
    '',
    ...(faults.length === 0 ? ['None.'] : faults.map((one) => `- ${one}`)),
    ...(troubles.length === 0 ? [] : ['', '## Of the tool itself', '', ...troubles.map((one) => `- ${one}`)]),
    '',
    '## How long the picture of before stood after a standstill',
    '',
    ...(oracle.old.size === 0 ? ['Never seen.'] : [...oracle.old].map(([where, ms]) => `- ${where}: ${ms} ms`)),
    '',
    '## What was said first, after the beginning of each act',
    ...acts.flatMap((act) => ['', `### ${act}`, '', ...saidIn(act, oracle.first)]),
    '',
  ].join('\n');
}

function saidIn(act: ActName, first: readonly FirstSaid[]): readonly string[] {
  return labs.flatMap((lab) =>
    first
      .filter((one) => one.act === act && one.window === lab)
      .map(({ afterMs, claim, words }) => `- ${lab} after ${(afterMs / 1000).toFixed(1)} s, ${claim}: ${short(words)}`),
  );
}

function faultLine({ act, window, kind, text, firstAt, lastAt, times, inARow }: Fault): string {
  const until = lastAt === firstAt ? '' : ` to ${clock(lastAt)}`;
  const seen = times === 1 ? 'once' : `${times} times, ${inARow} in a row`;
  return `${clock(firstAt)}${until} ${window}, ${act === null ? 'before the first act' : `act "${act}"`}: ${kind}: ${short(text)} (${seen})`;
}

function clock(at: number): string {
  return new Date(at).toISOString().slice(11, 23);
}

function short(words: string): string {
  return words.length > 200 ? `${words.slice(0, 199)}…` : words;
}
