import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seatViewAt, startAt } from '#test/support/seat-view.ts';
import { endHead, pauseWords, waitedNames } from './seat-words.ts';
import { transportBadges, waitWords } from './summary.ts';

const wordsAt = (story: Parameters<typeof seatViewAt>[0], at: number) => waitWords(seatViewAt(story, at), startAt + at);

describe("what the top bar says from a participant's chair", () => {
  test('while it dials, where and over what', () => {
    assert.deepEqual(wordsAt('joining', 3000), {
      lead: 'Joining emotion pilot at 10.0.4.18',
      detail: 'dialling over UDP, 3 s',
    });
  });

  test('who is waited for, this node among them', () => {
    const { lead, detail } = wordsAt('live', 489_000);
    assert.match(lead, /^Waiting for 3 of 4 updates/);
    assert.equal(detail, 'lab-1, lab-3 and this node · then averages them');
    const view = seatViewAt('live', 489_000);
    assert.equal(waitedNames({ ...view, wait: { ...view.wait!, waitingFor: [] } }), '');
  });

  test('while the coordinator is silent it is what is waited for, and what is kept is said', () => {
    const { lead, detail } = wordsAt('gone', 585_000);
    assert.match(lead, /^Waiting for the coordinator, 9\d s$/);
    assert.match(detail, /^next try over TCP in \d s · your update is kept$/);
  });

  test('paused: one of them is yours', () => {
    const { lead, detail } = wordsAt('paused', 489_000);
    assert.equal(lead, 'Waiting for 3 of 4 updates, one is yours');
    assert.match(detail, /^lab-1, lab-3 and this node, paused · closes in \d+ s at most$/);
  });

  test('there is one link here: those of others are not told', () => {
    const badges = transportBadges(seatViewAt('live', 489_000));
    assert.deepEqual(
      badges.map(({ protocol, links, trouble }) => [protocol, links, trouble]),
      [['quic', 1, '']],
    );
  });

  test('a link that is not open is reconnecting, and nothing passes over it', () => {
    const gone = seatViewAt('gone', 585_000);
    const [badge] = transportBadges(gone);
    assert.deepEqual(
      [badge?.trouble, badge?.severity, badge?.rateBytesPerS, badge?.last],
      ['reconnecting', 'stall', 0, true],
    );
    // A session that is being opened again has no round trip yet.
    const participants = gone.participants.map((one) => ({ ...one, link: { ...one.link, rttMs: null } }));
    assert.deepEqual(transportBadges({ ...gone, participants })[0]?.rttRange, { low: 18, high: 18 });
  });
});

describe('a pause', () => {
  const view = seatViewAt('paused', 489_000);
  const now = startAt + 489_000;

  test('says until when going on still counts, and whether anybody is held up', () => {
    const words = pauseWords(view, now + 6000, now);
    assert.equal(words.until, 'Resume within 6 s and round 13 still counts; later, from round 14');
    assert.equal(words.others, '3 of 4 are enough, nobody is held up');
    const all = { ...view, wait: { ...view.wait!, quorum: 4 } };
    assert.match(pauseWords(all, now + 6000, now).others, /may wait for this node/);
  });

  test('that is too late for the round says from which one it counts', () => {
    assert.match(pauseWords(view, null, now).until, /^Round 13 does not wait .* still counts$/);
    assert.equal(
      pauseWords({ ...view, contributions: [] }, now - 1, now).until,
      'Round 13 goes on without this node; a resume counts from round 14',
    );
  });
});

test('how it ended is said from this chair', () => {
  const view = seatViewAt('ended', 489_000);
  assert.match(endHead(view).text, /^Run completed, 7 min/);
  assert.deepEqual(endHead({ ...view, status: 'interrupted' }), { text: 'You left the run', good: true });
  assert.equal(endHead({ ...view, status: 'unreachable' }).good, false);
});
