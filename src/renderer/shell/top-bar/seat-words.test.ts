import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { coordinatorSilentWords } from '#renderer/components/words/trouble-words.ts';
import { nextOf } from '#renderer/session/run/verdicts.ts';
import { costOf } from '../dialogs/end-cost.ts';
import { againWord, endTag } from '#renderer/components/words/run-words.ts';
import { appDiedReason, coordinatorEndReason, endReasonWords } from '#shared/run-view/end-words.ts';
import { seatViewAt, startAt, stillView } from '#test/support/kits/seat-view.ts';
import { endHead, pauseWords, restartingWords, waitedNames } from './seat-words.ts';
import { transportBadges, waitWords } from '../summary.ts';

const wordsAt = (story: Parameters<typeof seatViewAt>[0], at: number) => waitWords(seatViewAt(story, at), startAt + at);

describe("what the top bar says from a participant's chair", () => {
  test('while it dials, where and over what', () => {
    assert.deepEqual(wordsAt('joining', 3000), {
      lead: 'Joining emotion pilot at 10.0.4.18',
      detail: 'dialing over UDP, 3 s',
    });
  });

  test('who is waited for, this node among them', () => {
    const { lead, detail } = wordsAt('live', 489_000);
    assert.match(lead, /^Waiting for 3 of 4 updates/);
    assert.equal(detail, 'lab-1, lab-3 and this node · then they are averaged');
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

  test('an own process that stands still knows nothing of the round, and its figures are its last', () => {
    const at = 489_000;
    const view = stillView('live', at, 6000);
    const words = waitWords(view, startAt + at);
    assert.deepEqual(words, {
      lead: 'This node stands still, 6 s',
      detail: 'where the round is cannot be known until it goes on',
    });
    const [badge] = transportBadges(view);
    assert.deepEqual([badge?.last, badge?.rateBytesPerS], [true, 0]);
    const verdict = { ...view.verdicts[0]!, nextAction: 'goes on by itself' };
    assert.ok(view.wait?.waitingFor.some((id) => id === view.self));
    assert.equal(nextOf(view, verdict).action, 'goes on by itself');
    assert.equal(nextOf({ ...view, self: null }, verdict).action, view.wait?.nextAction);
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

describe('what a silence is called', () => {
  test('lost in its first seconds, no answer after them, and by the name of the broker where that is away', () => {
    const lost = { lost: true };
    assert.equal(coordinatorSilentWords(1000, 3900, lost), 'The link to the coordinator was lost: last heard 3 s ago.');
    assert.equal(coordinatorSilentWords(1000, 4000, lost), 'The coordinator does not answer: last heard 3 s ago.');
    assert.equal(coordinatorSilentWords(1000, 3900), 'The coordinator does not answer: last heard 3 s ago.');
    assert.equal(
      coordinatorSilentWords(1000, 9000, { between: 'The MQTT broker at mqtt://hub is out of reach.' }),
      'The MQTT broker at mqtt://hub is out of reach. The coordinator was last heard 8 s ago.',
    );
  });

  test('leaving meanwhile is told to nobody, and who is asked knows that', () => {
    const busy = { kind: 'run', chair: 'participant', name: 'pilot', self: null } as const;
    assert.match(costOf(busy, false), /^The coordinator is told/);
    assert.match(costOf(busy, true), /^The coordinator cannot be told now/);
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
  assert.match(endHead(view).text, /^Run completed, you were in it for 7 min/);
  assert.equal(endHead({ ...view, status: 'unreachable' }).good, false);
});

describe('a run that ended early', () => {
  test('left here, it goes on elsewhere', () => {
    const view = seatViewAt('left', 489_000);
    assert.equal(view.left, true);
    const { lead, detail } = waitWords(view, startAt + 489_000);
    assert.equal(lead, 'You left at round 13');
    assert.equal(detail, 'the run goes on without this node, as far as is known here');
    assert.equal(endHead(view).good, true);
    const tag = { status: 'interrupted', left: true } as const;
    assert.equal(endTag(tag).text, 'left');
    assert.equal(
      endReasonWords({ ...tag, reason: view.endReason }, true),
      'you left; how it went on is not known here',
    );
  });

  test('its own process died: the run has not failed with it', () => {
    const view = seatViewAt('killed', 489_000);
    const { lead, detail } = waitWords(view, startAt + 489_000);
    assert.equal(lead, "This node's process ended (SIGKILL)");
    assert.equal(detail, 'the run goes on without this node, as far as is known here');
    assert.deepEqual(endHead(view), { text: lead, why: detail, good: false });
    const tag = { status: 'failed', left: true } as const;
    assert.equal(endTag(tag).text, 'process ended');
    assert.equal(againWord(tag), 'Join again');
    const words = endReasonWords({ ...tag, reason: view.endReason }, true);
    assert.equal(words, "this node's process ended; how it went on is not known here");
  });

  test('its own process is started again', () => {
    const at = 481_000;
    const { lead, detail } = waitWords(seatViewAt('restarting', at), startAt + at);
    assert.deepEqual([lead, detail], ["This node's process ended (SIGKILL)", 'it is being started again']);
    assert.equal(restartingWords('exit status 70: out of memory').lead, "This node's process ended (exit status 70)");
    const [badge] = transportBadges(seatViewAt('restarting', at));
    assert.deepEqual(
      [badge?.last, badge?.rateBytesPerS, badge?.trouble],
      [true, 0, 'restarting'],
      'a link whose end is gone measures nothing',
    );
  });

  test('ended by the coordinator, it is not called left, and "the user" is not the one here', () => {
    const view = seatViewAt('stopped', 489_000);
    assert.equal(view.left, false);
    assert.equal(waitWords(view, startAt + 489_000).lead, 'The coordinator ended the run');
    assert.match(waitWords(view, startAt + 489_000).detail, /^its user stopped it · 12 rounds/);
    const tag = { status: 'interrupted', left: false, reason: view.endReason } as const;
    assert.equal(endTag(tag).text, 'stopped');
    assert.equal(endReasonWords(tag, true), 'the coordinator ended it: its user stopped it');
    assert.equal(endReasonWords(tag, false), 'interrupted by the user');
    assert.equal(endReasonWords({ ...tag, reason: appDiedReason }, true), appDiedReason);
  });

  test('each way in which its end may be heard says the same', () => {
    for (const told of [
      'interrupted by the user',
      'the coordinator left: stopped in the window',
      'the run is over: interrupted: interrupted by the user',
    ])
      assert.equal(coordinatorEndReason(told), 'its user stopped it');
    assert.equal(coordinatorEndReason('the run is over: interrupted'), '');
    assert.equal(coordinatorEndReason('the disk is full'), 'the disk is full');
  });
});

test('one update is one update', () => {
  const view = seatViewAt('live', 489_000);
  const alone = {
    ...view.wait!,
    waitingFor: view.wait!.selected.slice(1, 2),
    selected: view.wait!.selected.slice(1, 2),
  };
  const words = waitWords({ ...view, wait: alone }, startAt + 489_000);
  assert.match(words.lead, /^Waiting for 1 of 1 update\b/);
  const averaging = { ...alone, phase: 'aggregating' as const, waitingFor: [] };
  assert.equal(waitWords({ ...view, wait: averaging }, startAt + 489_000).lead, 'Averaging 1 update');
});
