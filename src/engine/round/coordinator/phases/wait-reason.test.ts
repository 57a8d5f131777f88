import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { started } from '#test/support/kits/coordinator-kit.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import { CoordinatorDraft } from '../draft.ts';
import type { CoordinatorState, LinkRecord, Member, ParticipantRecord } from '../state.ts';
import { describeWaiting, waitReasons } from './wait-reason.ts';

const node = 'node-1' as ParticipantId;

/** Where the first round stands at 20 s, with `node-1` as the test wants it; it was asked at 10 s. */
function waiting(
  member: Partial<Member> | null,
  link: Partial<LinkRecord> | null = {},
  state: Partial<CoordinatorState> = {},
): CoordinatorDraft {
  const { state: s } = started();
  const participants = new Map(s.participants);
  const links = new Map(s.links);
  const members = new Map(s.members);
  const { link: number } = participants.get(node) as ParticipantRecord;
  if (link === null) links.delete(number);
  else links.set(number, { ...(links.get(number) as LinkRecord), sinceMs: 10_000, lastHeardMs: 20_000, ...link });
  if (member === null) members.delete(node);
  else members.set(node, { ...(members.get(node) as Member), startedMs: 10_000, awaitsModel: false, ...member });
  const now = { monotonicMs: 20_000, wallMs: 20_000 };
  return new CoordinatorDraft(
    { ...s, phase: 'training', phaseSinceMs: 12_000, participants, links, members, ...state },
    now,
  );
}

function reason(...how: Parameters<typeof waiting>): string | undefined {
  return waitReasons(waiting(...how)).find(({ participant }) => participant === node)?.reason;
}

const steps = { epoch: 1, epochs: 1, batch: 12, batches: 40, loss: 1, atMs: 20_000 };
const bytes = {
  kind: 'model_update',
  direction: 'up',
  sentBytes: 5_000_000,
  totalBytes: 9_400_000,
  atMs: 20_000,
} as const;

