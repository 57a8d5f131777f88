import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrayBuffersLimitBytes, fuzz } from './fuzz.ts';
import { targets } from './targets.ts';
import { seededRandom } from '#shared/base/random.ts';

test('unchanged samples are accepted, so that mutations start from what decoders know', () => {
  for (const { name, samples, run } of targets)
    for (const sample of samples) assert.ok(run(sample, seededRandom(1)), name);
});

test('20,000 mutated inputs: no decoder throws, memory stays bounded', () => {
  const report = fuzz({ seed: 7, count: 20_000 });
  assert.equal(report.failure, null);
  assert.ok(report.accepted > 0 && report.accepted < report.inputs);
  assert.ok(report.arrayBuffersMaxBytes < arrayBuffersLimitBytes);
});
