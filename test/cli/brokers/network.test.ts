import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Command, type Exit, type Line } from '../command-line.ts';

/** What a bad network takes is added to what a loaded machine may take. */
const patienceMs = 180_000;

async function demo(...args: readonly string[]): Promise<Exit> {
  await using command = new Command(['demo', '--headless', '--json', '--seed', '3', '--split', 'iid', ...args]);
  return await command.exit(patienceMs);
}

function of(lines: readonly Line[], event: string): readonly Line[] {
  return lines.filter((line) => line.event === event);
}

function models(lines: readonly Line[]): readonly unknown[] {
  return of(lines, 'round_ended').map((line) => line['model_after']);
}

/** Each update that counted, as "round participant". */
function counted(lines: readonly Line[]): readonly string[] {
  return of(lines, 'update_received')
    .filter((line) => line['counted'] === true)
    .map((line) => `${String(line['round'])} ${String(line['participant'])}`)
    .toSorted();
}

interface Figures {
  readonly packets: number;
  readonly lost: number;
  readonly delay_ms: number;
}

describe('a demo over bad networks', () => {
  test('every transport completes over a poor one, with the models of the plain run of that seed', async () => {
    // Little training and much time: what is tried here is the way, not the machine.
    const shape = ['--participants', '5', '--rounds', '2', '--local-epochs', '1', '--deadline', '150'];
    const poor = await demo('--transport', 'mixed', '--network', 'poor', ...shape);
    assert.equal(poor.status, 0, poor.stderr);
    assert.equal(poor.summary.rounds_completed, 2);
    const plain = await demo('--transport', 'mqtt', ...shape);
    assert.equal(plain.status, 0, plain.stderr);
    assert.deepEqual(models(poor.lines), models(plain.lines));
    assert.equal(models(plain.lines).length, 2);
    assert.deepEqual(counted(poor.lines), counted(plain.lines));
    assert.deepEqual(of(plain.lines, 'network_changed'), [], 'no relay where none is asked for');

    assert.ok(new Set(poor.summary.participants.map(({ transport }) => transport)).size >= 3);
    for (const { id, transport } of poor.summary.participants) {
      const changed = of(poor.lines, 'network_changed').filter((line) => line['participant'] === id);
      assert.equal(changed[0]?.['note'], 'poor: 100 ms, 1 % loss, 2 Mbit/s');
      const last = of(poor.lines, 'network_stats').findLast((line) => line['participant'] === id);
      const [up, down] = [last?.['up'] as Figures, last?.['down'] as Figures];
      assert.ok(
        up.packets > 10 && down.packets > 10,
        `${id} over ${transport} went past the relay: ${JSON.stringify(last)}`,
      );
    }
    const lost = of(poor.lines, 'network_stats').map((line) => (line['up'] as Figures).lost);
    assert.ok(Math.max(...lost) > 0);
  });

  test('an outage, a disconnection and a NAT rebinding in mid-round: each update is counted once', async () => {
    const { status, summary, lines, stderr } = await demo(
      ...['--transport', 'quic,mqtt,grpc', '--participants', '3', '--rounds', '2', '--deadline', '60'],
      ...['--fault', 'rebind:node-1@1', '--fault', 'disconnect:node-2@1+2', '--fault', 'blackhole:node-3@1+7'],
    );
    assert.equal(status, 0, stderr);
    assert.equal(summary.status, 'completed');
    const all = ['node-1', 'node-2', 'node-3'];
    assert.deepEqual(
      counted(lines),
      [1, 2].flatMap((round) => all.map((name) => `${round} ${name}`)),
    );
    const connections = Object.fromEntries(summary.participants.map((one) => [one.id, one.connections]));
    // The native part of this QUIC does not follow a peer to another port: silence ends the session, and it is dialed again.
    assert.ok((connections['node-1'] ?? 0) > 1, 'it was dialed again from the new port');
    assert.ok((connections['node-2'] ?? 0) > 1, 'it was reset and dialed again');
    assert.ok((connections['node-3'] ?? 0) > 1, 'silence ended the session, and another was opened');
    const notes = of(lines, 'network_changed').map((line) => line['note']);
    for (const note of ['disconnected', 'blackhole: nothing passes', 'no added delay or loss'])
      assert.ok(notes.includes(note), note);
    assert.deepEqual(
      of(lines, 'fault_cleared')
        .map((line) => String(line['fault']))
        .toSorted(),
      ['blackhole', 'disconnect', 'rebind'],
    );
  });
});
