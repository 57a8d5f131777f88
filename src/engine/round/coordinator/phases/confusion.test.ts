import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CoordinatorKit, started, three } from '#test/support/kits/coordinator-kit.ts';

/** The model is made, and everybody is asked to evaluate it. */
function asked(): CoordinatorKit {
  const kit = started();
  for (const name of three) kit.update(name);
  kit.aggregated();
  return kit;
}

const classes = asked().state.config.model.numClasses;

/** Everything of the first class is right but `wrong` examples, which were called the second. */
function matrix(right: number, wrong: number): number[] {
  return Array.from({ length: classes ** 2 }, (_, i) => (i === 0 ? right : i === 1 ? wrong : 0));
}

function says(kit: CoordinatorKit, name: string, confusion?: number[]): void {
  const body = { loss: 1, accuracy: 0.5, examples: 10, ...(confusion === undefined ? {} : { confusion }) };
  kit.say(name, 'evaluation_result', body, { round: kit.state.round });
}

describe('the matrices of a round', () => {
  test('are summed with the weights of its accuracy, and told to everybody and the journal', () => {
    const kit = asked();
    says(kit, 'node-1', matrix(8, 2));
    says(kit, 'node-2', matrix(500, 500));
    says(kit, 'node-3', matrix(10, 0));
    const whole = { cells: matrix(23, 7), from: 3, of: 3 };
    assert.deepEqual(kit.events('round_ended')[0]?.confusion, whole);
    for (const name of three) assert.deepEqual(kit.sent('round_summary', name)[0]?.body.confusion, whole);
    assert.deepEqual(
      kit.events('evaluation_received').map(({ confusion }) => confusion),
      [matrix(8, 2), matrix(500, 500), matrix(10, 0)],
    );
    const closed = kit.journaled.find((one) => one.kind === 'closed');
    assert.deepEqual(closed?.kind === 'closed' && closed.summary.confusion, whole);
  });

  test('of whom none came from is said, and nothing is where none did', () => {
    const kit = asked();
    says(kit, 'node-1', matrix(8, 2));
    says(kit, 'node-2');
    says(kit, 'node-3');
    assert.deepEqual(kit.events('round_ended')[0]?.confusion, { cells: matrix(8, 2), from: 1, of: 3 });
    const without = asked();
    for (const name of three) says(without, name);
    assert.equal(without.events('round_ended')[0]?.confusion, undefined);
  });

  test('that are none of this run are left out and named; the rest of the result counts', () => {
    const kit = asked();
    says(kit, 'node-1', [1, 2, 3]);
    says(kit, 'node-2', matrix(0, 0));
    says(kit, 'node-3', matrix(4, 6));
    const [first, second] = kit.events('notice').map(({ text, participant }) => `${participant}: ${text}`);
    assert.match(first ?? '', /^node-1: its confusion matrix has 3 cells, where \d+ classes have \d+: it is left out$/);
    assert.match(second ?? '', /^node-2: .*empty/);
    assert.deepEqual(kit.events('round_ended')[0]?.confusion, { cells: matrix(4, 6), from: 1, of: 3 });
    assert.equal(kit.events('round_ended')[0]?.accuracy, 0.5);
  });
});
