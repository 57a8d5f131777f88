import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EventData, EventType, RecordedEvent } from '#shared/contract/events.ts';
import { weightRuleDefault } from '#shared/contract/run/weight-rule.ts';
import { Diagnosis } from '#engine/diagnosis/diagnosis.ts';
import { flattenParameters, viewParameters, type ParameterSet } from '#shared/tensor/parameter-set.ts';
import { seededRandom } from '#shared/base/random.ts';
import { makeScenario, type ParticipantPlan, type Scenario } from './scenario.ts';
import { simulateScenario, type SimulationResult } from './simulate.ts';
import { toyInitial, toyLayout } from './toy-model.ts';

/** Where honest training leads: each round a third of the way, and a little aside. */
const target = Float32Array.of(1, -1, 2, -2, 0.5, -0.5, 1.5, 0);
const honest: readonly string[] = ['node-1', 'node-2', 'node-3', 'node-4'];
const attacker = 'node-5';
const rounds = 6;

function towards(base: ParameterSet, who: string, round: number): ParameterSet {
  const random = seededRandom(`${who}/${round}`);
  const moved = flattenParameters(base).map((value, i) => value + (target[i]! - value) / 3 + random.normal() * 0.01);
  return viewParameters(toyLayout, moved);
}

/** What an insider makes of its base: this many times the honest step, or the same value everywhere. */
function stepTimes(times: number): Insider['train'] {
  return (base, round) => {
    const from = flattenParameters(base);
    const to = flattenParameters(towards(base, attacker, round));
    return viewParameters(
      toyLayout,
      from.map((value, i) => value + times * (to[i]! - value)),
    );
  };
}
const everywhere =
  (value: number): Insider['train'] =>
  () =>
    viewParameters(toyLayout, new Float32Array(8).fill(value));

type Insider = Pick<ParticipantPlan, 'train' | 'claims' | 'checks'> & { readonly examples?: number };

function scenario(insider: Insider, rule: Scenario['rule'], others: readonly string[]): Scenario {
  const plan = (id: string, more: Insider): ParticipantPlan => ({
    id,
    joinsAtMs: 0,
    examples: 100,
    heldOut: 50,
    trainMsMean: 500,
    wallOffsetMs: 0,
    wallRate: 1,
    troubles: [],
    connectionPerMessage: false,
    train: (base, round) => towards(base, id, round),
    ...more,
  });
  return {
    ...makeScenario(1),
    random: seededRandom('insider'),
    rounds,
    minimumParticipants: others.length + 1,
    quorum: 0.6,
    deadlineMs: 20_000,
    participants: [...others.map((id) => plan(id, {})), plan(attacker, insider)],
    rule,
    delayMsMax: 2,
    duplicateShare: 0,
    healsAtMs: 1_000,
    stopsAtMs: null,
    calm: true,
  };
}

interface Played extends SimulationResult {
  /** Rule and subject of each verdict. */
  readonly named: readonly string[];
  readonly distance: number;
}

function play(insider: Insider, rule: Scenario['rule'] = weightRuleDefault, others = honest): Played {
  const named = new Set<string>();
  const diagnosis = new Diagnosis({
    raised: (verdict) => void named.add(`${verdict.rule} ${verdict.subject}`),
    cleared: () => undefined,
  });
  let id = 0;
  const result = simulateScenario(scenario(insider, rule, others), {
    onEvent: <T extends EventType>(type: T, data: EventData<T>, nowMs: number) => {
      const event = { id: ++id, run: 'x', source: 'coordinator', at: 1.7e12 + nowMs, type, data };
      diagnosis.event(event as unknown as RecordedEvent);
      diagnosis.check(1.7e12 + nowMs);
    },
  });
  const distance = Math.hypot(...result.model.map((value, i) => value - target[i]!));
  return { ...result, named: [...named], distance };
}

/** How far an undisturbed run comes, and how far off it began. */
const calm = play({});
const began = Math.hypot(...flattenParameters(toyInitial(1)).map((value, i) => value - target[i]!));

