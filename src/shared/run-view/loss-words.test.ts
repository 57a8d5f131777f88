import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { asRunId } from '../contract/ids.ts';
import { limits } from '../contract/limits.ts';
import type { Loss } from '../contract/losses.ts';
import { applyEvent, emptyView } from './apply/apply-event.ts';
import { incompleteWords, lossPlaceWords, lostKinds, lostWords } from './loss-words.ts';
import type { RunView } from './run-view.ts';

const some: Loss = {
  process: 'coordinator',
  kind: 'packets',
  reason: 'queue_full',
  count: 1234,
  from: 100,
  to: 200,
  afterPacket: 7,
};

function told(...losses: readonly Loss[]): RunView {
  let view = emptyView('r-1', 0);
  for (const data of losses)
    view = applyEvent(view, { type: 'rows_lost', run: asRunId('r-1'), source: 'service', at: 300, data });
  return view;
}

describe('what is lost, in words', () => {
  test('of each kind by its name, and nothing where nothing is', () => {
    const none = { packets: 0, events: 0, malformed: 0, cutBodies: 9 };
    assert.equal(lostWords(none), 'nothing lost');
    assert.equal(lostWords({ ...none, packets: 1 }), '1 packet lost');
    assert.equal(lostWords({ ...none, events: 10 }), '10 events lost');
    assert.equal(lostWords({ ...none, packets: 1234, events: 2 }), '1,234 packets, 2 events lost');
    assert.equal(lostWords({ ...none, malformed: 3 }), '3 malformed');
    assert.equal(lostWords({ ...none, packets: 2, malformed: 3 }), '2 packets lost, 3 malformed');
    assert.equal(lostKinds({ ...none, packets: 2, events: 1, malformed: 3 }), 'packets, events lost, malformed');
    assert.equal(lostKinds({ ...none, malformed: 3 }), 'malformed');
  });

  test('at its place: whose, how many and why', () => {
    assert.equal(lossPlaceWords(some), '1,234 packets of coordinator were lost here (queue full)');
    assert.equal(lossPlaceWords({ ...some, count: 1 }), '1 packet of coordinator was lost here (queue full)');
    assert.equal(
      lossPlaceWords({ ...some, reason: 'malformed', process: 'node-1', count: 3 }),
      '3 packets of node-1 could not be read here (malformed)',
    );
    assert.equal(
      lossPlaceWords({ ...some, reason: 'disk_refused' }),
      '1,234 packets from here on are not in the recording (the disk refused them)',
    );
  });

  test('only events that nobody saw make verdicts incomplete', () => {
    const events = { ...some, kind: 'events', count: 2 } as const;
    assert.equal(incompleteWords([some, { ...events, reason: 'recorder_full' }]), null);
    assert.match(incompleteWords([events]) ?? '', /^2 events of coordinator were lost: lanes, rounds and verdicts may/);
    const others = ['a', 'b', 'c', 'd'].map((process) => ({ ...events, process }));
    assert.match(incompleteWords(others) ?? '', /^8 events of 4 processes were lost/);
  });
});

describe('losses of a run', () => {
  test('at the same place are one; at others, of others and of other kinds are not', () => {
    const { losses } = told(
      some,
      { ...some, count: 6, from: 90, to: 250 },
      { ...some, afterPacket: 8 },
      { ...some, process: 'node-1' },
      { ...some, kind: 'events' },
      { ...some, reason: 'malformed' },
    );
    assert.equal(losses.length, 5);
    assert.deepEqual([losses[0]?.count, losses[0]?.from, losses[0]?.to], [1240, 90, 250]);
  });

  test('are kept within a bound, and what falls out is counted', () => {
    const view = told(...Array.from({ length: limits.viewLossesMax + 3 }, (_, i) => ({ ...some, afterPacket: i })));
    assert.deepEqual([view.losses.length, view.losses[0]?.afterPacket, view.dropped], [limits.viewLossesMax, 3, 3]);
  });
});
