import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PacketRow } from '#shared/contract/packet.ts';
import { packetRow } from '#shared/filter/filter-samples.ts';
import { seen, type Seen } from '#test/support/recorded/observed-run.ts';
import { observePacket } from './observe-packet.ts';

describe('packets', () => {
  const send = ({ run }: Seen, at: number, over: Partial<PacketRow>): void =>
    observePacket(
      run,
      packetRow({
        id: at,
        at,
        participant: 'node-1',
        source: 'coordinator',
        side: 'received',
        kind: 'ping',
        protocol: 'quic',
        ...over,
      }),
    );
  const packet = (at: number, text: string): object => ({ ref: `packet:${at}`, at, text });

  test("count where the coordinator saw them, or from a participant's chair its own", () => {
    const heardAt = (over: Partial<PacketRow>, chair: 'coordinator' | 'participant' = 'coordinator'): unknown => {
      const story = seen({}, { chair, self: 'node-1' });
      send(story, 5, over);
      return story.node.lastHeard;
    };
    assert.deepEqual(heardAt({}), packet(5, 'ping received'));
    for (const over of [{ source: 'node-1' }, { participant: '' }, { status: 'rejected' }, { side: 'sent' }] as const)
      assert.equal(heardAt(over), null, JSON.stringify(over));
    assert.deepEqual(heardAt({ source: 'node-1' }, 'participant'), packet(5, 'ping received'));
    assert.equal(heardAt({}, 'participant'), null);
  });
  test('tell the protocol, echoes and what found no open connection', () => {
    const story = seen({});
    send(story, 5, { protocol: 'amqp', kind: 'heartbeat' });
    assert.deepEqual([story.node.protocol, story.node.lastEcho], ['amqp', null]);
    send(story, 6, { kind: 'ping', durationMs: 3 });
    assert.equal(story.node.lastEcho, null);
    send(story, 7, { kind: 'heartbeat', durationMs: 0 });
    assert.deepEqual(story.node.lastEcho, packet(7, 'a heartbeat that answers one of ours'));
    send(story, 8, { kind: 'update_ack', status: 'undeliverable' });
    assert.deepEqual(
      [story.node.undeliverable, story.node.lastHeard?.at],
      [[packet(8, 'update_ack for node-1 found no open connection')], 7],
    );
  });
  test('tell how each session ended', () => {
    const end = (note: string, side: 'sent' | 'received' = 'received'): unknown => {
      const story = seen({});
      send(story, 1, { kind: 'connection_open', connection: 4 });
      send(story, 2, { kind: 'connection_open', connection: 5 });
      send(story, 3, { kind: 'connection_close', connection: 4, side, note });
      const [first, second] = story.node.sessions;
      assert.deepEqual(
        [first?.opened, first?.connection, second?.end, second?.closed],
        [packet(1, 'node-1 opened connection 4'), 4, 'open', null],
      );
      assert.equal(story.node.lastHeard, null);
      return [first?.end, first?.closed?.text];
    };
    assert.deepEqual(end('closed by the other end (clean): hung up right after heartbeat'), [
      'hung_up',
      'node-1 hung up connection 4 right after heartbeat',
    ]);
    assert.deepEqual(end('closed by the other end (clean): bye'), ['hung_up', 'node-1 hung up connection 4']);
    assert.deepEqual(end('closed by the other end (clean): bye', 'sent'), [
      'on_purpose',
      'connection 4 ended: closed by the other end (clean): bye',
    ]);
    for (const code of ['complete', 'changed', 'completed', 'stalled', 'failed', 'interrupted', 'superseded']) {
      assert.equal((end(`closed by the other end (${code}): x`) as string[])[0], 'on_purpose', code);
      assert.equal((end(`${code}: x`) as string[])[0], 'on_purpose', code);
    }
    assert.equal((end('closed by the other end (lost): clean: x') as string[])[0], 'broken');
    assert.equal((end('peer_silent: nothing heard') as string[])[0], 'broken');
    assert.equal((end('it was closed by the other end (clean): x') as string[])[0], 'broken');
  });
  test('of a connection that is not known to be open tell no end', () => {
    const story = seen({});
    send(story, 1, { kind: 'connection_close', connection: 1, note: 'cut' });
    assert.equal(story.node.sessions.length, 0);
    send(story, 2, { kind: 'connection_open', connection: 1 });
    send(story, 3, { kind: 'connection_close', connection: 1, note: 'cut' });
    send(story, 4, { kind: 'connection_close', connection: 1, note: 'clean' });
    assert.deepEqual(
      story.node.sessions.map(({ end, closed }) => [end, closed?.at]),
      [['broken', 3]],
    );
  });
});
