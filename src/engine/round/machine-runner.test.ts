import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { InvariantError, violated } from '#shared/base/invariant.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';
import { MachineRunner } from './machine-runner.ts';

type Effect = 'work' | 'tell' | 'end';

/** A machine that counts what it is told and ends at "stop"; what goes wrong is chosen by its input. */
function counting(perform: (effect: Effect) => void): {
  readonly runner: MachineRunner<number, string, Effect>;
  readonly faults: string[];
} {
  const faults: string[] = [];
  const runner = new MachineRunner<number, string, Effect>({
    clock: new VirtualClock(),
    start: () => ({ state: 0, effects: [], wakeAtMs: Infinity }),
    advance: (state, input) => {
      if (input === 'throw') throw new TypeError('undefined is no number');
      return { state: input === 'skip' ? state + 2 : state + 1, effects: ['work', 'tell'], wakeAtMs: Infinity };
    },
    check: (before, { state }) => {
      if (before !== null && state > before + 1) violated(`${state} follows ${before}`);
    },
    fail: (state, error) => {
      faults.push(`${state}: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
      return { state, effects: ['end'], wakeAtMs: Infinity };
    },
    perform,
    tick: 'tick',
  });
  runner.start();
  return { runner, faults };
}

describe('a step that cannot be', () => {
  const cases: Record<string, { readonly input: string; readonly fault: string }> = {
    'breaks a rule': { input: 'skip', fault: '1: InvariantError: 3 follows 1' },
    throws: { input: 'throw', fault: '1: TypeError: undefined is no number' },
  };
  for (const [what, { input, fault }] of Object.entries(cases)) {
    test(`that ${what} has no effect, and the run ends from the state before it`, () => {
      const done: Effect[] = [];
      const { runner, faults } = counting((effect) => done.push(effect));
      runner.feed('one');
      runner.feed(input);
      assert.deepEqual(faults, [fault]);
      assert.deepEqual([runner.state, done], [1, ['work', 'tell', 'end']]);
    });
  }

  test('an effect that cannot be done ends the run; those after it are not done', () => {
    const done: Effect[] = [];
    const { runner, faults } = counting((effect) => {
      if (effect === 'work') throw new Error('no room');
      done.push(effect);
    });
    runner.feed('one');
    assert.deepEqual([faults, done], [['1: Error: no room'], ['end']]);
  });

  test('what fails later, in work that a step began, ends it as well', () => {
    const done: Effect[] = [];
    const { runner, faults } = counting((effect) => done.push(effect));
    runner.feed('one');
    runner.failed(new InvariantError('gone'));
    assert.deepEqual([faults, done.at(-1)], [['1: InvariantError: gone'], 'end']);
    assert.throws(() => runner.failed(new Error('once more')), /once more/, 'a run ends once');
  });
});

describe('a process that stands still', () => {
  test('tells its machine before anything else that waits, and not twice; a slow step is no standstill', async () => {
    const clock = new VirtualClock();
    const told: string[] = [];
    const runner = new MachineRunner<number, string, never>({
      clock,
      start: () => ({ state: 0, effects: [], wakeAtMs: 10_000 }),
      advance: (state, input) => {
        told.push(input);
        return { state: state + 1, effects: [], wakeAtMs: clock.monotonicMs() + 10_000 };
      },
      check: () => undefined,
      fail: (state) => ({ state, effects: [], wakeAtMs: Infinity }),
      perform: () => undefined,
      tick: 'tick',
      eventLoopStall: (ms) => `stood still for ${ms}`,
    });
    runner.start();
    await clock.advance(4000);
    clock.sleepThrough(2000);
    await clock.advance(1);
    assert.deepEqual(told, []);
    clock.sleepThrough(30_000);
    runner.feed('message');
    await clock.advance(1000);
    assert.deepEqual(told, ['stood still for 30001', 'message']);
    runner[Symbol.dispose]();
    assert.equal(clock.pendingTimers, 0);
  });
});
