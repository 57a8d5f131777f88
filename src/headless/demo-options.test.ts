import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { demoDefaults } from '#shared/contract/settings.ts';
import { parseArguments, type Command } from './arguments.ts';
import { demoOptions, demoSettings, parseFault } from './demo-options.ts';

const command: Command = {
  name: 'demo',
  summary: '',
  positionals: [],
  options: demoOptions,
  examples: [],
  run: () => Promise.resolve(0),
};

function settingsOf(...argv: readonly string[]): ReturnType<typeof demoSettings> {
  const args = parseArguments(command, argv);
  assert.ok(args.ok);
  return demoSettings(args.value);
}

describe('options of the demo', () => {
  test('nothing given means the defaults', () => {
    const settings = settingsOf();
    assert.deepEqual(settings.ok && settings.value, demoDefaults);
  });

  test('a bad value is refused by the name of its option', () => {
    for (const [argv, name] of [
      [['--rounds', 'many'], '--rounds'],
      [['--participants', '0'], '--participants'],
      [['--local-epochs', '1.5'], '--local-epochs'],
      [['--split', 'dirichlet'], '--split'],
      [['--transport', 'pigeon'], '--transport'],
      [['--deadline', ''], '--deadline'],
    ] as const) {
      const settings = settingsOf(...argv);
      assert.ok(
        !settings.ok && settings.error.startsWith(name),
        `${argv.join(' ')}: ${settings.ok ? 'accepted' : settings.error}`,
      );
    }
  });

  test('faults in all their forms', () => {
    const value = (text: string): unknown => {
      const fault = parseFault(text);
      return fault.ok ? fault.value : fault.error;
    };
    assert.deepEqual(value('drop-link'), { name: 'drop-link' });
    assert.deepEqual(value('drop-link:node-2'), { name: 'drop-link', participant: 'node-2' });
    assert.deepEqual(value('drop-link@3'), { name: 'drop-link', round: 3 });
    assert.deepEqual(value('connection-per-message:node-2@3'), {
      name: 'connection-per-message',
      participant: 'node-2',
      round: 3,
    });
    assert.match(String(value('drop-lnik')), /did you mean drop-link/);
    assert.match(String(value('drop-link@soon')), /write it as/);
  });
});
