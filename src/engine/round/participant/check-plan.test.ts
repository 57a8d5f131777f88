import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { RunPlanBody } from '#shared/contract/messages.ts';
import { runPlan } from '#test/support/kits/run-plan.ts';
import { checkPlan } from './check-plan.ts';

/** 3 * 2 + 2 parameters. */
const layout = [
  { name: 'weight', shape: [3, 2] },
  { name: 'bias', shape: [2] },
];

/** What is wrong with a plan of this model; null: nothing. */
function faultOf(about: Partial<RunPlanBody>, numClasses = 2): string | null {
  const plan = runPlan({ parameters: 8, ...about });
  try {
    checkPlan({ ...plan, model: { ...plan.model, numClasses } }, layout);
    return null;
  } catch (error) {
    assert.ok(error instanceof RoundscopeError);
    assert.deepEqual([error.code, error.layer], ['model_invalid', 'round']);
    const [, fault] =
      /^The plan of this run does not agree with itself: (.*)\. Ask whoever coordinates it\.$/.exec(error.message) ??
      [];
    return fault ?? `other words: ${error.message}`;
  }
}

describe('a plan that is to agree with itself', () => {
  test('does, with a name for each output, each once, and as many parameters as its model has', () => {
    assert.equal(faultOf({}), null);
    assert.equal(faultOf({ classes: ['a', 'b', 'c'] }, 3), null);
  });

  test('has one class for each output: neither fewer nor more', () => {
    assert.equal(faultOf({ classes: ['a'] }), 'it names 1 classes, and its model tells 2 apart');
    assert.equal(faultOf({ classes: ['a', 'b', 'c'] }), 'it names 3 classes, and its model tells 2 apart');
  });

  test('names each class once: those that come again are named, wherever they stand', () => {
    assert.equal(faultOf({ classes: ['a', 'a'] }), 'it names a class twice: a');
    assert.equal(faultOf({ classes: ['a', 'b', 'c', 'a', 'b'] }, 5), 'it names a class twice: a, b');
    assert.equal(faultOf({ classes: ['a', 'A'] }), null, 'names that differ in case are two');
  });

  test('counts its parameters as its model does', () => {
    assert.equal(faultOf({ parameters: 7 }), 'it says 7 parameters, and its model has 8');
    assert.equal(faultOf({ parameters: 9 }), 'it says 9 parameters, and its model has 8');
  });

  test('of several faults the first one is said', () => {
    assert.equal(
      faultOf({ classes: ['a', 'a', 'a'], parameters: 1 }),
      'it names 3 classes, and its model tells 2 apart',
    );
    assert.equal(faultOf({ classes: ['a', 'a'], parameters: 1 }), 'it names a class twice: a');
  });
});
