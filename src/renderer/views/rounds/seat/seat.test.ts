import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { outcomeCounts, lossWords } from '#renderer/session/run/outcome-counts.ts';
import type { RoundView } from '#shared/run-view/run-view.ts';
import { seatViewAt, startAt } from '#test/support/kits/seat-view.ts';
import { cutOffReasons } from '#shared/run-view/apply/apply-own-work.ts';
import { laneBoxes } from '../lanes/lane-layout.ts';
import { arrivedWords, fateLine, outcomeWords, wasPaused, weightOf } from './contribution-outcome.ts';
import { runOver, toldBoxes, toldCounted, toldTicks, toldWords } from './told-layout.ts';

const live = seatViewAt('live', 489_000);
const round = (number: number) => live.rounds.find((one) => one.round === number)!;
const work = (number: number) => live.contributions.find((one) => one.round === number)!;
const window = { fromAt: round(11).startedAt, toAt: round(13).startedAt + 40_000 };
const standing = { silent: false, paused: false, closed: false };

describe('lanes of others, as told', () => {
  test('an outline until the update came in, then the wait; the open round grows', () => {
    const boxes = toldBoxes(live.rounds, 'lab-1', window, null, null);
    assert.deepEqual(
      boxes.map(({ kind, round: number, arrived, endedAt }) => [kind, number, arrived, endedAt === null]),
      [
        ['told', 11, true, false],
        ['wait', 11, false, false],
        ['told', 12, true, false],
        ['wait', 12, false, false],
        ['told', 13, false, true],
      ],
    );
    assert.equal(boxes[0]?.left, 0);
    assert.match(`${boxes[0]?.label} ${boxes[0]?.figure}`, /^update after 24\.\d s$/);
    assert.equal(boxes[0]?.right, boxes[1]?.left, 'the wait begins with the arrival');
    assert.equal(boxes[4]?.label, 'no update yet');
  });

  test('from the last sign of life on nothing is known, and nothing grows but that', () => {
    const silentSince = round(13).startedAt + 5000;
    const boxes = toldBoxes(live.rounds, 'lab-1', window, silentSince, null);
    assert.deepEqual(
      boxes.filter(({ endedAt }) => endedAt === null).map(({ kind, startedAt }) => [kind, startedAt]),
      [['unknown', silentSince]],
    );
  });

  test('what nobody told is never called missing', () => {
    const closed: RoundView = { ...round(12), arrivals: [], contributors: ['lab-4'] };
    const words = (one: Partial<RoundView>, id: string): string => toldWords({ ...closed, ...one }, id);
    assert.equal(words({}, 'lab-1'), 'not in the new model');
    assert.equal(words({}, 'lab-4'), 'counted, time not told');
    assert.equal(words({ contributors: null }, 'lab-1'), 'not told');
    assert.equal(words({ endedAt: null }, 'lab-1'), 'no update yet');
    assert.equal(words({}, 'lab-9'), 'not in this round');
    assert.equal(toldWords(undefined, 'lab-1'), 'not told yet');
    assert.equal(toldWords(round(12), 'lab-4'), 'update in, 1st');
    assert.equal(toldBoxes([{ ...closed, selected: ['lab-2'] }], 'lab-1', window, null, null).length, 0);
  });

  test('counted are the rounds whose end was told', () => {
    assert.deepEqual(toldCounted(live.rounds, 'lab-1'), { counted: 12, of: 12 });
    assert.deepEqual(toldCounted(live.rounds, 'lab-2'), { counted: 11, of: 12 });
    assert.equal(toldCounted(live.rounds, 'lab-9'), null);
  });

  test('ticks are numbered as they came; a number that would run into another is left out', () => {
    const ticks = toldTicks([round(12)], window, 0.001, 'lab-2');
    assert.deepEqual(
      ticks.map(({ participant, number, labelled }) => [participant, number, labelled]),
      [
        ['lab-4', 1, true],
        ['lab-1', 2, true],
        ['lab-2', 3, true],
        ['lab-3', 4, true],
      ],
    );
    const tight = toldTicks([round(12)], window, 0.004, 'lab-2').map(({ labelled }) => labelled);
    assert.deepEqual(tight, [false, false, false, false]);
  });
});

