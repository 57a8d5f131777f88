import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryFederation } from '#test/support/kits/memory-federation.ts';
import { batchOf, modelMessage, progressMessage, take } from '#test/support/kits/messages.ts';

const never = new AbortController().signal;

describe('connection per message', () => {
  test('each message has its own connection, answers find no session, and the packet log shows all of it', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant, coordinator } = await federation.pair('node-1');
    const up = coordinator.messages()[Symbol.asyncIterator]();
    const down = participant.messages()[Symbol.asyncIterator]();
    participant.setConnectionPerMessage(true);
    await federation.clock.advance(10);
    for (let i = 0; i < 3; i++) await participant.send(progressMessage(i), { signal: never });
    await participant.send(modelMessage(1_200_000), { signal: never });
    const received = await federation.within(10_000, take(up, 4));
    assert.deepEqual(received.slice(0, 3).map(batchOf), [0, 1, 2]);
    assert.deepEqual([coordinator.status.connections, coordinator.status.reconnects], [5, 4]);
    await coordinator.send(progressMessage(77), { signal: never });
    await federation.clock.advance(30_000);

    assert.equal(coordinator.status.state, 'lost');
    const beats = coordinator.status.connections - 5;
    assert.ok(beats >= 25 && beats <= 31, `a connection for each heartbeat too: ${beats}`);
    const reports = federation.coordinatorReports;
    assert.deepEqual(
      reports.ofKind('connection_open').map(({ connection }) => connection),
      Array.from({ length: coordinator.status.connections }, (_, i) => i + 1),
    );
    assert.match(reports.ofKind('connection_close').at(-1)?.note ?? '', /hung up right after heartbeat/);
    const undeliverable = reports.ofKind('training_progress').filter(({ status }) => status === 'undeliverable');
    assert.ok(undeliverable.length >= 1, 'told at each session that ended without it');
    assert.match(undeliverable[0]?.note ?? '', /no open session/);

    participant.setConnectionPerMessage(false);
    assert.deepEqual((await federation.within(10_000, take(down, 1))).map(batchOf), [77]);
    assert.equal(coordinator.status.state, 'ready');
  });
});
