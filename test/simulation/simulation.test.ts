import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeAdmissionScenario } from './door/admission-scenario.ts';
import { averageByHand, isNear } from './by-hand.ts';
import { seeds } from './seeds.ts';
import {
  makeCrashScenario,
  makeFailureScenario,
  makeKillScenario,
  makePauseScenario,
  makeScenario,
  type Scenario,
} from './scenario.ts';
import { simulate, simulateScenario } from './simulate.ts';
import type { Tamper } from './sim-coordinator.ts';
import { toyInitial, toyLayout, toyTrain } from './toy-model.ts';
import { flattenParameters, viewParameters } from '#shared/tensor/parameter-set.ts';

/** Thousands in `npm test`, a few hundred in `npm run check`, which says so by ROUNDSCOPE_SEEDS. A thousand take 1 to 2 s. */
const count = Number(process.env['ROUNDSCOPE_SEEDS'] ?? 5000);

function play(seed: number): ReturnType<typeof simulate> {
  try {
    return simulate(seed);
  } catch (error) {
    throw new Error(`play it again: node test/simulation/run.ts --seed ${seed}`, { cause: error });
  }
}

function playScenario(scenario: Scenario, option: string, tamper?: Tamper): ReturnType<typeof simulate> {
  try {
    return simulateScenario(scenario, { tamper });
  } catch (error) {
    throw new Error(`play it again: node test/simulation/run.ts${option} --seed ${scenario.seed}`, { cause: error });
  }
}

/** Everybody's update of every round, averaged by hand. */
function undisturbedModel({ seed, rounds, participants, rule }: Scenario): Float32Array {
  let model = toyInitial(seed);
  for (let round = 1; round <= rounds; round++) {
    const updates = participants.map(({ id, examples }) => {
      return { parameters: flattenParameters(toyTrain(model, id, round)), examples };
    });
    model = viewParameters(toyLayout, averageByHand(flattenParameters(model), updates, rule).model);
  }
  return flattenParameters(model);
}

test('seeds that failed once', () => {
  for (const { seed } of seeds) play(seed);
});

test(`${count} seeded runs under partitions, restarts, freezes and worse`, () => {
  const ends = new Map<string, number>();
  for (let seed = 1; seed <= count; seed++) {
    const { outcome } = play(seed);
    ends.set(outcome.status, (ends.get(outcome.status) ?? 0) + 1);
  }
  // Weather in which nothing completes, or nothing goes wrong, tests nothing.
  assert.ok((ends.get('completed') ?? 0) > count / 2, JSON.stringify([...ends]));
  assert.ok((ends.get('stalled') ?? 0) > 0, JSON.stringify([...ends]));
});

test(`${count / 5} of them once more while the coordinator is killed in the middle of what it does`, () => {
  let crashes = 0;
  for (let seed = 1; seed <= count / 5; seed++) crashes += playScenario(makeCrashScenario(seed), ' --crashes').crashes;
  assert.ok(crashes > count / 10, `${crashes} crashes`);
});

test(`${count / 5} of them in which users pause, some and all at once: no calm run fails by that`, () => {
  const calm = new Map<string, number>();
  for (let seed = 1; seed <= count / 5; seed++) {
    const scenario = makePauseScenario(seed);
    const { outcome } = playScenario(scenario, ' --pauses');
    if (scenario.calm && scenario.crashes.length === 0) calm.set(outcome.status, (calm.get(outcome.status) ?? 0) + 1);
  }
  assert.deepEqual([...calm.keys()], ['completed']);
});

test(`${count / 5} runs in which only processes die: the models are those of a run in which none did`, () => {
  let crashes = 0;
  for (let seed = 1; seed <= count / 5; seed++) {
    const scenario = makeKillScenario(seed);
    const result = playScenario(scenario, ' --kills');
    assert.ok(isNear(result.model, undisturbedModel(scenario)), `seed ${seed}`);
    crashes += result.crashes;
  }
  assert.ok(crashes > count / 10, `${crashes} crashes`);
});

test(`${count / 5} of them in which steps fail: an average that cannot be made ends the run with its reason, an evaluation does not`, () => {
  const reasons = new Map<string, number>();
  for (let seed = 1; seed <= count / 5; seed++) {
    const scenario = makeFailureScenario(seed);
    const { outcome } = playScenario(scenario, ' --failures');
    const kind = outcome.status === 'failed' ? outcome.reason.replace(/\d+/g, 'n') : outcome.status;
    reasons.set(kind, (reasons.get(kind) ?? 0) + 1);
    if (scenario.calm && scenario.failing.aggregations === 0 && scenario.crashes.length === 0)
      assert.equal(outcome.status, 'completed', `seed ${seed}: failed evaluations end no run: ${outcome.reason}`);
  }
  assert.ok((reasons.get('aggregation of round n failed: no memory') ?? 0) > count / 50, JSON.stringify([...reasons]));
});

test(`${count / 5} of them at a door: who is asked about, sent away, comes back, and comes under the name of another`, () => {
  const seen = { waited: 0, letIn: 0, refused: 0, expelled: 0, dropped: 0, returned: 0, turnedAway: 0 };
  const ends = new Map<string, number>();
  for (let seed = 1; seed <= count / 5; seed++) {
    const { door, outcome } = playScenario(makeAdmissionScenario(seed), ' --admission');
    for (const key of ['waited', 'letIn', 'refused', 'expelled', 'dropped', 'returned', 'turnedAway'] as const)
      seen[key] += door[key];
    ends.set(outcome.status, (ends.get(outcome.status) ?? 0) + 1);
  }
  assert.ok((ends.get('completed') ?? 0) > count / 5 / 3, JSON.stringify([...ends]));
  const rare = Object.values(seen).filter((times) => times < Math.floor(count / 1000));
  assert.deepEqual(rare, [], JSON.stringify(seen));
});

test('a rule that is broken on purpose is found, with the seed to play it again', () => {
  const forgets: Tamper = (step) => {
    const members = new Map(step.state.members);
    const [first, second] = [...members.values()].filter(({ contribution }) => contribution !== null);
    if (first === undefined || second === undefined || step.state.phase !== 'training') return step;
    members.set(first.id, { ...first, contribution: null });
    return { ...step, state: { ...step.state, members } };
  };
  const scenarios = Array.from({ length: 50 }, (_, k) => makeScenario(k + 1));
  const scenario = scenarios.find(({ calm, minimumParticipants }) => calm && minimumParticipants > 2);
  assert.ok(scenario);
  assert.throws(
    () => playScenario(scenario, '', forgets),
    (error: Error) => {
      assert.equal(error.message, `play it again: node test/simulation/run.ts --seed ${scenario.seed}`);
      assert.match(String(error.cause), /InvariantError: the update of node-\d in round 1 does not count any more/);
      return true;
    },
  );
});

test('the same seed is the same run', () => {
  for (const seed of [3, 17, 99]) assert.deepEqual(simulate(seed), simulate(seed));
});
