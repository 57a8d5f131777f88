import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { networkFigures, networkOf } from '#shared/contract/run/network.ts';
import { demoDefaults } from '#shared/contract/run/settings.ts';
import { parseArguments, type Command } from '../arguments.ts';
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
  return demoSettings(args.value, demoDefaults.paceMs);
}

describe('options of the demo', () => {
  test('nothing given means the defaults', () => {
    const settings = settingsOf();
    assert.deepEqual(settings.ok && settings.value, demoDefaults);
  });

  test('a pace is given in seconds; without one it is what the command has', () => {
    const paceOf = (...argv: readonly string[]): unknown => {
      const settings = settingsOf(...argv);
      return settings.ok && settings.value.paceMs;
    };
    assert.deepEqual([paceOf(), paceOf('--pace', '2.5'), paceOf('--pace', '0')], [demoDefaults.paceMs, 2500, 0]);
  });

  test('a bad value is refused by the name of its option', () => {
    for (const [argv, name] of [
      [['--rounds', 'many'], '--rounds'],
      [['--participants', '0'], '--participants'],
      [['--participants', '65'], '--participants takes at most 64.'],
      [['--rounds', '-1'], '--rounds takes at least 1.'],
      [['--deadline', '9999999'], '--deadline takes at most 3600 seconds.'],
      [['--local-epochs', '1.5'], '--local-epochs'],
      [['--split', 'dirichlet'], '--split'],
      [['--split', 'dirichlet:1000'], '--split: alpha of dirichlet:1000 must lie from 0.01 to 100'],
      [['--split', 'dirichlet:0'], '--split: alpha of dirichlet:0 must lie'],
      [['--transport', 'pigeon'], '--transport'],
      [['--deadline', ''], '--deadline'],
      [['--selection', 'luck'], '--selection'],
      [['--pace', '-1'], '--pace'],
      [['--pace', 'slow'], '--pace'],
    ] as const) {
      const settings = settingsOf(...argv);
      assert.ok(
        !settings.ok && settings.error.startsWith(name),
        `${argv.join(' ')}: ${settings.ok ? 'accepted' : settings.error}`,
      );
    }
  });

  test('how to choose a protocol is passed on as it is given', () => {
    const settings = settingsOf('--transport', 'auto', '--selection', 'q-learning');
    assert.equal(settings.ok && settings.value.selection, 'q-learning');
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

  test('a fault may be given an end', () => {
    const fault = parseFault('blackhole:node-2@2+7.5');
    assert.deepEqual(fault.ok && fault.value, { name: 'blackhole', participant: 'node-2', round: 2, seconds: 7.5 });
    assert.ok(!parseFault('blackhole+soon').ok);
  });

  test('networks in all their forms, and a deadline that leaves time for them', () => {
    const settings = settingsOf(
      ...['--network', 'poor', '--network', 'satellite:node-3', '--network', 'poor,loss=5,bandwidth=500:node-2'],
      ...['--network', 'latency=80,jitter=10:node-4'],
    );
    assert.ok(settings.ok);
    const { network, deadlineMs } = settings.value;
    assert.deepEqual(network, [
      { preset: 'poor' },
      { preset: 'satellite', participant: 'node-3' },
      { preset: 'poor', participant: 'node-2', change: { lossPercent: 5, bandwidthKbps: 500 } },
      { preset: 'none', participant: 'node-4', change: { latencyMs: 80, jitterMs: 10 } },
    ]);
    assert.deepEqual(networkOf(network, 'node-1').figures, networkFigures.poor);
    assert.deepEqual(networkOf(network, 'node-2').figures, {
      ...networkFigures.poor,
      lossPercent: 5,
      bandwidthKbps: 500,
    });
    assert.equal(networkOf(network, 'node-3').preset, 'satellite');
    assert.equal(networkOf(network, 'node-4').figures.latencyMs, 80);
    assert.ok(deadlineMs > 80_000, `${deadlineMs}`);
    const strict = settingsOf('--network', 'satellite', '--deadline', '9');
    assert.equal(strict.ok && strict.value.deadlineMs, 9000);
  });

  test('a network that there is not is refused with what to write instead', () => {
    for (const [text, complaint] of [
      ['poore', /did you mean poor\?/],
      ['very-poor', /did you mean very_poor\?/],
      ['lan', /networks are none, excellent/],
      ['latancy=3', /did you mean latency\?/],
      ['wind=3', /figures are latency, jitter/],
      ['latency=fast', /latency takes a number/],
      ['latency=', /latency takes a number/],
      ['loss=100', /loss .*90/],
      ['poor:node-9', /there is no node-9/],
      ['poor:', /write it as/],
      ['poor:node-1:x', /write it as/],
      ['loss=1,poor', /poor/],
    ] as const) {
      const settings = settingsOf('--network', text);
      assert.ok(!settings.ok, text);
      assert.match(settings.error, complaint);
    }
  });
});
