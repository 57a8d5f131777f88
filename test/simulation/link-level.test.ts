import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { EventData } from '#shared/contract/events.ts';
import { flattenParameters, type ParameterSet } from '#shared/tensor/parameter-set.ts';
import { averageByHand, isNear } from './by-hand.ts';
import { runOverLinks, toySettings } from './link-level.ts';
import { toyInitial, toyTrain } from './toy-model.ts';

/** The average under the rule of the run, once more by hand: every participant has 100 examples. */
function checkModel(found: ParameterSet, seed: number, participants: number, rounds: number): void {
  let model = toyInitial(seed);
  let allPlain = true;
  for (let round = 1; round <= rounds; round++) {
    const updates = Array.from({ length: participants }, (_, k) => ({
      parameters: flattenParameters(toyTrain(model, `node-${k + 1}`, round)),
      examples: 100,
    }));
    const { model: mean, plain } = averageByHand(flattenParameters(model), updates, toySettings);
    allPlain &&= plain;
    let offset = 0;
    model = model.map((tensor) => ({ ...tensor, data: mean.subarray(offset, (offset += tensor.data.length)) }));
  }
  const [is, expected] = [flattenParameters(found), flattenParameters(model)];
  if (allPlain) assert.deepEqual(is, expected, `seed ${seed}`);
  else assert.ok(isNear(is, expected), `seed ${seed}: ${is.join(', ')}; expected ${expected.join(', ')}`);
}

describe('drivers over real links', () => {
  test('a calm run completes, and everybody hears it', async () => {
    const { coordinator, participants, pendingTimers, openSessions } = await runOverLinks({ seed: 1, participants: 4 });
    assert.equal(coordinator.status, 'completed', coordinator.reason);
    assert.equal(coordinator.roundsCompleted, 3);
    assert.equal(coordinator.accuracy, 0.75);
    assert.deepEqual(
      [...participants.values()].map(({ status, roundsCompleted }) => [status, roundsCompleted]),
      Array(4).fill(['completed', 3]),
    );
    checkModel(coordinator.parameters, 1, 4, 3);
    assert.equal(coordinator.statusDropped, 0);
    assert.deepEqual({ pendingTimers, openSessions }, { pendingTimers: 0, openSessions: 0 });
  });

  const count = Math.max(10, Math.min(60, Number(process.env['ROUNDSCOPE_SEEDS'] ?? 5000) / 50));
  test(`sessions that break under their frames change nothing but the time: ${count} seeds`, async () => {
    for (let seed = 1; seed <= count; seed++) {
      const { coordinator } = await runOverLinks({ seed, participants: 3, breaks: 0.03, delayMsMax: 200 });
      assert.equal(coordinator.status, 'completed', `seed ${seed}: ${coordinator.reason}`);
      checkModel(coordinator.parameters, seed, 3, 3);
    }
  });

  test('wall clocks that go back an hour and forward a day, and a machine that sleeps, change nothing', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const clocks = [
        { atMs: 300 + 37 * seed, wallMs: -3_600_000 },
        { atMs: 700 + 41 * seed, wallMs: 86_400_000 },
        // Less than the deadline of a phase, much more than any silence that is borne.
        { atMs: 500 + 53 * seed, sleepMs: 30_000 },
      ];
      const ended: number[] = [];
      const { coordinator } = await runOverLinks({
        seed,
        participants: 3,
        clocks,
        reporter: (type, data) => {
          if (type === 'update_received' && (data as EventData<'update_received'>).counted)
            ended.push((data as EventData<'update_received'>).round);
        },
      });
      assert.equal(coordinator.status, 'completed', `seed ${seed}: ${coordinator.reason}`);
      assert.deepEqual(ended, [1, 1, 1, 2, 2, 2, 3, 3, 3], 'each once');
      checkModel(coordinator.parameters, seed, 3, 3);
    }
  });

  test('a disk that fills up is told once, and the run goes on', async () => {
    const notices: EventData<'notice'>[] = [];
    let [records, givenUp] = [0, 0];
    const full = (): Promise<void> =>
      Promise.reject(new RoundscopeError('disk_full', { layer: 'application', message: 'no room' }));
    const { coordinator } = await runOverLinks({
      seed: 5,
      participants: 3,
      reporter: (type, data) => {
        if (type === 'notice') notices.push(data as EventData<'notice'>);
      },
      store: {
        journal: () => void records++,
        keepModel: full,
        keepUpdate: () => Promise.resolve(),
        forgetUpdate: () => Promise.resolve(),
        giveUp: () => void givenUp++,
      },
    });
    assert.equal(coordinator.status, 'completed', coordinator.reason);
    checkModel(coordinator.parameters, 5, 3, 3);
    assert.equal(givenUp, 1);
    assert.equal(records, 3 + 1 + 3, 'three participants, a round, three updates, and nothing after the first model');
    const errors = notices.filter(({ level }) => level === 'error');
    assert.deepEqual(
      errors.map(({ error }) => error?.code),
      ['disk_full'],
    );
    assert.match(errors[0]?.text ?? '', /would not survive a restart/);
  });

  test('connection per message stalls the run, and round_status names who hears nothing', async () => {
    const statuses: EventData<'round_status'>[] = [];
    const { coordinator } = await runOverLinks({
      seed: 1,
      participants: 3,
      bugged: ['node-1', 'node-2', 'node-3'],
      settings: { trainingDeadlineMs: 20_000 },
      reporter: (type, data) => {
        if (type === 'round_status') statuses.push(data as EventData<'round_status'>);
      },
    });
    assert.equal(coordinator.status, 'stalled');
    const last = statuses.findLast(({ waitingFor }) => waitingFor.length > 0);
    assert.deepEqual(last?.waitingFor, ['node-1', 'node-2', 'node-3']);
    assert.equal(last.why.length, 3);
    for (const { reason } of last.why) assert.match(reason, /link lost \d+ s ago: .+/);
    assert.match(coordinator.reason, /node-1.*node-2.*node-3/);
  });

  test('one participant with the bug does not stop the others when a quorum is there', async () => {
    const { coordinator } = await runOverLinks({
      seed: 2,
      participants: 4,
      bugged: ['node-3'],
      settings: { quorum: 0.5, trainingDeadlineMs: 10_000 },
    });
    assert.equal(coordinator.status, 'completed', coordinator.reason);
  });

  test('a participant that leaves does not stop the others', async () => {
    const { coordinator, participants } = await runOverLinks({ seed: 3, participants: 3, leaves: { 'node-2': 700 } });
    assert.equal(coordinator.status, 'completed', coordinator.reason);
    assert.equal(participants.get('node-2')?.status, 'interrupted');
  });

  test('a stop is told to everybody', async () => {
    const { coordinator, participants } = await runOverLinks({ seed: 4, participants: 3, stopAfterMs: 900 });
    assert.deepEqual([coordinator.status, coordinator.reason], ['interrupted', 'stopped by hand']);
    for (const outcome of participants.values())
      assert.deepEqual([outcome.status, outcome.reason], ['interrupted', 'stopped by hand']);
  });
});