describe('the outcome of own work', () => {
  test('what counted has its place and its weight, what came late has neither', () => {
    assert.deepEqual(fateLine(work(12), round(12), standing), {
      figures: '9.38 MB, weight 24 %',
      outcome: { text: 'counted', tone: 'okc', icon: 'check' },
      place: ', 3rd of 4',
    });
    assert.equal(fateLine(work(9), round(9), standing).outcome.text, 'late, not counted');
    assert.match(arrivedWords(work(12), round(12)), /^29\.\d s, 3rd of 4$/);
    assert.equal(arrivedWords(work(9), round(9)), '1.8 s after it closed');
  });

  test('what is computed and cannot go out is kept, and red only while the coordinator is silent', () => {
    const gone = seatViewAt('gone', 560_000);
    const kept = gone.contributions.at(-1)!;
    assert.deepEqual([kept.round, kept.outcome], [13, 'kept']);
    assert.equal(outcomeWords(kept, { ...standing, silent: true }).tone, 'stl');
    assert.equal(outcomeWords(kept, standing).tone, '');
    assert.equal(outcomeWords({ ...kept, outcome: 'training' }, { ...standing, paused: true }).text, 'paused');
    const halted = outcomeWords({ ...kept, outcome: 'training' }, { ...standing, restarting: true });
    assert.equal(halted.text, 'training, interrupted');
    const training = { ...kept, outcome: 'training' as const };
    assert.equal(outcomeWords(training, { ...standing, closed: true }).text, 'closed without it');
    assert.ok(startAt < kept.startedAt);
  });

  test('what is decided adds up, and says what was lost in which round', () => {
    const counts = outcomeCounts(live.contributions);
    assert.deepEqual([counts.decided, counts.counted, counts.late], [12, 11, [9]]);
    assert.equal(lossWords(counts), 'one late (round 9)');
    assert.equal(
      lossWords({ ...counts, late: [3, 9], missed: [4] }),
      '2 late (newest in round 9), one missed (round 4)',
    );
    assert.equal(lossWords({ ...counts, late: [], acknowledged: [13] }), 'one only acknowledged (round 13)');
    assert.equal(lossWords(outcomeCounts([])), '');
    const refused = { ...work(9), reason: 'the norm is not a number' };
    assert.equal(lossWords(outcomeCounts([refused])), 'one refused (round 9)');
  });
});

describe('a run that is cut off', () => {
  const [left, stopped, killed] = [
    seatViewAt('left', 489_000),
    seatViewAt('stopped', 489_000),
    seatViewAt('killed', 489_000),
  ];
  const lastOf = (view: typeof left) => view.contributions.at(-1)!;

  test('its last work ended with it, and nobody is said to have kept anything back', () => {
    assert.deepEqual([lastOf(stopped).round, lastOf(stopped).outcome], [13, 'unknown']);
    assert.equal(outcomeWords(lastOf(stopped), { ...standing, closed: true }).text, 'run ended');
    assert.equal(outcomeWords(lastOf(left), { ...standing, closed: true }).text, 'not finished');
    assert.equal(outcomeWords(lastOf(killed), { ...standing, closed: true }).text, 'not finished');
    assert.equal(lastOf(killed).reason, cutOffReasons.byDying.untrained);
    assert.equal(runOver(killed), 'died');
    const sent = { ...lastOf(stopped), trainedAt: 1, reason: cutOffReasons.byTheEnd.unacknowledged };
    assert.equal(outcomeWords(sent, standing).text, 'sent, not answered');
  });

  test('of the others it is said up to when nothing had come', () => {
    const words = (view: typeof left) => toldWords(view.rounds.at(-1), 'lab-1', runOver(view));
    assert.equal(words(left), 'not in by then');
    assert.equal(words(stopped), 'not in by then');
    assert.equal(runOver(live), null);
  });
});

test('a pause that is over keeps its place, and gives up no work', () => {
  const view = seatViewAt('resumed', 510_000);
  const own = view.participants.find(({ id }) => id === 'lab-2')!;
  const [pause] = own.pauses;
  assert.equal(own.paused, null);
  assert.deepEqual([own.pauses.length, pause!.to - pause!.from], [1, 17_000]);
  assert.equal(view.contributions.at(-1)?.outcome, 'training');
  assert.equal(seatViewAt('paused', 489_000).contributions.at(-1)?.outcome, 'training');
  assert.deepEqual(
    [pause!.from - 1, pause!.from, pause!.to].map((at) => wasPaused(own, at)),
    [false, true, false],
  );
  const boxes = laneBoxes(own.segments, [{ fromAt: pause!.from, toAt: pause!.to, kind: 'paused' }], {
    fromAt: view.rounds.at(-1)!.startedAt,
    toAt: pause!.to + 10_000,
  });
  assert.deepEqual(
    boxes.map(({ kind }) => kind),
    ['wait', 'train', 'paused', 'train'],
  );
});

test('a weight is that of what counted', () => {
  assert.equal(weightOf({ ...work(12), outcome: 'missed', weight: 0 }), null);
  assert.ok(weightOf(work(12))! > 0);
});
