import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseArguments } from '../arguments.ts';
import { coordinate, settingsFrom } from './coordinate.ts';

function settingsOf(argv: readonly string[]): unknown {
  const args = parseArguments(coordinate, argv);
  assert.ok(args.ok);
  return settingsFrom(args.value);
}

test('the help names what holds where nothing is said', () => {
  const numbers = coordinate.options.filter((option) => /^[0-9.]+$/.test(option.default ?? ''));
  assert.ok(numbers.length >= 7, `${numbers.length} options with a number`);
  const said = numbers.flatMap((option) => [`--${option.name}`, option.default ?? '']);
  assert.deepEqual(settingsOf(said), settingsOf([]));
});