test('the honest run comes near its aim, and nobody is named', () => {
  assert.deepEqual(calm.named, []);
  assert.ok(calm.distance < began / 5, `${calm.distance} of ${began}`);
});

describe('an insider is named, and the run of the others comes to a sensible model', () => {
  const cases: readonly (readonly [string, Insider, string, number])[] = [
    ['2^53-1 examples', { claims: Number.MAX_SAFE_INTEGER }, 'claims-more', 1.5],
    [
      '2^53-1 examples of an opposite step',
      { claims: Number.MAX_SAFE_INTEGER, train: stepTimes(-1) },
      'claims-more',
      8,
    ],
    ['3.4e38 everywhere', { train: everywhere(3.4e38) }, 'update-refused', 1.5],
    ['NaN', { train: everywhere(Number.NaN) }, 'update-refused', 1.5],
    ['the opposite sign', { train: stepTimes(-1) }, 'update-opposes', 8],
    ['ten times the norm', { train: stepTimes(10) }, 'update-too-long', 3],
    ['-77 everywhere', { train: everywhere(-77) }, 'update-too-long', 12],
    [
      'an evaluation of 2^53-1 examples',
      { checks: { accuracy: 0, loss: 9, examples: Number.MAX_SAFE_INTEGER } },
      'claims-more',
      1.5,
    ],
    ['an evaluation that nobody shares', { checks: { accuracy: 0, loss: 9, examples: 50 } }, 'evaluation-outlier', 1.5],
  ];
  for (const [what, insider, rule, times] of cases)
    test(what, () => {
      const { outcome, named, distance, model } = play(insider);
      assert.equal(outcome.status, 'completed', outcome.reason);
      assert.ok(named.includes(`${rule} ${attacker}`), named.join(', '));
      assert.deepEqual(
        named.filter((verdict) => !verdict.endsWith(attacker)),
        [],
        'nobody else is',
      );
      assert.ok(model.every(Number.isFinite));
      assert.ok(
        distance < times * Math.max(calm.distance, began / 12),
        `${distance}, undisturbed ${calm.distance} of ${began}`,
      );
      // Four of five say 75 %.
      assert.ok(
        (outcome.accuracy ?? 0) >= 0.6 - 1e-9 && (outcome.accuracy ?? 0) <= 0.75 + 1e-9,
        String(outcome.accuracy),
      );
    });
});

test('without the limits one participant has the model: what the checks above are for', () => {
  const { distance } = play({ train: everywhere(-77) }, { weightCap: null, normClip: null });
  assert.ok(distance > 10 * began, String(distance));
});

describe('one among three', () => {
  const two = honest.slice(0, 2);
  const among = (insider: Insider, rule?: Scenario['rule']): Played => play(insider, rule, two);
  const rich = { examples: 1e7, claims: Number.MAX_SAFE_INTEGER };
  const quiet = among({});

  test('who registers ten million examples and steps the opposite way takes the model nowhere', () => {
    const { outcome, distance, named } = among({ ...rich, train: stepTimes(-1) });
    assert.equal(outcome.status, 'completed', outcome.reason);
    assert.ok(named.includes(`claims-more ${attacker}`), named.join(', '));
    assert.ok(distance <= began * 1.05, `${distance}, ${began} off when it began`);
  });

  test('who steps three times as far the opposite way, which no clip notices, turns no round around', () => {
    const { outcome, distance } = among({ train: stepTimes(-3) });
    assert.equal(outcome.status, 'completed', outcome.reason);
    assert.ok(distance <= began * 1.05, `${distance}, ${began} off when it began`);
  });

  test('without the limits it has the model', () => {
    const { distance } = among({ ...rich, train: stepTimes(-1) }, { weightCap: null, normClip: null });
    assert.ok(distance > 2 * began, String(distance));
  });

  test('an honest run with equal data has the same model, to the last bit, as one without limits', () => {
    assert.deepEqual(quiet.named, []);
    assert.deepEqual(quiet.model, among({}, { weightCap: null, normClip: null }).model);
  });
});
