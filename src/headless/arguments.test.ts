import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Arguments, helpText, nearest, parseArguments, type Command } from './arguments.ts';

const command: Command = {
  name: 'sail',
  summary: 'Sails.',
  positionals: [{ name: 'PORT', help: 'where to' }],
  options: [
    { name: 'crew', value: 'N', help: 'how many', default: '4' },
    { name: 'fast', help: 'all sails' },
    { name: 'cargo', value: 'WHAT', help: 'several times', repeatable: true },
  ],
  examples: ['roundscope sail oslo --fast'],
  run: () => Promise.resolve(0),
};

function parsed(...argv: readonly string[]): Arguments {
  const result = parseArguments(command, argv);
  assert.ok(result.ok, result.ok ? '' : result.error);
  return result.value;
}

function refused(...argv: readonly string[]): string {
  const result = parseArguments(command, argv);
  assert.ok(!result.ok);
  return result.error;
}

describe('arguments of a command', () => {
  test('values in both forms, switches and positionals, in any order', () => {
    const args = parsed('--crew', '7', 'oslo', '--fast');
    assert.equal(args.text('crew'), '7');
    assert.equal(parsed('--crew=8').text('crew'), '8');
    assert.ok(args.has('fast'));
    assert.deepEqual(args.positionals, ['oslo']);
  });

  test('the last of several wins, and all of a repeatable one count', () => {
    assert.equal(parsed('--crew', '1', '--crew', '2').text('crew'), '2');
    assert.deepEqual(parsed('--cargo', 'tea', '--cargo', 'silk').all('cargo'), ['tea', 'silk']);
  });

  test('an unknown option is refused with the likely one', () => {
    assert.match(refused('--crwe', '3'), /Did you mean --crew\?/);
    assert.match(refused('--zzzzzz'), /no option --zzzzzz\. See/);
  });

  test('a missing value, a value too many and a word too many are refused', () => {
    assert.match(refused('--crew'), /takes a value/);
    assert.match(refused('--crew', '--fast'), /takes a value/);
    assert.match(refused('--fast=yes'), /takes no value/);
    assert.match(refused('oslo', 'bergen'), /one word too many/);
  });

  test('the help names every option with its default', () => {
    const help = helpText(command);
    for (const part of ['--crew N', '(4)', '--fast', '--help', 'PORT', 'roundscope sail oslo --fast'])
      assert.ok(help.includes(part), part);
  });

  test('nearest counts edits', () => {
    assert.equal(nearest('dmeo', ['demo', 'join']), 'demo');
    assert.equal(nearest('xylophone', ['demo', 'join']), undefined);
  });
});
