import { seededRandom, type Random } from '#shared/base/random.ts';
import type { BodyOf } from '#shared/contract/messages.ts';
import type { ParameterSet } from '#shared/tensor/parameter-set.ts';
import type { AdmissionPlan } from './door/admission-plan.ts';
import { weightRuleDefault, type WeightRule } from '#shared/contract/run/weight-rule.ts';

/** What befalls one participant, in virtual ms since the start. */
export interface Trouble {
  readonly atMs: number;
  readonly kind: 'partition' | 'deaf' | 'mute' | 'kill' | 'freeze' | 'leave' | 'return' | 'poison' | 'pause';
  readonly lastsMs: number;
}

export interface ParticipantPlan {
  readonly id: string;
  /** Under which it asks to take part; absent: its id. */
  readonly name?: string | undefined;
  /** Absent: one of its own. */
  readonly key?: string | undefined;
  readonly joinsAtMs: number;
  readonly examples: number;
  readonly heldOut: number;
  readonly trainMsMean: number;
  readonly wallOffsetMs: number;
  /** Ticks of its wall clock per true one. */
  readonly wallRate: number;
  readonly troubles: readonly Trouble[];
  /** A connection per message: a new connection for every message, no answer ever arrives. */
  readonly connectionPerMessage: boolean;
  /** What it makes of a model instead of the usual toy training. */
  readonly train?: ((base: ParameterSet, round: number) => ParameterSet) | undefined;
  /** Examples that it says instead of those that it has, and the result of its evaluations. */
  readonly claims?: number | undefined;
  readonly checks?: BodyOf<'evaluation_result'> | undefined;
}

/** What it is called in the run, which several may want to be. */
export function nameOf({ id, name }: ParticipantPlan): string {
  return name ?? id;
}

export function keyOf({ id, key }: ParticipantPlan): string {
  return key ?? `key-${id}`;
}

export interface Scenario {
  readonly seed: number;
  readonly random: Random;
  readonly rounds: number;
  readonly minimumParticipants: number;
  readonly quorum: number;
  readonly deadlineMs: number;
  readonly registrationDeadlineMs: number;
  readonly participants: readonly ParticipantPlan[];
  readonly rule: WeightRule;
  readonly delayMsMax: number;
  readonly duplicateShare: number;
  /** When the weather clears: no new trouble begins after it, and what lasts is ended. */
  readonly healsAtMs: number;
  readonly stopsAtMs: number | null;
  /** Nothing was done to it, so it has to complete. */
  readonly calm: boolean;
  readonly crashes: readonly Crash[];
  /** The model is a network from elsewhere, which participants ask for. */
  readonly sendsGraph: boolean;
  /** Own steps that fail, of a hundred: averaging at the coordinator, evaluating at a participant. */
  readonly failing: { readonly aggregations: number; readonly evaluations: number };
  /** Absent: anybody is let in, and nobody is sent away. */
  readonly admission?: AdmissionPlan | undefined;
}

/** The coordinator's process is killed, in the middle of what it does, and started again. */
export interface Crash {
  readonly atMs: number;
  /** Effects that it still gets done. */
  readonly effects: number;
  readonly downMs: number;
}

const kinds = ['partition', 'partition', 'deaf', 'mute', 'kill', 'freeze', 'leave', 'poison'] as const;

/** A scenario is a function of its seed: the same seed is the same run, to the last bit. */
export function makeScenario(seed: number): Scenario {
  const random = seededRandom(`simulation-${seed}`);
  const count = 1 + random.int(5);
  const calm = random.int(5) === 0;
  const bugged = !calm && random.int(20) === 0;
  const deadlineMs = 8_000 + random.int(20_000);
  const healsAtMs = 30_000 + random.int(60_000);
  const participants = Array.from({ length: count }, (_, k) =>
    planParticipant(random, { k, calm, bugged, healsAtMs, deadlineMs }),
  );
  const onTime = participants.filter(({ joinsAtMs }) => joinsAtMs < 5_000).length;
  return {
    seed,
    random,
    rounds: 1 + random.int(5),
    minimumParticipants: 1 + random.int(Math.max(1, onTime)),
    quorum: [0.01, 0.34, 0.5, 0.67, 1][random.int(5)] as number,
    deadlineMs,
    registrationDeadlineMs: 30_000,
    participants,
    rule: weightRuleDefault,
    delayMsMax: [2, 50, 400][random.int(3)] as number,
    duplicateShare: calm ? 0 : random.next() * 0.2,
    healsAtMs,
    stopsAtMs: !calm && random.int(25) === 0 ? random.int(40_000) : null,
    calm,
    crashes: [],
    sendsGraph: seed % 3 === 0,
    failing: { aggregations: 0, evaluations: 0 },
  };
}