describe('why a participant is waited for', () => {
  test('training', () => {
    assert.equal(reason({ progress: steps }), 'training, batch 12 of 40');
    assert.equal(reason({ progress: { ...steps, epochs: 2 } }), 'training, epoch 1 of 2, batch 12 of 40');
    assert.equal(reason({ progress: { ...steps, atMs: 17_000 } }), 'training, batch 12 of 40');
    assert.equal(reason({ progress: { ...steps, atMs: 16_999 } }), 'training, batch 12 of 40, no progress for 3 s');
    assert.equal(reason({ progress: { ...steps, batch: 40, epochs: 2 } }), 'training, epoch 1 of 2, batch 40 of 40');
    assert.equal(reason({ progress: { ...steps, batch: 39 } }), 'training, batch 39 of 40');
  });
  test('trained', () => {
    assert.equal(reason({ progress: { ...steps, batch: 40 } }), 'trained, update not here yet');
    assert.equal(
      reason({ progress: { ...steps, batch: 40, atMs: 17_000 } }, { obstacle: 'too large' }),
      'trained, update not here yet: too large',
    );
    assert.equal(reason({ progress: { ...steps, batch: 40, atMs: 16_000 } }), 'trained 4 s ago, update not here yet');
    assert.equal(reason({ progress: steps, transfer: bytes }), 'trained, update on its way, 5.0/9.4 MB');
    assert.equal(reason({ transfer: { ...bytes, atMs: 17_000 } }), 'trained, update on its way, 5.0/9.4 MB');
    assert.equal(
      reason({ transfer: { ...bytes, atMs: 16_999 } }, { obstacle: 'too large' }),
      'trained, update stuck for 3 s at 5.0/9.4 MB: too large',
    );
    assert.equal(
      reason({ progress: steps, transfer: { ...bytes, kind: 'other' } }),
      'training, batch 12 of 40',
      'not the update',
    );
  });
  test('asked', () => {
    const down = { ...bytes, kind: 'global_model', direction: 'down' } as const;
    assert.equal(reason({ transfer: down }, { obstacle: 'held' }), 'model on its way, 5.0/9.4 MB: held');
    assert.equal(reason({ transfer: { ...down, kind: 'model_update' } }), 'model on its way, 5.0/9.4 MB');
    assert.equal(
      reason({ transfer: { ...down, sentBytes: 9_400_000 }, delivered: true }),
      'told to train 10 s ago, no progress yet',
    );
    assert.equal(reason({ delivered: true, startedMs: 17_000 }), 'told to train');
    assert.equal(reason({ delivered: true, startedMs: 16_000 }), 'told to train 4 s ago, no progress yet');
    assert.equal(
      reason({}, { unacknowledged: 3 }),
      'start_training sent 10 s ago, not acknowledged (3 messages on their way)',
    );
    assert.equal(
      reason({ awaitsModel: true }, { obstacle: 'held' }),
      'model sent 10 s ago, not acknowledged (0 messages on their way): held',
    );
  });
  test('asked to evaluate', () => {
    const evaluating = { phase: 'evaluating' } as const;
    const member = { evaluates: 'awaited', progress: steps } as const;
    assert.equal(reason(member, {}, evaluating), 'told to evaluate 8 s ago, no result yet');
    const down = { ...bytes, kind: 'global_model', direction: 'down' } as const;
    assert.equal(reason({ ...member, transfer: down }, {}, evaluating), 'new model on its way, 5.0/9.4 MB');
    assert.equal(
      reason({ ...member, transfer: { ...down, sentBytes: 9_400_000 } }, {}, evaluating),
      'told to evaluate 8 s ago, no result yet',
    );
    assert.equal(reason({ ...member, transfer: bytes }, {}, evaluating), 'told to evaluate 8 s ago, no result yet');
  });
  test('its link', () => {
    const member = { progress: steps };
    assert.equal(reason(member, null), 'link closed');
    assert.equal(reason(member, { state: 'lost', reason: 'cut' }), 'link lost 10 s ago: cut');
    assert.equal(reason(member, { state: 'lost' }), 'link lost 10 s ago: lost');
    assert.equal(reason(member, { state: 'resuming', reason: 'changes' }), 'link resuming for 10 s: changes');
    assert.equal(reason(member, { state: 'degraded' }), 'training, batch 12 of 40', 'slow is open');
    assert.equal(reason(member, { lastHeardMs: 15_000 }), 'training, batch 12 of 40');
    assert.equal(reason(member, { lastHeardMs: 14_999 }), 'no sign of life for 5 s');
    const churn = '3 connections so far and 2 messages that it has not acknowledged';
    assert.equal(reason(member, { connections: 3, unacknowledged: 2 }), `hears nothing, ${churn}`);
    assert.equal(
      reason(member, { connections: 3, unacknowledged: 2, state: 'lost' }),
      `link lost 10 s ago: lost, ${churn}`,
    );
    assert.equal(reason(member, { connections: 2, unacknowledged: 2 }), 'training, batch 12 of 40');
    assert.equal(reason(member, { connections: 3 }), 'training, batch 12 of 40');
  });
  test('its return', () => {
    const between = { phase: 'registering', round: 2 } as const;
    assert.equal(reason(null, {}, between), 'not back yet');
    assert.equal(
      reason(null, null, { ...between, restartedMs: 13_000 }),
      'the coordinator was restarted 7 s ago, not back yet',
    );
    assert.equal(reason({}, null, { ...between, restartedMs: null }), 'link closed');
    assert.equal(reason({ progress: steps }, {}, { restartedMs: 13_000 }), 'training, batch 12 of 40');
  });
  test('as one sentence, of many the first two with their reasons', () => {
    const all = describeWaiting(waiting({ progress: steps }));
    assert.match(all, /^Waited for node-1 \(training, batch 12 of 40\), node-2 \(no sign of life for 20 s\), node-3$/);
    assert.equal(describeWaiting(waiting({}, {}, { phase: 'aggregating' })), 'Nobody was waited for');
  });
});
