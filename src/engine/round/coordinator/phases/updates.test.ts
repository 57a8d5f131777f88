import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CoordinatorKit, hashOf, started, trained } from '#test/support/kits/coordinator-kit.ts';
import type { UpdateFinding } from '../state.ts';

describe('updates', () => {
  test('all in: aggregated in order of id, whoever came first', () => {
    const kit = started();
    for (const name of ['node-3', 'node-1', 'node-2']) kit.update(name, { examples: Number(name.at(-1)) });
    const [effect] = kit.effect('aggregate');
    assert.deepEqual(
      effect?.contributions.map(({ participant, examples }) => [participant, examples]),
      [
        ['node-1', 1],
        ['node-2', 2],
        ['node-3', 3],
      ],
    );
    assert.equal(kit.state.phase, 'aggregating');
    assert.deepEqual(
      kit.sent('update_ack').map(({ body }) => [body.accepted, body.order]),
      [
        [true, 1],
        [true, 2],
        [true, 3],
      ],
    );
  });

  test('each is told its place, again when it asks again, and all are told the examples behind the new model', () => {
    const kit = started();
    for (const name of ['node-3', 'node-1', 'node-3', 'node-2']) kit.update(name, { examples: Number(name.at(-1)) });
    const orders = ['node-3', 'node-1', 'node-2'].map((name) =>
      kit.sent('update_ack', name).map(({ body }) => body.order),
    );
    assert.deepEqual(orders, [[1, 1], [2], [3]]);
    kit.aggregated();
    for (const name of ['node-1', 'node-2', 'node-3']) kit.evaluate(name);
    assert.equal(kit.sent('round_summary', 'node-1')[0]?.body.examples, 6);
    assert.equal(kit.events('round_ended')[0]?.examples, 6);
  });

  test('one that a link does not take is not waited for, and why is told; the others count', () => {
    const kit = started();
    const link = [...kit.state.links.values()].find(({ participant }) => participant === 'node-2')?.link ?? 0;
    const what = {
      link,
      code: 'payload_too_large',
      reason: 'model_update of 9 bytes; a model of this run has 8',
    } as const;
    kit.update('node-1');
    kit.feed({ kind: 'unreadable_update', round: 7, ...what });
    assert.equal(kit.state.members.get('node-2' as never)?.failure, null, 'of another round');
    kit.feed({ kind: 'unreadable_update', round: 1, ...what });
    assert.deepEqual(
      kit.events('notice').map(({ participant, text }) => [participant, text]),
      [['node-2', 'node-2: its update cannot be taken: model_update of 9 bytes; a model of this run has 8']],
    );
    kit.update('node-3');
    assert.deepEqual(
      kit.effect('aggregate')[0]?.contributions.map(({ participant }) => participant),
      ['node-1', 'node-3'],
    );
  });

  test('one that comes after another has counted takes nothing back', () => {
    const kit = started();
    const link = [...kit.state.links.values()].find(({ participant }) => participant === 'node-2')?.link ?? 0;
    kit.update('node-2');
    kit.feed({ kind: 'unreadable_update', link, round: 1, code: 'payload_too_large', reason: 'too long' });
    assert.equal(kit.state.members.get('node-2' as never)?.failure, null);
    kit.feed({ kind: 'unreadable_update', link: 999, round: 1, code: 'payload_too_large', reason: 'of nobody' });
  });

  const refused: Record<
    string,
    { readonly send: (kit: CoordinatorKit) => void; readonly code: string; readonly waits: boolean }
  > = {
    'not finite': {
      send: (kit) =>
        kit.update('node-1', { finding: { ok: false, code: 'update_not_finite', reason: 'element 3 is NaN' } }),
      code: 'update_not_finite',
      waits: false,
    },
    'of the wrong shape': {
      send: (kit) =>
        kit.update('node-1', { finding: { ok: false, code: 'update_wrong_shape', reason: 'tensor w is missing' } }),
      code: 'update_wrong_shape',
      waits: false,
    },
    'of another round': { send: (kit) => kit.update('node-1', { round: 7 }), code: 'round_mismatch', waits: true },
    'from another base': {
      send: (kit) => kit.update('node-1', { base: hashOf('other') }),
      code: 'round_mismatch',
      waits: true,
    },
  };
  for (const [what, { send, code, waits }] of Object.entries(refused)) {
    test(`an update ${what} is refused with ${code} and its reason; it ${waits ? 'is still' : 'is no longer'} waited for`, () => {
      const kit = started().clear();
      send(kit);
      const [ack] = kit.sent('update_ack', 'node-1');
      assert.deepEqual([ack?.body.accepted, ack?.body.code], [false, code]);
      assert.ok((ack?.body.reason ?? '').length > 0);
      assert.deepEqual(
        kit.events('update_received').map(({ counted, reason }) => [counted, reason === ack?.body.reason]),
        [[false, true]],
      );
      trained(kit, ['node-2', 'node-3']);
      assert.equal(kit.state.phase, waits ? 'training' : 'aggregating');
      if (waits) return;
      kit.clear().aggregated();
      assert.equal(kit.sent('start_evaluation', 'node-1').length, 1, 'it stays in the run');
    });
  }

  test('the same update counts once and is acknowledged each time; another one is refused', () => {
    const kit = started().clear();
    kit.update('node-1');
    kit.update('node-1');
    kit.update('node-1', { hash: hashOf('second thoughts') });
    assert.deepEqual(
      kit.sent('update_ack').map(({ body }) => [body.accepted, body.code ?? '']),
      [
        [true, ''],
        [true, ''],
        [false, 'update_duplicate'],
      ],
    );
    assert.deepEqual(
      kit.events('update_received').map(({ counted }) => counted),
      [true, false, false],
    );
  });

  test('an update that comes when training is over is refused', () => {
    const kit = started();
    kit.update('node-1');
    kit.update('node-2');
    kit.pass(20_000);
    assert.equal(kit.state.phase, 'aggregating');
    kit.clear().update('node-3');
    assert.deepEqual(
      kit.sent('update_ack').map(({ body }) => body.code),
      ['round_mismatch'],
    );
  });

  test('property: the order of arrival changes neither the aggregate nor the outcome of the round', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const findings: Record<string, UpdateFinding> = { c: { ok: false, code: 'update_not_finite', reason: 'NaN' } };
    const play = (order: readonly string[]): unknown => {
      const kit = new CoordinatorKit({ minimumParticipants: 5, rounds: 1 });
      for (const name of order) kit.join(name);
      for (const name of order) kit.update(name, findings[name] === undefined ? {} : { finding: findings[name] });
      const [effect] = kit.effect('aggregate');
      kit.aggregated();
      for (const name of order)
        kit.evaluate(name, {
          loss: name.charCodeAt(0) / 7,
          accuracy: name.charCodeAt(0) / 130,
          examples: name.charCodeAt(0),
        });
      return { effect, outcome: kit.state.outcome, ended: kit.events('round_ended') };
    };
    const expected = play(names);
    fc.assert(
      fc.property(fc.shuffledSubarray(names, { minLength: 5 }), (order) => assert.deepEqual(play(order), expected)),
      { numRuns: 60 },
    );
  });
});
