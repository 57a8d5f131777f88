import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { VirtualClock } from '#test/support/virtual-clock.ts';
import { TurnBudget } from './turn-budget.ts';

function budget({ perTurn = 2, waitingMax = 5 } = {}): { readonly clock: VirtualClock; readonly turns: TurnBudget } {
  const clock = new VirtualClock();
  return { clock, turns: new TurnBudget({ clock, perTurn, waitingMax }) };
}

describe('work that others cause', () => {
  test('is done at once while there is room, and no more of it in one turn than that', async () => {
    const { clock, turns } = budget();
    const done: number[] = [];
    const perTurn: number[] = [];
    for (let number = 0; number < 7; number++) assert.ok(turns.do(() => void done.push(number)));
    perTurn.push(done.length);
    while (clock.pendingTimers > 0) {
      const before = done.length;
      await clock.advance(1);
      perTurn.push(done.length - before);
    }
    assert.deepEqual(done, [0, 1, 2, 3, 4, 5, 6], 'in order');
    assert.equal(Math.max(...perTurn), 2);
  });

  test('is refused when too much waits, and has room again later', async () => {
    const { clock, turns } = budget();
    let done = 0;
    const taken = Array.from({ length: 20 }, () => turns.do(() => void done++)).filter(Boolean).length;
    assert.equal(taken, 7);
    while (clock.pendingTimers > 0) await clock.advance(1);
    assert.equal(done, 7);
    assert.ok(turns.do(() => void done++));
    assert.equal(done, 8);
  });

  test('what it causes itself comes behind what waits', async () => {
    const { clock, turns } = budget({ perTurn: 1 });
    const done: string[] = [];
    turns.do(() => void done.push('first'));
    turns.do(() => {
      done.push('second');
      turns.do(() => void done.push('caused by the second'));
    });
    turns.do(() => void done.push('third'));
    while (clock.pendingTimers > 0) await clock.advance(1);
    assert.deepEqual(done, ['first', 'second', 'third', 'caused by the second']);
  });

  test('is not done any more once nobody wants it', async () => {
    const { clock, turns } = budget({ perTurn: 1 });
    let done = 0;
    for (let i = 0; i < 3; i++) turns.do(() => void done++);
    turns[Symbol.dispose]();
    assert.equal(clock.pendingTimers, 0);
    await clock.advance(10);
    assert.equal(done, 1);
    assert.equal(
      turns.do(() => void done++),
      false,
    );
  });
});
