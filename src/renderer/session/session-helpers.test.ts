import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { untilStopped } from '#shared/contract/run/settings.ts';
import { recordedView } from '#test/support/recorded/recorded-view.ts';
import { commandFor, keyName } from './commands.ts';
import type { Command } from './commands.ts';
import { formatPlace, parsePlace, viewIds } from './navigation.ts';
import { median, paceOf, slowestOf, stepsOf, usualSteps } from './run/pace.ts';
import { roundsOnAxis } from './run/planned.ts';
import { readPreferences } from './preferences.ts';
import { openVerdicts, stalledParticipants } from './run/verdicts.ts';

describe('navigation', () => {
  test('any place comes back from its address', () => {
    const place = fc.record({
      view: fc.constantFrom(...viewIds),
      filter: fc.string(),
      packet: fc.option(fc.nat()),
      round: fc.option(fc.nat()),
      participant: fc.option(fc.string({ minLength: 1 })),
    });
    fc.assert(fc.property(place, (one) => assert.deepEqual(parsePlace(formatPlace(one)), { ...one })));
  });

  test('an address of somebody else’s making leads to Rounds, never to an error', () => {
    assert.equal(parsePlace('#/nowhere?packet=-1&round=x').view, 'rounds');
    fc.assert(fc.property(fc.string(), (text) => void parsePlace(text)));
  });
});

describe('commands', () => {
  const press = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
  const command = (id: string, key: string, disabled?: string): Command => ({
    id,
    key,
    group: 'do',
    title: id,
    run: () => undefined,
    ...(disabled === undefined ? {} : { disabled }),
  });

  test('keys have one name, whatever the keyboard makes of them', () => {
    assert.equal(keyName({ ...press, key: 'F' }), 'f');
    assert.equal(keyName({ ...press, key: 'd', shiftKey: true }), 'Shift+D');
    assert.equal(keyName({ ...press, key: '?', shiftKey: true }), '?');
    assert.equal(keyName({ ...press, key: 'k', metaKey: true }), 'Ctrl+k');
    assert.equal(keyName({ ...press, key: 'f', altKey: true }), '');
  });

  test('the one registered last has the key, unless it cannot be done now', () => {
    assert.equal(commandFor('f', [command('a', 'f'), command('b', 'f')])?.id, 'b');
    assert.equal(commandFor('f', [command('a', 'f'), command('b', 'f', 'not now')])?.id, 'a');
  });
});

test('an axis by round ends with the plan, unless that would make a dot of what there is', () => {
  const end = (round: number, roundsPlanned: number): number => roundsOnAxis({ round, roundsPlanned });
  assert.deepEqual([end(3, 10), end(3, 50), end(15, 400), end(140, 400), end(0, untilStopped)], [10, 50, 20, 400, 20]);
  assert.ok(end(99, 1000) > 99, 'there is room for the round that runs');
});

describe('pace', () => {
  test('median of odd, even and no values', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.equal(median([]), null);
  });

  test('the pace of a run comes from the rounds that are done', () => {
    assert.equal(paceOf(recordedView(5).rounds).roundMs, null);
    const { roundMs, updatesMs, aggregatedMs } = paceOf(recordedView(60).rounds);
    assert.ok(roundMs !== null && roundMs > 9_000 && roundMs < 11_500, String(roundMs));
    assert.ok(updatesMs !== null && aggregatedMs !== null && updatesMs < aggregatedMs && aggregatedMs < roundMs);
  });

  test('usual steps are those of a round, in its order', () => {
    const view = recordedView(60);
    const node = view.participants[2];
    assert.ok(node !== undefined);
    const steps = usualSteps(node, view.round);
    assert.deepEqual(
      steps.map((step) => step.phase),
      ['receive', 'train', 'send', 'wait', 'receive', 'evaluate', 'wait'],
    );
    assert.ok((steps[1]?.durationMs ?? 0) > 7_500);
    assert.deepEqual(usualSteps(node, 1), []);
  });

  test('the usual steps are those of most rounds: one in which the link was down says nothing of the next', () => {
    const [node] = recordedView(64).participants;
    assert.ok(node !== undefined);
    const rounds = [1, 2, 3, 4].flatMap((round) =>
      (round < 4
        ? [['train', 2000]]
        : [
            ['train', 2000],
            ['send', 75_000],
            ['train', 72_000],
          ]
      ).map(([phase, ms], i) => ({
        ...(node.segments[0] as (typeof node.segments)[number]),
        round,
        phase: phase as 'train' | 'send',
        startedAt: 100_000 * round + 10_000 * i,
        endedAt: 100_000 * round + 10_000 * i + Number(ms),
      })),
    );
    assert.deepEqual(usualSteps({ ...node, segments: rounds }, 5), [{ phase: 'train', durationMs: 2000 }]);
  });

  test('the slowest is the one with most training left, and epochs count from one', () => {
    const at = 64;
    const view = recordedView(at);
    assert.equal(slowestOf(view, view.startedAt + at * 1000)?.participant.id, 'node-3');
    const progress = {
      participant: view.participants[0]?.id as never,
      round: 1,
      epoch: 2,
      epochs: 2,
      batch: 5,
      batches: 45,
      loss: 1,
      at: 0,
    };
    assert.deepEqual(stepsOf(progress), { done: 50, total: 90 });
  });
});

test('verdicts name whole participants: node-1 is not node-10', () => {
  const view = recordedView(55, { participants: 12, stallInRound: 4 });
  assert.equal(openVerdicts(view).length, 1);
  assert.deepEqual([...stalledParticipants(view)], ['node-11']);
});

test('preferences survive anything that stands in storage', () => {
  assert.deepEqual(readPreferences('{"theme":"projector","letterKeys":false,"selection":"rules"}'), {
    theme: 'projector',
    letterKeys: false,
    selection: 'rules',
  });
  for (const text of [null, '', '{', 'null', '7', '{"theme":"pink","letterKeys":1,"selection":"luck"}']) {
    assert.deepEqual(readPreferences(text), { theme: 'system', letterKeys: true, selection: null });
  }
});
