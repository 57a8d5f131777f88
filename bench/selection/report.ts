import { protocolNames } from '#shared/contract/protocols.ts';
import type { SelectionSettings } from '#shared/contract/run/selection.ts';
import { play, worldsOf } from './regret.ts';
import { scenarios } from './scenarios.ts';
import type { Path } from './transfer.ts';
import { offered } from './world.ts';

/** The emotion model of the reference framework, and one about as small as the demo's. */
const payloads = { '9.4 MB': 9.4e6, '200 KB': 2e5 } as const;
export const roundsPerCourse = 60;
/** Of the course in which the network changes: so long lasts each, and all of them come twice. */
const roundsPerNetwork = 10;

export const strategies: Readonly<Record<string, Partial<SelectionSettings>>> = {
  ...Object.fromEntries(
    offered.map((protocol) => [protocolNames[protocol], { strategy: 'fixed', fixed: protocol }] as const),
  ),
  rules: { strategy: 'rules' },
  'Q-learning': { strategy: 'q-learning' },
  bandit: { strategy: 'bandit' },
  'bandit, no exploring': { strategy: 'bandit', explore: false },
};

export interface RegretRow {
  readonly course: string;
  readonly payload: string;
  /** Of one round with the best protocol of each network, mean of the worlds. */
  readonly bestSecondsPerRound: number;
  /** Regret of all rounds as share of what the best takes, by strategy; mean of the worlds. */
  readonly regret: Readonly<Record<string, number>>;
}

/** Regret of each strategy on each network, over `seeds` worlds; the same figures each time. */
export function simulateSelection(seeds: number): readonly RegretRow[] {
  return Object.entries(payloads).flatMap(([payload, bytes]) => {
    const rows = courses().map(({ course, paths }) => rowOf({ course, payload, paths, bytes, seeds }));
    const nine = rows.filter(({ course }) => Object.hasOwn(scenarios, course));
    const overall = Object.fromEntries(
      Object.keys(strategies).map((name) => [name, mean(nine.map(({ regret }) => regret[name] ?? 0))]),
    );
    const bestSecondsPerRound = mean(nine.map((row) => row.bestSecondsPerRound));
    return [...rows, { course: 'mean of the nine', payload, bestSecondsPerRound, regret: overall }];
  });
}

function courses(): readonly { readonly course: string; readonly paths: readonly Path[] }[] {
  const all = Object.values(scenarios);
  // The same object each time the throttled network comes, so that it is one world.
  const throttled = { ...(scenarios['good'] as Path), udpShare: 0.1 };
  return [
    ...Object.entries(scenarios).map(([course, path]) => ({ course, paths: lasting(path, roundsPerCourse) })),
    { course: 'good, UDP at a tenth', paths: lasting(throttled, roundsPerCourse) },
    { course: 'changing', paths: [...all, ...all].flatMap((path) => lasting(path, roundsPerNetwork)) },
  ];
}

function lasting(path: Path, rounds: number): readonly Path[] {
  return Array.from({ length: rounds }, () => path);
}

function rowOf(given: {
  readonly course: string;
  readonly payload: string;
  readonly paths: readonly Path[];
  readonly bytes: number;
  readonly seeds: number;
}): RegretRow {
  const { course, payload, paths, bytes, seeds } = given;
  const shares = new Map<string, number>();
  let best = 0;
  for (let seed = 0; seed < seeds; seed++) {
    const played = { paths, payloadBytes: bytes, seed };
    const worlds = worldsOf(played);
    best += worlds.reduce((sum, world) => sum + world.best().seconds, 0) / seeds;
    for (const [name, settings] of Object.entries(strategies)) {
      const { seconds, bestSeconds } = play(settings, played, worlds);
      shares.set(name, (shares.get(name) ?? 0) + seconds / bestSeconds / seeds);
    }
  }
  return { course, payload, bestSecondsPerRound: best / paths.length, regret: Object.fromEntries(shares) };
}

export function selectionTable(rows: readonly RegretRow[]): string {
  const names = Object.keys(strategies);
  const lines = rows.map(({ course, payload, bestSecondsPerRound, regret }) =>
    [course, payload, figure(bestSecondsPerRound), ...names.map((name) => percent(regret[name] ?? 0))].join(' | '),
  );
  return [
    `| network | model | best, s a round | ${names.join(' | ')} |`,
    `|---|---|---|${names.map(() => '---').join('|')}|`,
    ...lines.map((line) => `| ${line} |`),
    '',
    `Simulated, seeded: ${roundsPerCourse} rounds on each network, 180 while it changes every ${roundsPerNetwork}. Figures are cumulative regret: time beyond that of the best`,
    'protocol of each network, connecting included, as share of that time. Each seed is a world in which every implementation is up to some',
    '1.5 times faster or slower than the books say. The worlds are `bench/selection/transfer.ts` (windows, losses, queue, timeouts, one round trip after',
    'another), not the closed form that rules and bandit begin with. A strategy sees only what a link shows: round trip, loss while QUIC runs, its own rates.',
    'DDS does well because a writer without congestion control takes what it can get, and each participant is alone on its path here; shared, it takes it',
    'from others. One protocol for all nine can not be known beforehand: the best of them fails on a path that throttles UDP.',
  ].join('\n');
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function figure(seconds: number): string {
  return seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(0);
}
