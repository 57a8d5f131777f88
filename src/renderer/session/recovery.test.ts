import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LinkState } from '#shared/contract/events.ts';
import type { ParticipantView } from '#shared/run-view/run-view.ts';
import { recordedView } from '#test/support/recorded/recorded-view.ts';
import { followRecovery, nobodyAway } from './recovery.ts';

const view = recordedView(40);
const withLink = (
  state: LinkState,
  since: number,
  change: Partial<ParticipantView> = {},
): Parameters<typeof followRecovery>[1] => ({
  participants: view.participants.map((one) =>
    one.id === 'node-2' ? { ...one, link: { ...one.link, state, since }, ...change } : one,
  ),
});

test('a link that comes back tells after how long, from its first moment away', () => {
  const lost = followRecovery(nobodyAway, withLink('lost', 1000));
  assert.equal(lost.last, null);
  const resuming = followRecovery(lost, withLink('resuming', 1500));
  const back = followRecovery(resuming, withLink('ready', 2200));
  assert.deepEqual(back.last, { participant: 'node-2', at: 2200, tookMs: 1200 });
  assert.equal(back.away.size, 0);
  assert.equal(followRecovery(back, withLink('ready', 2200)), back, 'nothing new');
});

test('who has left or died is not back', () => {
  const lost = followRecovery(nobodyAway, withLink('lost', 1000));
  const exited = { at: 1500, note: 'killed', restarts: false };
  assert.equal(followRecovery(lost, withLink('ready', 2000, { exited })).last, null);
});

test('a link that was slow was not away', () => {
  const slow = followRecovery(nobodyAway, withLink('degraded', 1000));
  assert.equal(followRecovery(slow, withLink('ready', 2000)).last, null);
});