/** The same weather, crashes included, in which steps of the coordinator and of participants fail now and then. */
export function makeFailureScenario(seed: number): Scenario {
  const random = seededRandom(`failures-${seed}`);
  const scenario = random.int(3) === 0 ? makeCrashScenario(seed) : makeScenario(seed);
  return { ...scenario, failing: { aggregations: random.int(2) * 20, evaluations: random.int(3) * 30 } };
}

/** The same weather, in which the coordinator dies now and then. */
export function makeCrashScenario(seed: number): Scenario {
  const scenario = makeScenario(seed);
  const random = seededRandom(`crashes-${seed}`);
  return { ...scenario, crashes: makeCrashes(random, scenario.healsAtMs) };
}

/**
 * Nothing but processes that are killed and started again at once, coordinator and participants alike, and time enough for
 * each to come back: whatever dies when, the models are those of a run in which nothing did.
 */
export function makeKillScenario(seed: number): Scenario {
  const random = seededRandom(`kills-${seed}`);
  const count = 1 + random.int(4);
  const lastsMs = 4_000 + random.int(12_000);
  const base = makeScenario(seed);
  const participants = Array.from({ length: count }, (_, k) => {
    const plan = planParticipant(random, { k: 0, calm: true, bugged: false, healsAtMs: 0, deadlineMs: 0 });
    const kills = Array.from({ length: random.int(4) }, () => random.int(lastsMs));
    const troubles = kills.map((atMs) => ({ atMs, kind: 'kill' as const, lastsMs: 100 + random.int(2_000) }));
    return { ...plan, id: `node-${k + 1}`, troubles: troubles.sort((a, b) => a.atMs - b.atMs) };
  });
  return {
    ...base,
    rounds: 1 + random.int(4),
    minimumParticipants: count,
    quorum: 1,
    deadlineMs: 60_000,
    registrationDeadlineMs: 60_000,
    participants,
    duplicateShare: 0,
    healsAtMs: 2 * lastsMs,
    stopsAtMs: null,
    calm: true,
    crashes: makeCrashes(random, lastsMs),
  };
}

/**
 * The same weather, crashes of the coordinator included, in which users pause their participants now and then: some of
 * them, and all at once.
 */
export function makePauseScenario(seed: number): Scenario {
  const random = seededRandom(`pauses-${seed}`);
  const scenario = random.int(3) === 0 ? makeCrashScenario(seed) : makeScenario(seed);
  const untilMs = Math.min(scenario.healsAtMs, 4_000 + random.int(40_000));
  const together = random.int(2) === 0 ? [random.int(untilMs)] : [];
  const participants = scenario.participants.map((plan) => {
    const own = Array.from({ length: random.int(3) }, () => random.int(untilMs));
    const pauses = [...own, ...together].map((atMs) => ({ atMs, kind: 'pause' as const, lastsMs: random.int(60_000) }));
    return { ...plan, troubles: [...plan.troubles, ...pauses].sort((a, b) => a.atMs - b.atMs) };
  });
  return { ...scenario, participants };
}

function makeCrashes(random: Random, untilMs: number): Crash[] {
  const crashes = Array.from({ length: 1 + random.int(3) }, () => ({
    atMs: random.int(untilMs),
    effects: random.int(8),
    downMs: 100 + random.int(3_000),
  }));
  return crashes.sort((a, b) => a.atMs - b.atMs);
}

interface Context {
  readonly k: number;
  readonly calm: boolean;
  readonly bugged: boolean;
  readonly healsAtMs: number;
  readonly deadlineMs: number;
}

function planParticipant(random: Random, { k, calm, bugged, healsAtMs, deadlineMs }: Context): ParticipantPlan {
  const late = k > 0 && random.int(4) === 0;
  const troubles: Trouble[] = [];
  if (!calm) {
    for (let n = random.int(4); n > 0; n--) {
      const kind = kinds[random.int(kinds.length)] as Trouble['kind'];
      troubles.push({ kind, atMs: random.int(healsAtMs), lastsMs: random.int(deadlineMs * 2) });
    }
  }
  return {
    id: `node-${k + 1}`,
    joinsAtMs: late ? 5_000 + random.int(20_000) : random.int(1_000),
    examples: 1 + random.int(500),
    heldOut: random.int(8) === 0 ? 0 : 1 + random.int(100),
    trainMsMean: 50 + random.int(calm ? 2_000 : 4_000),
    wallOffsetMs: random.int(2_000_000) - 1_000_000,
    wallRate: 0.9 + random.next() * 0.2,
    troubles: troubles.sort((a, b) => a.atMs - b.atMs),
    connectionPerMessage: bugged,
  };
}
