import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { play, worldsOf, type Course } from '../../../bench/selection/regret.ts';
import { scenarios } from '../../../bench/selection/scenarios.ts';
import { strategies } from '../../../bench/selection/report.ts';

/** Small, so that a transfer takes few simulated round trips. */
const payloadBytes = 2e6;
const rounds = 60;
const seeds = [1, 2, 3, 4];

/** Regret after each round as share of what the best takes in all, mean over the nine networks and some worlds each. */
function regretOf(name: string): readonly number[] {
  const sum = new Array<number>(rounds).fill(0);
  const courses = Object.values(scenarios).flatMap((path) =>
    seeds.map((seed): Course => ({ paths: Array.from({ length: rounds }, () => path), payloadBytes, seed })),
  );
  for (const course of courses) {
    const { cumulative, bestSeconds } = play(strategies[name] ?? {}, course, worldsOf(course));
    cumulative.forEach((seconds, round) => (sum[round]! += seconds / bestSeconds / courses.length));
  }
  return sum;
}

describe('regret over the nine networks', () => {
  const bandit = regretOf('bandit');
  const after60 = bandit.at(-1) ?? 0;

  test('after 60 rounds the bandit has lost a third of what Q-learning has, and less than rules', () => {
    assert.ok(after60 < (regretOf('Q-learning').at(-1) ?? 0) / 3, String(after60));
    assert.ok(after60 < (regretOf('rules').at(-1) ?? 0), String(after60));
  });

  test('the bandit comes near the best: less than a quarter of its time lost, most of it in the first half', () => {
    assert.ok(after60 < 0.25, String(after60));
    const secondHalf = after60 - (bandit[rounds / 2 - 1] ?? 0);
    assert.ok(secondHalf < 0.1 && secondHalf < 0.45 * after60, `${secondHalf} of ${after60}`);
  });

  test('it is seeded: the same course gives the same figures', () => {
    const course = { paths: Array.from({ length: 20 }, () => scenarios['poor']!), payloadBytes, seed: 7 };
    assert.deepEqual(play(strategies['bandit']!, course), play(strategies['bandit']!, course));
  });
});
