import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RoundView, SegmentView } from '#shared/run-view/run-view.ts';
import { splitOf } from '#renderer/components/charts/time-split.ts';
import { recordedView } from '#test/support/recorded/recorded-view.ts';
import { bytesByProtocol, crossAt, reachedOf, roundAt, seriesCsv, valueAt } from './metric-series.ts';
import { stepCross } from './cross-keys.ts';

const round = (number: number, startedAt: number, endedAt: number | null): RoundView =>
  ({ round: number, startedAt, endedAt }) as RoundView;

test('a moment in rounds is continuous and never runs past the next round', () => {
  const rounds = [round(1, 100, 200), round(2, 200, 300), round(3, 300, null)];
  assert.equal(roundAt(rounds, 50), 0);
  assert.equal(roundAt(rounds, 150), 0.5);
  assert.equal(roundAt(rounds, 250), 1.5);
  assert.equal(roundAt(rounds, 350), 2.5);
  assert.equal(roundAt(rounds, 9_999), 3);
  assert.equal(roundAt([], 50), 0);
});

test('time of a round is split by what the participant did; what grows counts up to now', () => {
  const segment = (
    phase: SegmentView['phase'],
    startedAt: number,
    endedAt: number | null,
    inRound = 1,
  ): SegmentView => ({ round: inRound, phase, startedAt, endedAt });
  const segments = [
    segment('receive', 0, 1000),
    segment('train', 1000, 4000),
    segment('send', 4000, 4500),
    segment('wait', 4500, null),
    segment('train', 0, 9000, 2),
  ];
  assert.deepEqual(splitOf(segments, 1, 6500), { compute: 3, communicate: 1.5, wait: 2 });
});

test('the readout is the last value at or before the crosshair', () => {
  const points = [
    { x: 1, y: 10 },
    { x: 2, y: 20 },
  ];
  assert.deepEqual(
    [valueAt(points, 0.5), valueAt(points, 1), valueAt(points, 1.9), valueAt(points, Infinity)],
    [null, 10, 10, 20],
  );
});

test('the crosshair is never where nothing has been yet', () => {
  const view = recordedView(40);
  assert.equal(crossAt(276, 'round', reachedOf(view, 'round', 0)), view.rounds.at(-1)?.round);
  assert.equal(crossAt(0.2, 'round', reachedOf(view, 'round', 0)), 1);
  assert.equal(crossAt(900, 'time', reachedOf(view, 'time', view.startedAt + 40_000)), 40);
});

test('keys walk the crosshair from the newest figures, never out of what has been', () => {
  assert.deepEqual([stepCross(null, -1, 'round', 7), stepCross(null, 1, 'round', 7)], [6, 7]);
  assert.deepEqual([stepCross(1, -1, 'round', 7), stepCross(3, 1, 'round', 7)], [1, 4]);
  assert.deepEqual([stepCross(null, -1, 'time', 500), stepCross(490, 1, 'time', 500)], [490, 500]);
});

test('transports keep their rows whichever of them carries more', () => {
  const { participants } = recordedView(40, { mixed: true, participants: 5 });
  const heavier = participants.map((one, i) => ({ ...one, link: { ...one.link, sentBytes: (i + 1) * 1e9 } }));
  const order = ['quic', 'mqtt', 'amqp', 'grpc', 'dds'];
  for (const members of [participants, heavier])
    assert.deepEqual(
      bytesByProtocol(members).map(({ protocol }) => protocol),
      order,
    );
});

test('a name cannot become a formula of a spreadsheet', () => {
  const csv = seriesCsv(
    [
      {
        name: 'loss',
        series: [{ id: 'a', label: '=cmd("x")', group: 'local', protocol: null, points: [{ x: 1, y: 0.5 }] }],
      },
    ],
    'round',
  );
  assert.equal(csv, 'metric,series,round,value\r\n"loss","\'=cmd(""x"")",1,0.5\r\n');
});
