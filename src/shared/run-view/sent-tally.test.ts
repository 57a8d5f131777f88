import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { emptyTally, joinTallies, pieceOfUnknown, SentCounter } from './sent-tally.ts';
import type { SentPacket, SentTally } from './sent-tally.ts';

let ids = 0;

function packet(kind: string, frame: Readonly<Record<string, unknown>>, change: Partial<SentPacket> = {}): SentPacket {
  const id = ++ids;
  return {
    id,
    at: 1000 + id,
    kind,
    round: 1,
    peer: 'coordinator',
    messageId: '',
    sizeBytes: 100,
    bodyBytes: 0,
    status: 'ok',
    header: JSON.stringify(frame),
    ...change,
  };
}

function message(kind: string, body: Readonly<Record<string, unknown>>, change: Partial<SentPacket> = {}): SentPacket {
  const header = { version: 4, run: 'r-1', sender: 'lab-1', kind, round: 1, id: 'm-1', sent_at: 1, body };
  const payload = kind === 'model_update' ? { payload: { hash: 'ab', length: 900, encoding: 'safetensors' } } : {};
  return packet(kind, { t: 'message', seq: 1, header: { ...header, ...payload }, ack: 0 }, change);
}

function counted(packets: readonly SentPacket[], kindOf?: (id: string) => string | null): SentTally {
  const counter = new SentCounter(kindOf);
  for (const one of packets) counter.add(one);
  return counter.tally;
}

const update = { examples: 90, base: 'cd', loss: 0.5, accuracy: 0.8, train_ms: 12, norm: 1.2 };
const announced = (): SentPacket => message('model_update', update, { messageId: 'm-7' });
const piece = (): SentPacket =>
  packet(
    'chunk',
    { t: 'chunk', transfer: 'm-7', offset: 0, index: 1, count: 1 },
    { messageId: 'm-7', sizeBytes: 950, bodyBytes: 900 },
  );

describe('what a machine has sent', () => {
  test('is counted by kind, and pieces belong to the message that they carry', () => {
    const tally = counted([announced(), piece(), piece(), packet('heartbeat', { t: 'heartbeat', n: 1, ack: 0 })]);
    const [sent, beat] = tally.kinds;
    assert.deepEqual([sent?.kind, sent?.frames, sent?.bytes, sent?.payloadBytes], ['model_update', 1, 2000, 1800]);
    assert.deepEqual([beat?.kind, beat?.frames, tally.frames, tally.bytes], ['heartbeat', 1, 4, 2100]);
    assert.deepEqual(tally.peers, ['coordinator']);
  });

  test('names a field that is on no list, at whatever depth', () => {
    const tally = counted([
      message('register', { name: 'lab-1', key: 'k', data: { examples: 3, file_names: ['a.png'] }, trainer: 't' }),
      packet('heartbeat', { t: 'heartbeat', n: 1, ack: 0, host: 'my-machine' }),
    ]);
    assert.deepEqual(
      tally.kinds.map(({ unlisted }) => unlisted),
      [['register.data.fileNames'], ['link heartbeat.host']],
    );
    assert.ok(tally.kinds[0]?.fields.includes('register.data.examples'));
  });

  test('has texts, those left out that only keep the connection', () => {
    const [sent] = counted([
      message('register', { name: 'lab-1', key: 'a key', data: {}, trainer: 'onnxruntime' }),
    ]).kinds;
    assert.deepEqual(sent?.texts, ['lab-1', 'a key', 'onnxruntime']);
  });

  test('leaves out what no session took and what is no frame, and counts what cannot be read', () => {
    const tally = counted([
      packet('heartbeat', { t: 'heartbeat', n: 1, ack: 0 }, { status: 'undeliverable' }),
      packet('connection_open', {}, { sizeBytes: 0 }),
      packet('ack', {}, { header: '' }),
    ]);
    assert.deepEqual([tally.frames, tally.notTaken, tally.unread], [1, 1, 1]);
  });

  test('is the same counted in parts', () => {
    const all = [
      announced(),
      piece(),
      piece(),
      message('pause', { reason: 'lunch' }),
      packet('ack', {}, { header: '' }),
    ];
    const kindOf = (id: string): string | null => (id === 'm-7' ? 'model_update' : null);
    for (let at = 0; at <= all.length; at++) {
      const parts = joinTallies(counted(all.slice(0, at), kindOf), counted(all.slice(at), kindOf));
      assert.deepEqual(parts, counted(all, kindOf), `cut after ${at}`);
    }
    assert.deepEqual(joinTallies(emptyTally, emptyTally), emptyTally);
  });

  test('keeps pieces of a message that nobody knows apart', () => {
    assert.equal(counted([piece()]).kinds[0]?.kind, pieceOfUnknown);
  });

  test('stays small, whatever a recording from elsewhere holds', () => {
    const wild = Array.from({ length: 3000 }, (_, i) =>
      packet(`kind-${i % 200}`, { t: `t${i}`, [`field_${i}`]: 'x'.repeat(5000) }, { messageId: `m-${i}` }),
    );
    const tally = counted(wild);
    assert.equal(tally.frames, 3000);
    assert.ok(JSON.stringify(tally).length < 400_000, 'bounded');
  });
});
