import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SeatStory } from '#test/support/recorded/recorded-seat.ts';
import { recordedView } from '#test/support/recorded/recorded-view.ts';
import { seatViewAt, startAt } from '#test/support/kits/seat-view.ts';
import { noVerdictWords, silenceNow } from './trouble.ts';

const calm = 'nothing in this run is stalled';

test('without a verdict it is said how things are, never that all is well while they are not', () => {
  const words = (story: SeatStory, s: number): string =>
    noVerdictWords(seatViewAt(story, s * 1000), startAt + s * 1000);
  assert.equal(words('live', 489), calm);
  assert.equal(words('joining', 4), 'the coordinator has not been reached yet');
  assert.match(words('restarting', 480), /^This node's process ended .*; it is being started again$/);
  assert.equal(words('ended', 480), 'nothing was found in this run');
  const gone = seatViewAt('gone', 585_000);
  assert.notEqual(silenceNow(gone, startAt + 585_000), null);
  assert.equal(silenceNow(seatViewAt('live', 489_000), startAt + 489_000), null);
});

test('a degraded link of one’s own, and a link that another participant has not, are named', () => {
  const live = seatViewAt('live', 489_000);
  const degraded = {
    ...live,
    participants: live.participants.map((one) => ({
      ...one,
      link: { ...one.link, state: 'degraded' as const, reason: 'round trip 900 ms' },
    })),
  };
  assert.equal(noVerdictWords(degraded, startAt + 489_000), 'the link is degraded: round trip 900 ms');
  const view = recordedView(60);
  assert.equal(noVerdictWords(view, view.startedAt + 60_000), calm);
  const lost = view.participants.map((one, i) =>
    i < 2 ? { ...one, link: { ...one.link, state: 'lost' as const } } : one,
  );
  assert.equal(
    noVerdictWords({ ...view, participants: lost }, view.startedAt + 60_000),
    'nothing is stalled; the link of node-1 is lost and 1 more',
  );
});

test('a run that a stall ended is not called one in which nothing was found', () => {
  const view = { ...recordedView(60), endedAt: 1, status: 'stalled' as const, endReason: 'deadline passed' };
  assert.equal(noVerdictWords(view, 2), 'no rule named a cause; the run ended: deadline passed');
});
