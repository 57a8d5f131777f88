import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FaultView, RunView, VerdictView } from '#shared/run-view/run-view.ts';
import { faultEnd, faultFigure, faultInWords, injectedWords } from '#renderer/components/words/fault-words.ts';
import { recordedView } from '#test/support/recorded/recorded-view.ts';
import { groupOf, laneBoxes, stallsOf } from './lanes/lane-layout.ts';
import { faultNote, stallNote } from './round-notes.ts';

const verdict = (subject: string, spans: VerdictView['spans']): VerdictView =>
  ({ subject, spans, since: spans[0]?.from ?? 0, clearedAt: spans.at(-1)?.to ?? null }) as VerdictView;
const fault = (change: Partial<FaultView>): FaultView =>
  ({
    fault: 'freeze-trainer',
    participant: 'node-2',
    round: 1,
    state: 'cleared',
    at: 0,
    note: '',
    clearedAt: null,
    ...change,
  }) as FaultView;

describe('what stalled stays to be seen when it is over', () => {
  test('a freeze stays hatched in the middle of the training that it interrupted', () => {
    const stalls = stallsOf({ verdicts: [verdict('node-2', [{ from: 3000, to: 9000 }])], endedAt: null }, 'node-2');
    const training = { round: 1, phase: 'train' as const, startedAt: 1000, endedAt: 12_000 };
    const boxes = laneBoxes([training], stalls, { fromAt: 0, toAt: 20_000 });
    assert.deepEqual(
      boxes.map(({ kind, startedAt, endedAt }) => [kind, startedAt, endedAt]),
      [
        ['train', 1000, 3000],
        ['stalled', 3000, 9000],
        ['train', 9000, 12_000],
      ],
    );
  });

  test('a verdict that came again has a hatch for each time', () => {
    const spans = [
      { from: 1000, to: 2000 },
      { from: 5000, to: null },
    ];
    const stalls = stallsOf({ verdicts: [verdict('node-2', spans)], endedAt: null }, 'node-2');
    assert.deepEqual(stalls, [
      { fromAt: 1000, toAt: 2000 },
      { fromAt: 5000, toAt: null },
    ]);
    assert.deepEqual(stallsOf({ verdicts: [verdict('node-20', spans)], endedAt: null }, 'node-2'), []);
  });

  test('the list says who stalled in which round, for how long, and what became of it', () => {
    const view = recordedView(64);
    const [first, second] = view.rounds;
    assert.ok(first?.endedAt != null && second !== undefined);
    const told: RunView = {
      ...view,
      verdicts: [verdict('node-4', [{ from: first.startedAt + 1000, to: first.endedAt + 2000 }])],
      faults: [fault({ participant: 'node-4', at: first.startedAt + 500, clearedAt: first.endedAt - 100 })],
    };
    const seconds = Math.round((first.endedAt - first.startedAt - 1000) / 1000);
    assert.equal(stallNote(told, first, 0), `node-4 stalled ${seconds} s`);
    assert.equal(
      stallNote(told, { ...first, missing: ['node-4'] }, 0),
      `node-4 stalled ${seconds} s, closed without it`,
    );
    assert.equal(stallNote(told, second, 0), 'node-4 stalled 2 s');
    assert.equal(faultNote(told, first, 0), 'freeze training on node-4');
    assert.equal(faultNote(told, second, 0), '');
    assert.equal(stallNote(view, first, 0), '');
  });

  test('a fault that acts once is a moment, one that lasts goes on until it is taken back', () => {
    assert.equal(faultEnd(fault({ fault: 'kill-participant', state: 'active', at: 5 }), 900), 5);
    assert.equal(faultEnd(fault({ fault: 'blackhole', state: 'active', at: 5 }), 900), 900);
    assert.equal(faultEnd(fault({ fault: 'blackhole', at: 5, clearedAt: 70 }), 900), 70);
  });

  test('a fault has one name wherever it is spoken of', () => {
    assert.equal(faultInWords('rebind'), 'NAT rebinding');
    assert.equal(faultInWords('freeze-trainer'), 'freeze training');
    assert.equal(injectedWords('freeze-trainer'), 'freeze training');
    assert.equal(injectedWords('something else'), 'something else');
  });
});

test('when a round begins nobody is in, whatever was said of the wait before it', () => {
  const view = recordedView(64);
  const round = view.rounds.at(-1);
  const waitedBefore = view.wait === null ? null : { ...view.wait, round: view.round - 1, waitingFor: [] };
  const begun: RunView = {
    ...view,
    wait: waitedBefore,
    rounds: [
      ...view.rounds.slice(0, -1),
      { ...round!, updates: [], evaluations: [], aggregatedAt: null, endedAt: null },
    ],
  };
  for (const participant of view.participants)
    assert.equal(groupOf(begun, participant, false, round!.startedAt + 100), 'working', participant.id);
});

test('a loss and a delay say how much while they last, and nothing where that is not told', () => {
  const networks = [{ participant: 'node-2', figures: { lossPercent: 11, latencyMs: 500 } }] as never;
  const words = (change: Partial<FaultView>): string => faultFigure(fault({ state: 'active', ...change }), networks);
  assert.equal(words({ fault: 'loss' }), ' (11 % lost each way)');
  assert.equal(words({ fault: 'delay' }), ' (500 ms each way)');
  assert.equal(words({ fault: 'loss', state: 'cleared' }), '');
  assert.equal(words({ fault: 'loss', participant: 'node-3' }), '');
  assert.equal(words({ fault: 'freeze-trainer' }), '');
});
