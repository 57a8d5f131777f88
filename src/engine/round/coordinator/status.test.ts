import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { started, type CoordinatorKit } from '#test/support/kits/coordinator-kit.ts';

describe('round_status', () => {
  test('follows every change of the wait, as event and to everybody', () => {
    const kit = started().clear();
    kit.pass(300);
    kit.update('node-2');
    kit.pass(300);
    const status = kit.events('round_status').at(-1);
    assert.deepEqual([status?.waitingFor, status?.reported, status?.quorum], [['node-1', 'node-3'], ['node-2'], 2]);
    assert.equal(status?.deadlineAt, 1_700_000_020_300);
    assert.match(status?.nextAction ?? '', /^needs 1 more update, or the run stops$/);
    assert.deepEqual(kit.sent('round_status', 'node-1').at(-1)?.body.waitingFor, ['node-1', 'node-3']);
    kit.update('node-1');
    kit.pass(300);
    assert.match(kit.events('round_status').at(-1)?.nextAction ?? '', /^averages 2 updates without node-3$/);
  });

  const reasons: Record<string, { readonly when: (kit: CoordinatorKit) => void; readonly says: RegExp }> = {
    'model not acknowledged': { when: () => undefined, says: /^model sent 2 s ago, not acknowledged/ },
    'told, silent': {
      when: (kit) => {
        kit.feed({ kind: 'delivered', link: kit.link('node-1'), message: 'global_model', round: 1 });
        kit.pass(3_000);
        kit.up('node-1');
      },
      says: /^told to train [45] s ago, no progress yet/,
    },
    training: {
      when: (kit) => kit.say('node-1', 'training_progress', { epoch: 1, epochs: 2, batch: 12, batches: 40, loss: 1 }),
      says: /^training, epoch 1 of 2, batch 12 of 40$/,
    },
    'stuck in training': {
      when: (kit) => {
        kit.say('node-1', 'training_progress', { epoch: 1, epochs: 1, batch: 12, batches: 40, loss: 1 });
        kit.pass(2_900);
        kit.up('node-1');
        kit.pass(2_000);
      },
      says: /^training, batch 12 of 40, no progress for [67] s$/,
    },
    'update on its way': {
      when: (kit) =>
        kit.feed({
          kind: 'transfer',
          participant: 'node-1' as never,
          round: 1,
          of: 'model_update',
          direction: 'up',
          sentBytes: 5_000_000,
          totalBytes: 9_400_000,
        }),
      says: /^trained, update on its way, 5\.0\/9\.4 MB$/,
    },
    'update stuck': {
      when: (kit) => {
        kit.feed({
          kind: 'transfer',
          participant: 'node-1' as never,
          round: 1,
          of: 'model_update',
          direction: 'up',
          sentBytes: 2_900_000,
          totalBytes: 10_500_000,
        });
        kit.pass(2_900);
        kit.up('node-1');
      },
      says: /^trained, update stuck for [45] s at 2\.9\/10\.5 MB$/,
    },
    'trained, and nothing came': {
      when: (kit) => {
        kit.say('node-1', 'training_progress', { epoch: 3, epochs: 3, batch: 180, batches: 180, loss: 1 });
        kit.pass(2_900);
        kit.up('node-1');
      },
      says: /^trained [45] s ago, update not here yet$/,
    },
    'trained, and a broker holds it up': {
      when: (kit) => {
        kit.say('node-1', 'training_progress', { epoch: 3, epochs: 3, batch: 180, batches: 180, loss: 1 });
        kit.pass(2_900);
        kit.held('node-1', 'the broker takes no packet of 4 KiB');
      },
      says: /^trained [45] s ago, update not here yet: the broker takes no packet of 4 KiB$/,
    },
    'link lost': { when: (kit) => kit.down('node-1'), says: /^link lost 2 s ago: peer silent$/ },
    'link lost and lost again': {
      when: (kit) => kit.down('node-1', { reason: 'closed by the peer', connections: 9, unacknowledged: 4 }),
      says: /closed by the peer, 9 connections so far and 4 messages/,
    },
    'session changed on purpose': {
      when: (kit) => kit.down('node-1', { state: 'resuming', reason: 'changes to QUIC: loss 2 %' }),
      says: /^link resuming for 2 s: changes to QUIC: loss 2 %$/,
    },
    'no sign of life': { when: (kit) => kit.pass(4_500), says: /^no sign of life for [67] s$/ },
  };
  for (const [what, { when, says }] of Object.entries(reasons)) {
    test(`says why: ${what}`, () => {
      const kit = started();
      when(kit);
      kit.pass(2_000);
      assert.match(kit.why('node-1'), says);
    });
  }
});
