import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesFilter } from '#shared/filter/matches-filter.ts';
import { packetRow } from '#shared/filter/filter-samples.ts';
import { parseFilter } from '#shared/filter/parse-filter.ts';
import type { VerdictView } from '#shared/run-view/run-view.ts';
import { placeOf } from './evidence-place.ts';

const noon = new Date(2026, 0, 2, 12, 0, 0, 499).getTime();
const place = (ref: string, subject: string, at = noon): ReturnType<typeof placeOf> =>
  placeOf({ ref, at, text: '' }, { subject } as VerdictView);

test('evidence leads to its packet, or to the packets around its moment of the participant that is named', () => {
  assert.deepEqual(place('packet:12', 'node-1'), { view: 'packets', packet: 12 });
  assert.deepEqual(place('event:12', 'node-1'), {
    view: 'packets',
    packet: null,
    filter: 'participant == node-1 && time >= 11:59:57 && time <= 12:00:03',
  });
  for (const subject of ['coordinator', 'this machine', 'the broker', 'the network'])
    assert.equal(place('event:12', subject).filter, 'time >= 11:59:57 && time <= 12:00:03');
  const parsed = parseFilter(place('event:12', 'node-1').filter ?? '');
  assert.ok(parsed.ok);
  const passes = (byMs: number): boolean =>
    matchesFilter(parsed.value, packetRow({ participant: 'node-1', at: noon + byMs }));
  assert.deepEqual([-9_000, -2_000, 0, 2_000, 9_000].map(passes), [false, true, true, true, false]);
});

test('at midnight, where no span of times of day holds the moment, all its packets are shown', () => {
  const midnight = new Date(2026, 0, 2, 0, 0, 1).getTime();
  assert.equal(place('event:12', 'node-1', midnight).filter, 'participant == node-1');
});
