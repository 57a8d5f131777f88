import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { roundscope } from './command-line.ts';

interface Row {
  readonly transport: string;
  readonly state: string;
  readonly rounds_done: number;
  readonly figures: Readonly<Record<string, number | string | null>>;
}

describe('compare', () => {
  test('the same run over two transports: a row of figures each, the same model', async () => {
    const exit = await roundscope([
      'compare',
      ...['--transports', 'quic,mqtt', '--participants', '2', '--rounds', '2', '--local-epochs', '1', '--json'],
    ]);
    assert.equal(exit.status, 0, exit.stderr);
    const last = JSON.parse(exit.stdout.trimEnd().split('\n').at(-1) ?? '') as { event: string; rows: Row[] };
    assert.equal(last.event, 'comparison');
    assert.deepEqual(
      last.rows.map(({ transport, state, rounds_done: done }) => [transport, state, done]),
      [
        ['quic', 'completed', 2],
        ['mqtt', 'completed', 2],
      ],
    );
    const [quic, mqtt] = last.rows.map(({ figures }) => figures);
    assert.match(String(quic?.['model_hash']), /^[0-9a-f]{64}$/);
    assert.equal(mqtt?.['model_hash'], quic?.['model_hash']);
    for (const figures of [quic, mqtt]) {
      for (const name of ['round_ms', 'connect_ms', 'payload_bytes', 'participants_cpu_s'])
        assert.ok(Number(figures?.[name]) > 0, `${name}: ${String(figures?.[name])}`);
      // A run that is over within a second has had no heartbeat.
      const controlMs = figures?.['control_p50_ms'];
      assert.ok(controlMs === null || Number(controlMs) > 0, `control_p50_ms: ${String(controlMs)}`);
      assert.ok(Number(figures?.['wire_bytes']) > Number(figures?.['payload_bytes']));
    }
  });

  test('a transport that there is not is named before anything starts', async () => {
    const exit = await roundscope(['compare', '--transports', 'quic,pigeon']);
    assert.equal(exit.status, 2);
    assert.match(exit.stderr, /--transports takes .*quic/);
  });
});
