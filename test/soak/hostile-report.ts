import type { ToldVerdict } from '#test/support/hostile/besieged.ts';
import type { Ledger } from '#test/support/hostile/ledger.ts';
import type { Growth } from '#test/support/hostile/memory-slope.ts';
import type { Protocol } from '#shared/contract/protocols.ts';

export interface HostileResult {
  readonly minutes: number;
  readonly passes: number;
  readonly federations: readonly FederationResult[];
  readonly attacks: Ledger['table'];
  /** Empty: it held, or holds so far. */
  readonly violations: readonly string[];
}

export interface FederationResult {
  readonly over: Protocol;
  readonly status: string;
  readonly rounds: readonly [number, number];
  readonly lost: number;
  readonly verdicts: readonly ToldVerdict[];
  readonly strangers: readonly string[];
  readonly ends: readonly string[];
  readonly reconnects: number;
  readonly refusals: number;
  readonly memory: readonly Growth[];
}

/** For people, and for the file of results. */
export function hostileReport({ minutes, passes, federations, attacks, violations }: HostileResult): string {
  const figures = ([from, to]: readonly [number, number], anHour: number): string =>
    `${from.toFixed(0)} → ${to.toFixed(0)} (${anHour >= 0 ? '+' : ''}${anHour.toFixed(0)})`;
  return [
    `${minutes} minutes, ${passes} passes of the suite.`,
    '',
    '| over | rounds | contributions lost | verdicts | reconnects of the three | refusals told | processors |',
    '|---|---:|---:|---:|---:|---:|---:|',
    ...federations.map(
      ({ over, rounds, lost, verdicts, reconnects, refusals, memory }) =>
        `| ${over} | ${rounds[0]} of ${rounds[1]} | ${lost} | ${verdicts.length} | ${reconnects} | ${refusals} | ${processors(memory).toFixed(2)} |`,
    ),
    '',
    '| process; of several the one that grew most | alive after collection, MB (an hour) | resident, MB (an hour) | resident in each sixth, MB |',
    '|---|---|---|---|',
    ...federations.flatMap(({ over, memory }) =>
      worstOfEachKind(memory).map(
        (one) =>
          `| ${over}: ${kindOf(one)} | ${figures(one.heapMb, one.heapMbAnHour)} | ${figures(one.rssMb, one.rssMbAnHour)} | ${one.rssCourse.map((mb) => mb.toFixed(0)).join(' ')} |`,
      ),
    ),
    '',
    '| attacks | made | reached |',
    '|---|---:|---:|',
    ...[...groups(attacks)].map(([group, { made, reached }]) => `| ${group} | ${made} | ${reached} |`),
    '',
    ...federations.flatMap(({ over, verdicts }) => verdicts.map((verdict) => `- ${over}: ${verdictLine(verdict)}`)),
    '',
    violations.length === 0 ? 'It held.' : `It did not hold:\n${violations.map((line) => `- ${line}`).join('\n')}`,
    '',
  ].join('\n');
}

/** With all that is needed to check it. */
export function verdictLine({ by, rule, subject, sentence, explanation, evidence, ...times }: ToldVerdict): string {
  const { since, toldAt, over } = times;
  return `${rule} on ${subject}, told by ${by} at ${toldAt}, since ${since}, over ${over ?? 'never'}: ${sentence} ${explanation} ${JSON.stringify(evidence)}`;
}

function processors(memory: readonly Growth[]): number {
  return memory.reduce((sum, { cpuShare }) => sum + cpuShare, 0);
}

function kindOf({ name }: Growth): string {
  return name.replace(/ lab-\d$| coordinator$/, '').replace(/^headless (\w+)$/, 'service of `$1`');
}

function worstOfEachKind(memory: readonly Growth[]): readonly Growth[] {
  const worst = new Map<string, Growth>();
  for (const one of memory) {
    const known = worst.get(kindOf(one));
    if (known === undefined || one.rssMb[1] - one.rssMb[0] > known.rssMb[1] - known.rssMb[0])
      worst.set(kindOf(one), one);
  }
  return [...worst.values()];
}

/** Kinds that begin alike, `TCP: garbage` and `TCP: a JSON bomb`. */
function groups(attacks: Ledger['table']): ReadonlyMap<string, { readonly made: number; readonly reached: number }> {
  const sums = new Map<string, { made: number; reached: number }>();
  for (const [kind, { made, reached }] of Object.entries(attacks)) {
    const group = kind.split(':')[0] ?? kind;
    const sum = sums.get(group) ?? { made: 0, reached: 0 };
    sums.set(group, { made: sum.made + made, reached: sum.reached + reached });
  }
  return sums;
}
