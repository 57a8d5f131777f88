import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dialLimitWords, networkFigures, networkOf, networkPresets } from '#shared/contract/run/network.ts';

test('a network whose round trip is beyond the limit for dialing is said to be; none of the presets is', () => {
  const slow = networkOf([{ preset: 'none', change: { latencyMs: 5000 } }], 'node-1');
  assert.equal(
    dialLimitWords('node-1', slow),
    'node-1 cannot open a connection: a round trip of its network takes 10 s, and dialing is given up after 10 s.',
  );
  const bearable = networkOf([{ preset: 'none', change: { latencyMs: 4900 } }], 'node-1');
  assert.equal(dialLimitWords('node-1', bearable), null);
  for (const preset of networkPresets)
    assert.equal(dialLimitWords('node-1', { preset, figures: networkFigures[preset], outage: 'none' }), null);
});
