import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { keyWords } from '../../base/text/key-words.ts';
import { seatPlan } from '#test/support/kits/seat-answers.ts';
import { approvalRulesSchema, approvalSchema, approvedText, judgePlan, modelText, type AskedPlan } from './approval.ts';

const asked: AskedPlan = {
  hash: 'ab'.repeat(32),
  model: '3e71b05c'.repeat(8),
  coordinator: 'a90c47e1'.repeat(8),
  epochs: 2,
  rounds: 20,
  updateBytes: 1000,
};

function byRules(rules: Readonly<Record<string, unknown>>): string {
  const { approved, reason } = judgePlan({ by: 'rules', rules: approvalRulesSchema.parse(rules) }, asked);
  assert.equal(approved, reason === '');
  return reason;
}

describe('a plan', () => {
  test('that somebody has read is approved, and no other', () => {
    const person = (plan: string) => judgePlan(approvalSchema.parse({ by: 'person', plan }), asked);
    assert.deepEqual(person(asked.hash), { approved: true, by: 'its user', reason: '' });
    assert.equal(person('cd'.repeat(32)).approved, false);
    assert.equal(judgePlan({ by: 'refusal' }, asked).approved, false);
  });

  test('is judged by each rule that is there, and says which it breaks', () => {
    const key = keyWords(asked.coordinator);
    const good = { maxEpochs: 2, maxRounds: 20, maxBytes: 1000, models: ['3e71b05c'], coordinators: [key] };
    assert.equal(byRules(good), '');
    assert.equal(byRules({}), '');
    assert.match(byRules({ ...good, maxEpochs: 1 }), /2 epochs a round, and at most 1/);
    assert.match(byRules({ ...good, maxRounds: 19 }), /20 rounds, and at most 19/);
    assert.match(byRules({ ...good, maxBytes: 999 }), /1000 bytes, and at most 999/);
    assert.match(byRules({ ...good, models: ['00000000'] }), /its model 3e71b05c3e71 is none/);
    assert.match(byRules({ ...good, coordinators: ['f'.repeat(16)] }), /coordinator is none/);
    assert.match(byRules({ ...good, models: [] }), /is none/);
  });

  test('is not judged by rules that nobody knows, or that cannot be meant', () => {
    for (const bad of [{ maxEpoch: 1 }, { maxEpochs: 0 }, { models: ['zz'] }, { coordinators: ['abc'] }, []])
      assert.equal(approvalRulesSchema.safeParse(bad).success, false, JSON.stringify(bad));
  });

  test('is another one when anything changes that is done here, and the same wherever the run stands', () => {
    const text = approvedText(seatPlan);
    const stands = {
      round: 7,
      phase: 'training',
      registered: 3,
      nameTaken: true,
      software: '9',
      admits: 'list',
    } as const;
    assert.equal(approvedText({ ...seatPlan, ...stands, baselineAccuracy: 0, minimumParticipants: 1 }), text);
    const later = { ...seatPlan, somethingNew: 1 };
    for (const other of [
      { ...seatPlan, localEpochs: 3 },
      { ...seatPlan, rounds: 21 },
      { ...seatPlan, learningRate: 0.02 },
      { ...seatPlan, classes: seatPlan.classes.toReversed() },
      { ...seatPlan, normClip: null },
      { ...seatPlan, model: { ...seatPlan.model, numClasses: 8 } },
      later,
    ])
      assert.notEqual(approvedText(other), text);
    const turned = Object.fromEntries(Object.entries(seatPlan).toReversed()) as unknown as typeof seatPlan;
    assert.equal(approvedText(turned), text, 'in whatever order it is written');
    assert.notEqual(modelText({ model: { ...seatPlan.model, numClasses: 8 } }), modelText(seatPlan));
  });
});
