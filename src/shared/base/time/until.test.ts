import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseUntil } from './until.ts';

const now = new Date(2026, 10, 30, 12, 0).getTime();

test('lengths of time, days and moments', () => {
  const hour = 3_600_000;
  const given: readonly (readonly [string, number])[] = [
    ['90m', now + 1.5 * hour],
    ['3d', now + 72 * hour],
    ['2026-12-24', new Date(2026, 11, 24, 23, 59, 59, 999).getTime()],
    ['2026-12-24T18:00', new Date(2026, 11, 24, 18, 0).getTime()],
    ['2026-12-24 18:00', new Date(2026, 11, 24, 18, 0).getTime()],
  ];
  for (const [text, until] of given) assert.deepEqual(parseUntil(text, now), { ok: true, value: until }, text);
});

test('what is over, too far off or no moment is told', () => {
  for (const [text, words] of [
    ['2026-11-29', /over already/],
    ['2036-12-31', /further off/],
    ['2026-13-40', /no moment/],
    ['soon', /no moment/],
    ['', /no moment/],
  ] as const) {
    const checked = parseUntil(text, now);
    assert.ok(!checked.ok, text);
    assert.match(checked.error, words);
  }
});
