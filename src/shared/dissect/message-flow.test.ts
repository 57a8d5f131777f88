import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PacketRow } from '../contract/packet.ts';
import { packetRow } from '../filter/filter-samples.ts';
import { messageFlow } from './message-flow.ts';

const sent = (id: number, at: number, over: Partial<PacketRow> = {}): PacketRow =>
  packetRow({ id, at, side: 'sent', source: 'node-3', peer: 'coordinator', sizeBytes: 100, ...over });
const received = (id: number, at: number, over: Partial<PacketRow> = {}): PacketRow =>
  packetRow({ id, at, side: 'received', source: 'coordinator', peer: 'node-3', sizeBytes: 100, ...over });
const chunk = (n: number): Partial<PacketRow> => ({ kind: 'chunk', chunk: `${n}/2` });

test('the frames of both ends become one message with its transit, however their reports come in', () => {
  const flow = messageFlow([
    received(9, 1300, chunk(2)),
    received(2, 1010, { chunk: '' }),
    sent(1, 1000, { chunk: '' }),
    sent(5, 1100, chunk(2)),
    sent(4, 1050, chunk(1)),
    received(6, 1200, chunk(1)),
  ]);
  assert.deepEqual([flow?.kind, flow?.from, flow?.to], ['model_update', 'node-3', 'coordinator']);
  assert.deepEqual([flow?.sentBytes, flow?.receivedBytes, flow?.transitMs], [300, 300, 300]);
  assert.deepEqual(
    flow?.parts.map(({ chunk: place, transitMs }) => [place, transitMs]),
    [
      ['', 10],
      ['1/2', 150],
      ['2/2', 200],
    ],
  );
});

test('what was taken by flow control after it had come left when it was handed over', () => {
  const flow = messageFlow([received(2, 1010, chunk(1)), sent(1, 1012, { ...chunk(1), durationMs: 8 })]);
  assert.deepEqual([flow?.transitMs, flow?.parts[0]?.transitMs, flow?.parts.length], [6, 6, 1]);
});

test('what is not known is null: one end alone, a frame that never came, a clock that runs behind', () => {
  assert.deepEqual(messageFlow([]), null);
  const alone = messageFlow([received(1, 1000, chunk(1))]);
  assert.deepEqual([alone?.sentBytes, alone?.receivedBytes, alone?.transitMs], [null, 100, null]);
  const lost = messageFlow([
    sent(1, 1000, { ...chunk(1), status: 'undeliverable' }),
    sent(2, 1500, chunk(1)),
    received(3, 1700, chunk(1)),
  ]);
  assert.equal(lost?.sentBytes, 100);
  const behind = messageFlow([sent(1, 1000, chunk(1)), received(2, 990, chunk(1))]);
  assert.deepEqual([behind?.transitMs, behind?.parts[0]?.transitMs, behind?.parts.length], [null, null, 1]);
});

test('one that is sent again on another connection is a part of its own', () => {
  const flow = messageFlow([
    sent(1, 1000, chunk(1)),
    sent(2, 2000, { ...chunk(1), connection: 2 }),
    received(3, 2100, { ...chunk(1), connection: 2 }),
  ]);
  assert.deepEqual(
    flow?.parts.map(({ transitMs, received: came }) => [transitMs, came?.id ?? null]),
    [
      [null, null],
      [100, 3],
    ],
  );
});
