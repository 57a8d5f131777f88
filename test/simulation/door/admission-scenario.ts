import { seededRandom, type Random } from '#shared/base/random.ts';
import type { Answer } from './admission-plan.ts';
import { keyOf, makeCrashScenario, makeScenario, nameOf, type ParticipantPlan, type Scenario } from '../scenario.ts';

/** Who comes first is in by then, in calm weather: without it nobody might be left. */
const settledMs = 3_000;

const atOnce: Answer = { say: 'admit', afterMs: 0, byName: false, again: null };

/**
 * The same weather, crashes of the coordinator included, at a door where newcomers are asked about or are on a list. Answers
 * come at once, late, twice, otherwise than before, or never; participants are sent away, leave and come back, and others
 * come under their names with keys of their own.
 */
export function makeAdmissionScenario(seed: number): Scenario {
  const random = seededRandom(`admission-${seed}`);
  const base = random.int(3) === 0 ? makeCrashScenario(seed) : makeScenario(seed);
  const [first, ...others] = base.participants.map((plan) => comesBack(random, plan, base.healsAtMs));
  if (first === undefined || base.participants.some(({ connectionPerMessage }) => connectionPerMessage)) return base;
  const impostors = Array.from({ length: random.int(3) }, (_, k) =>
    impostorOf(random, base.participants[random.int(base.participants.length)] as ParticipantPlan, k),
  );
  // In calm weather one is there from first to last, so that the run has to end well, whatever becomes of the others.
  const steady = base.calm ? (base.participants[0] as ParticipantPlan) : first;
  const participants = [steady, ...others, ...impostors];
  const answers = new Map(participants.map((plan) => [keyOf(plan), answerOf(random, base.healsAtMs)]));
  if (base.calm) answers.set(keyOf(steady), atOnce);
  const listed = participants.filter(() => random.int(4) === 0).map(nameOf);
  const isSpared = (plan: ParticipantPlan): boolean =>
    base.calm && (nameOf(plan) === nameOf(steady) || keyOf(plan) === keyOf(steady));
  const expulsions = Array.from({ length: random.int(3) }, () => {
    const plan = participants[random.int(participants.length)] as ParticipantPlan;
    if (isSpared(plan)) return [];
    const key = random.int(2) === 0 ? keyOf(plan) : null;
    return [{ atMs: settledMs + random.int(random.int(2) === 0 ? 10_000 : base.healsAtMs), name: nameOf(plan), key }];
  });
  const rule = random.int(4) === 0 ? 'list' : 'ask';
  return {
    ...base,
    participants,
    minimumParticipants: base.calm ? 1 : base.minimumParticipants,
    admission: {
      policy: { rule, entries: base.calm ? [...listed, nameOf(steady)] : listed },
      answers,
      expulsions: expulsions.flat(),
      door: random.int(2) === 0,
    },
  };
}

function answerOf(random: Random, healsAtMs: number): Answer {
  const say = (['admit', 'admit', 'admit', 'refuse', 'nothing'] as const)[random.int(5)] ?? 'admit';
  const afterMs = random.int(3) === 0 ? random.int(healsAtMs) : random.int(2_000);
  const later = { say: random.int(3) === 0 ? 'refuse' : 'admit', afterMs: random.int(10_000) } as const;
  return { say, afterMs, byName: random.int(3) === 0, again: random.int(3) === 0 ? later : null };
}

/** Whoever left, was refused or sent away may start again. */
function comesBack(random: Random, plan: ParticipantPlan, healsAtMs: number): ParticipantPlan {
  if (random.int(2) === 0) return plan;
  const atMs = settledMs + random.int(healsAtMs);
  const leaves = { kind: 'leave', atMs, lastsMs: 0 } as const;
  const returns = { kind: 'return', atMs: atMs + random.int(20_000), lastsMs: 0 } as const;
  return { ...plan, troubles: [...plan.troubles, leaves, returns].toSorted((a, b) => a.atMs - b.atMs) };
}

/** Somebody else who asks for a name that is taken, or is free again by then; or the same one, who wants two names. */
function impostorOf(random: Random, plan: ParticipantPlan, k: number): ParticipantPlan {
  const id = `other-${k + 1}`;
  const returns = Array.from({ length: random.int(3) }, () => random.int(40_000)).toSorted((a, b) => a - b);
  return {
    ...plan,
    id,
    ...(random.int(3) === 0 ? { key: keyOf(plan) } : { name: nameOf(plan) }),
    joinsAtMs: settledMs + random.int(30_000),
    troubles: returns.map((atMs) => ({ kind: 'return', atMs, lastsMs: 0 })),
    connectionPerMessage: false,
  };
}
