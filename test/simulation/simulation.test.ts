import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeds } from './seeds.ts';
import { simulate } from './simulate.ts';

/** Thousands in `npm test`, a few hundred in `npm run check`, which says so by ROUNDSCOPE_SEEDS. A thousand take 1 to 2 s. */
const count = Number(process.env['ROUNDSCOPE_SEEDS'] ?? 5000);

function play(seed: number): ReturnType<typeof simulate> {
  try {
    return simulate(seed);
  } catch (error) {
    throw new Error(`play it again: node test/simulation/run.ts --seed ${seed}`, { cause: error });
  }
}

test('seeds that failed once', () => {
  for (const { seed } of seeds) play(seed);
});

test(`${count} seeded runs under partitions, restarts, freezes and worse`, () => {
  const ends = new Map<string, number>();
  for (let seed = 1; seed <= count; seed++) {
    const { outcome } = play(seed);
    ends.set(outcome.status, (ends.get(outcome.status) ?? 0) + 1);
  }
  // Weather in which nothing completes, or nothing goes wrong, tests nothing.
  assert.ok((ends.get('completed') ?? 0) > count / 2, JSON.stringify([...ends]));
  assert.ok((ends.get('stalled') ?? 0) > 0, JSON.stringify([...ends]));
});

test('the same seed is the same run', () => {
  for (const seed of [3, 17, 99]) assert.deepEqual(simulate(seed), simulate(seed));
});
