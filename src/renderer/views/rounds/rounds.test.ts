import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { trainingLeftMs } from '#renderer/session/run/pace.ts';
import type { SegmentView } from '#shared/run-view/run-view.ts';
import { recordedView } from '#test/support/recorded/recorded-view.ts';
import { deadlineFlag } from './lanes/deadline-flag.ts';
import {
  evaluationStart,
  expectedBoxes,
  groupOf,
  laneBoxes,
  pausesOf,
  stallsOf,
  updateTicks,
} from './lanes/lane-layout.ts';
import { overviewPaths, roundMarks } from './overview/overview-paths.ts';
import { bytesUp, countedUpdates, downWords, roundTimes, slowestIn } from './round-times.ts';
import { niceRange, thinned } from './overview/spark-lines.ts';
import { tickLabels } from './overview/tick-labels.ts';
import { axisTicks, liveWindow, pan, runWindow, shareOf, zoom } from './time-window.ts';

const at = (seconds: number): number => recordedView(1).startedAt + seconds * 1000;

describe('time window', () => {
  test('stands still while a round goes as usual, and holds now', () => {
    const seen = new Set<string>();
    for (let s = 73; s < 81; s += 0.5) {
      const view = recordedView(s);
      assert.equal(view.round, 8);
      const window = liveWindow(view, 'last3', at(s));
      assert.ok(window.fromAt < at(s) && window.toAt > at(s));
      assert.equal(window.fromAt, view.rounds[5]?.startedAt);
      seen.add(`${window.toAt}`);
    }
    assert.equal(seen.size, 1);
  });

  test('grows in steps when a round takes longer, and shows the deadline', () => {
    const view = recordedView(58, { stallInRound: 4 });
    const deadline = view.rounds.at(-1)?.deadlineAt ?? 0;
    const ends = new Set<number>();
    for (let s = 58; s < 62; s += 0.1) ends.add(liveWindow(view, 'round', at(s)).toAt);
    assert.ok(ends.size <= 2, `${ends.size} ends`);
    assert.ok(Math.max(...ends) > deadline);
  });

  test('a run that is over is shown to its end', () => {
    const view = recordedView(500);
    const window = liveWindow(view, 'run', at(9999));
    assert.equal(window.fromAt, view.rounds[0]?.startedAt);
    assert.ok(view.endedAt !== null && window.toAt >= view.endedAt && window.toAt < view.endedAt + 5_000);
  });

  test('zoom keeps what is under the pointer, pan keeps the length, both stay in bounds', () => {
    const bounds = { fromAt: 0, toAt: 100_000 };
    const inside = fc.tuple(fc.integer({ min: 0, max: 90_000 }), fc.integer({ min: 100, max: 10_000 }));
    fc.assert(
      fc.property(
        inside,
        fc.double({ min: 0.3, max: 3, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        ([from, length], factor, around) => {
          const window = { fromAt: from, toAt: from + length };
          const zoomed = zoom(window, factor, around, bounds);
          const moved = pan(window, (factor - 1) * 50_000, bounds);
          for (const one of [zoomed, moved]) assert.ok(one.fromAt >= -1e-6 && one.toAt <= bounds.toAt + 1e-6);
          assert.ok(Math.abs(moved.toAt - moved.fromAt - length) < 1e-6);
          if (zoomed.fromAt > 1e-6 && zoomed.toAt < bounds.toAt - 1e-6) {
            const still = from + around * length;
            assert.ok(Math.abs(shareOf(zoomed, still) - around) < 1e-6);
          }
        },
      ),
    );
  });

  test('axis ticks are round, in the window, and not too many', () => {
    for (const lengthMs of [300, 4_000, 31_000, 400_000, 20_000_000]) {
      const window = { fromAt: at(3.123), toAt: at(3.123) + lengthMs };
      const ticks = axisTicks(window, 12);
      assert.ok(ticks.length >= 2 && ticks.length <= 12, `${ticks.length} for ${lengthMs}`);
      assert.ok(ticks.every((tick) => tick.at >= window.fromAt && tick.at < window.toAt));
    }
  });
});

describe('lanes', () => {
  const segment = (
    round: number,
    phase: SegmentView['phase'],
    startedAt: number,
    endedAt: number | null,
  ): SegmentView => ({ round, phase, startedAt, endedAt });
  const window = { fromAt: 1000, toAt: 2000 };

  test('boxes are clipped to the window, and the open one grows', () => {
    const boxes = laneBoxes(
      [segment(1, 'train', 0, 900), segment(1, 'send', 900, 1100), segment(1, 'wait', 1100, null)],
      [],
      window,
    );
    assert.deepEqual(
      boxes.map(({ kind, left, right }) => ({ kind, left, right })),
      [
        { kind: 'send', left: 0, right: 0.1 },
        { kind: 'wait', left: 0.1, right: null },
      ],
    );
  });

  test('a stall takes the place of what it covers and nothing else', () => {
    const boxes = laneBoxes(
      [segment(1, 'train', 1000, 1300), segment(1, 'wait', 1300, null)],
      [{ fromAt: 1300, toAt: 1600 }],
      window,
    );
    assert.deepEqual(
      boxes.map(({ kind, startedAt, endedAt }) => [kind, startedAt, endedAt]),
      [
        ['train', 1000, 1300],
        ['stalled', 1300, 1600],
        ['wait', 1600, null],
      ],
    );
  });

  test('work done before the halt stays visible under a verdict that looks back on it', () => {
    const boxes = laneBoxes(
      [segment(1, 'train', 1100, 1400), segment(1, 'send', 1400, null)],
      [{ fromAt: 1050, toAt: null }],
      window,
    );
    assert.deepEqual(
      boxes.map(({ kind, startedAt, endedAt }) => [kind, startedAt, endedAt]),
      [
        ['train', 1100, 1400],
        ['stalled', 1400, null],
      ],
    );
  });

  test('thousands of tiny segments draw as few boxes as there are pixels', () => {
    const segments = Array.from({ length: 20_000 }, (_, i) =>
      segment(i, i % 2 === 0 ? 'train' : 'send', 1000 + i / 20, 1000 + (i + 1) / 20),
    );
    assert.ok(laneBoxes(segments, [], window).length <= 1500);
  });

  test('boxes of a recorded lane neither overlap nor leave the window', () => {
    const view = recordedView(58, { stallInRound: 4 });
    const shown = liveWindow(view, 'last3', at(58));
    for (const participant of view.participants) {
      const boxes = laneBoxes(participant.segments, stallsOf(view, participant.id), shown);
      boxes.forEach((box, i) => {
        assert.ok(box.left >= 0 && (box.right ?? 1) <= 1);
        const next = boxes[i + 1];
        if (next !== undefined)
          assert.ok((box.right ?? 1) <= next.left + 1e-9, `${participant.id} ${box.key} ${next.key}`);
      });
      const kinds = boxes.map((box) => box.kind);
      assert.equal(kinds.includes('stalled'), participant.id === 'node-3');
    }
  });

  test('what is expected follows the present step and ends with the evaluation', () => {
    const s = 75;
    const view = recordedView(s);
    const node = view.participants[2];
    assert.ok(node !== undefined && node.phase === 'train');
    const shown = liveWindow(view, 'last3', at(s));
    const boxes = expectedBoxes(node, view.rounds.at(-1), evaluationStart(view, at(s)), at(s), shown);
    assert.deepEqual(
      boxes.map((box) => box.phase),
      ['train', 'send', 'receive', 'evaluate'],
    );
    assert.match(boxes[0]?.label ?? '', /^\d+ s left$/);
    // One that is slower than usual has as long to go as its batches say, here as in the top bar.
    const { progress } = node;
    assert.ok(progress !== null);
    const slow = { ...node, progress: { ...progress, epoch: 1, batch: Math.ceil(progress.batches / 5) } };
    const leftMs = trainingLeftMs(slow, at(s)) ?? 0;
    assert.ok(leftMs > (trainingLeftMs(node, at(s)) ?? 0) + 2000);
    const [train] = expectedBoxes(slow, view.rounds.at(-1), null, at(s), shown);
    assert.equal(train?.label, `${Math.round(leftMs / 1000)} s left`);
    boxes.forEach((box, i) => assert.ok(box.left >= (boxes[i - 1]?.right ?? shareOf(shown, at(s))) - 1e-9));
    assert.deepEqual(expectedBoxes(node, { ...view.rounds.at(-1)!, endedAt: 1 }, null, at(s), shown), []);
    const first = recordedView(4);
    assert.deepEqual(
      expectedBoxes(first.participants[0]!, first.rounds[0], null, at(4), liveWindow(first, 'last3', at(4))),
      [],
    );
  });

  test('updates are counted in order of arrival, and crowded labels are left out', () => {
    const view = recordedView(60);
    const shown = liveWindow(view, 'last3', at(60));
    const ticks = updateTicks(view.rounds, shown, 0.0005, true);
    const last = view.rounds.filter((round) => round.endedAt !== null).at(-1);
    assert.deepEqual(
      ticks.filter((tick) => last?.updates.some((update) => update.at === tick.at)).map((tick) => tick.number),
      [1, 2, 3, 4],
    );
    const labels = (pxShare: number): number =>
      updateTicks(view.rounds, shown, pxShare, true).filter((tick) => tick.labelled).length;
    assert.equal(labels(0.0005), ticks.length);
    assert.ok(labels(0.0015) < ticks.length && labels(0.0015) > 0);
  });

  test('a round that is over and has no room for how many came shows no number at all', () => {
    const marks = [0.1, 0.3, 0.31, 0.315].map((left, i) => ({ left, number: i + 1, glyph: false, counted: true }));
    assert.deepEqual(tickLabels(marks, 0, 0.002, true), [false, false, false, false]);
    assert.deepEqual(tickLabels(marks, 0, 0.002, false), [true, true, false, false], 'more may come');
    assert.deepEqual(tickLabels(marks.slice(0, 3), 0, 0.002, true), [true, true, false], 'the third can be told');
    assert.deepEqual(tickLabels(marks.slice(0, 2), 0, 0.002, true), [true, true]);
    assert.deepEqual(tickLabels(marks.slice(0, 2), 0.09, 0.002, true), [false, true], 'the round before is near');
    const many = marks.slice(0, 2).map((mark) => ({ ...mark, number: 1000, glyph: true }));
    assert.deepEqual(tickLabels(many, 0, 0.002, false), [true, true]);
    assert.deepEqual(tickLabels(many, 0.02, 0.002, false), [false, true], 'longer numbers need more');
  });

  test('dense lanes put the stalled first and the patient last', () => {
    const view = recordedView(58, { stallInRound: 4, participants: 20 });
    const groups = view.participants.map((participant) =>
      groupOf(view, participant, participant.id === 'node-19', at(58)),
    );
    assert.equal(groups[18], 'stalled');
    assert.ok(groups.filter((group) => group === 'in').length === 19);
  });

  test('the overview has one path a phase, whatever the length of the run', () => {
    const view = recordedView(80);
    const paths = overviewPaths(view.participants, runWindow(view, at(80)), at(80));
    assert.ok(paths.train.startsWith('M') && paths.send !== '' && paths.receive !== '' && paths.evaluate !== '');
    assert.ok(!JSON.stringify(paths).includes('NaN'));
    assert.equal(paths.paused, '');
  });

  test('the overview of a long run marks every 2nd, 5th, 10th … round, as their numbers have room', () => {
    const [one] = recordedView(80).rounds;
    assert.ok(one !== undefined);
    const rounds = Array.from({ length: 400 }, (_, i) => ({ ...one, round: i + 1, startedAt: i * 10_000 }));
    const strip = { widthPx: 780, scale: 1, until: 1 };
    const numbers = (change: Partial<typeof strip>): number[] =>
      roundMarks(rounds, { fromAt: 0, toAt: 4_000_000 }, { ...strip, ...change }).map(({ round }) => round);
    assert.deepEqual(numbers({}).slice(0, 4), [1, 20, 40, 60]);
    assert.deepEqual(numbers({ widthPx: 420 }).slice(0, 4), [1, 50, 100, 150]);
    assert.equal(numbers({ until: 0.505 }).at(-1), 180, 'the line of the present lies over round 200');
    assert.ok(numbers({ scale: 2 }).length < numbers({}).length);
    assert.equal(roundMarks(rounds.slice(0, 20), { fromAt: 0, toAt: 200_000 }, strip).length, 20);
    assert.deepEqual(roundMarks([], { fromAt: 0, toAt: 1 }, strip), []);
    // One that took nearly all of the time crowds the others together.
    const uneven = rounds.slice(0, 20).map((round, i) => ({ ...round, startedAt: i === 19 ? 200_000 : i * 10 }));
    for (const [i, { left }] of roundMarks(uneven, { fromAt: 0, toAt: 210_000 }, strip).entries())
      assert.ok(i === 0 || left > 0.1, `number ${i} runs into the one before`);
  });

  test('pauses are drawn over the work that they interrupt, those that are over and the one that goes on', () => {
    const view = recordedView(80);
    const one = { ...view.participants[0]!, pauses: [{ from: at(20), to: at(30) }] };
    const both = { ...one, paused: { at: at(75), reason: '' } };
    const pathOf = (participant: typeof one): string =>
      overviewPaths([participant], runWindow(view, at(80)), at(80)).paused;
    assert.equal(pathOf(one).split('M').length - 1, 1);
    assert.equal(pathOf(both).split('M').length - 1, 2);
    const window = { fromAt: at(0), toAt: at(80) };
    const drawn = laneBoxes(both.segments, pausesOf(both, null), window).filter(({ kind }) => kind === 'paused');
    assert.deepEqual(
      drawn.map(({ endedAt }) => endedAt),
      [at(30), null],
    );
    assert.equal(pausesOf(both, at(80)).at(-1)?.toAt, at(80), 'the end of the run ends it');
  });
});

describe('times of a round', () => {
  test('compute, communicate and wait add up to the round, and node-3 is the slowest', () => {
    const view = recordedView(60);
    const round = view.rounds[2];
    assert.ok(round !== undefined && round.endedAt !== null);
    for (const participant of view.participants) {
      const times = roundTimes(participant, 3, at(60));
      assert.ok(times !== null);
      const sum = times.computeMs + times.communicateMs + times.waitMs;
      assert.ok(Math.abs(sum - (round.endedAt - round.startedAt)) < 120, `${participant.id}: ${sum}`);
    }
    assert.equal(slowestIn(view.participants, round, at(60))?.id, 'node-3');
    assert.equal(countedUpdates(round), 4);
    assert.equal(bytesUp(round), 4 * 9_380_000);
    assert.equal(downWords(round), '75.0 MB', 'the model to train and the model to evaluate, to each of four');
    assert.equal(downWords({ bytesDown: null }), '–');
    assert.equal(roundTimes(view.participants[0]!, 99, at(60)), null);
  });
});

describe("the deadline's flag", () => {
  const widths = [120, 60];
  test('stands under its line, or beside the flag that is in its way, or short, or not at all', () => {
    assert.deepEqual(deadlineFlag(500, [[100, 160]], 1000, widths), { left: 440, width: 120 });
    assert.deepEqual(deadlineFlag(990, [], 1000, widths), { left: 878, width: 120 }, 'within the axis');
    assert.deepEqual(deadlineFlag(200, [[100, 160]], 1000, widths), { left: 162, width: 120 });
    assert.deepEqual(
      deadlineFlag(
        200,
        [
          [100, 160],
          [250, 310],
        ],
        1000,
        widths,
      ),
      { left: 170, width: 60 },
    );
    assert.equal(
      deadlineFlag(
        200,
        [
          [100, 190],
          [215, 310],
        ],
        1000,
        widths,
      ),
      null,
    );
  });
});

describe('sparklines', () => {
  test('thinning keeps both ends and every peak', () => {
    const points = Array.from({ length: 5000 }, (_, i) => ({ round: i, value: i === 2345 ? 99 : Math.sin(i / 50) }));
    const kept = thinned(points, 240);
    assert.ok(kept.length <= 242);
    assert.equal(kept[0]?.round, 0);
    assert.equal(kept.at(-1)?.round, 4999);
    assert.ok(kept.some((point) => point.value === 99));
    assert.ok(kept.every((point, i) => i === 0 || point.round > (kept[i - 1]?.round ?? -1)));
  });

  test('axes hold all values between round limits', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 50, noNaN: true }), { minLength: 1 }), (values) => {
        const { low, high } = niceRange(values, 'loss');
        assert.ok(low < high && values.every((value) => value >= low - 1e-9 && value <= high + 1e-9));
      }),
    );
    assert.deepEqual(niceRange([0.31, 0.86], 'accuracy'), { low: 0, high: 1 });
    assert.deepEqual(niceRange([Number.NaN], 'loss'), { low: 0, high: 1 });
  });
});
