import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VerdictView } from '#shared/run-view/run-view.ts';
import { placeOf } from './evidence-place.ts';

test('evidence leads to its packet, or to the packets of the participant that is named; what is nobody filters nothing', () => {
  const place = (ref: string, subject: string): object => placeOf({ ref, at: 0, text: '' }, { subject } as VerdictView);
  assert.deepEqual(place('packet:12', 'node-1'), { view: 'packets', packet: 12 });
  assert.deepEqual(place('event:12', 'node-1'), { view: 'packets', packet: null, filter: 'participant == node-1' });
  for (const subject of ['coordinator', 'this machine', 'the broker', 'the network'])
    assert.deepEqual(place('event:12', subject), { view: 'packets', packet: null, filter: '' });
});
