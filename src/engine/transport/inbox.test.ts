import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { limits } from '#shared/contract/limits.ts';
import { Inbox } from './inbox.ts';
import type { IncomingFrame, Lane, Session } from './transport.ts';

function frame(lane: Lane, ...parts: readonly Uint8Array[]): IncomingFrame {
  return { lane, parts, stream: lane };
}

async function rest(inbox: Inbox): Promise<string[]> {
  const streams: string[] = [];
  for await (const { stream } of inbox) streams.push(stream);
  return streams;
}

describe('frames received and not yet read', () => {
  test('go to a reader that waits without a stop, else control first', async () => {
    const inbox = new Inbox();
    const reader = inbox[Symbol.asyncIterator]();
    const waited = reader.next();
    assert.equal(inbox.put(frame('bulk:a')), null);
    assert.equal((await waited).value?.stream, 'bulk:a');
    for (const lane of ['bulk:b', 'control', 'bulk:c'] as const) assert.equal(inbox.put(frame(lane)), null);
    inbox.end();
    assert.deepEqual(await rest(inbox), ['control', 'bulk:b', 'bulk:c']);
    assert.equal((await reader.next()).done, true);
  });

  test('hold the sender back by the bytes of all their parts, each half for itself', async () => {
    const inbox = new Inbox();
    const half = new Uint8Array(limits.inboundBytesMax / 2);
    assert.equal(inbox.put(frame('bulk:a', half, half)), null);
    const events: string[] = [];
    const waits = inbox.put(frame('bulk:b', half))?.then(() => events.push('room'));
    assert.ok(waits !== undefined, 'a full half takes no more');
    assert.equal(inbox.put(frame('control')), null, 'control does not wait for bulk');
    const reader = inbox[Symbol.asyncIterator]();
    assert.equal((await reader.next()).value?.stream, 'control');
    assert.deepEqual(events, []);
    assert.equal((await reader.next()).value?.stream, 'bulk:a');
    await waits;
    assert.equal((await reader.next()).value?.stream, 'bulk:b');
  });

  test('by their number too', () => {
    const inbox = new Inbox();
    for (let i = 0; i < limits.inboundFramesMax; i++) assert.equal(inbox.put(frame('control')), null);
    assert.notEqual(inbox.put(frame('control')), null);
  });

  test('an end lets go of who waits, on either side', async () => {
    const full = new Inbox();
    void full.put(frame('bulk:a', new Uint8Array(limits.inboundBytesMax)));
    const late = full.put(frame('bulk:late'));
    assert.notEqual(late, null);
    full.end();
    await late;
    assert.deepEqual(await rest(full), ['bulk:a'], 'what found no room before the end is nobody’s');
    const empty = new Inbox();
    const waiting = empty[Symbol.asyncIterator]().next();
    empty.end();
    assert.equal((await waiting).done, true);
  });
});

test('what comes after the last frame has no fields, and the compiler knows it', async () => {
  const inbox = new Inbox();
  inbox.end();
  const frames: ReturnType<Session['frames']> = inbox;
  const end = await frames[Symbol.asyncIterator]().next();
  // @ts-expect-error -- a frame has no such field, and neither has the end
  const read: unknown = end.value?.bytes;
  assert.deepEqual([read, end.done], [undefined, true]);
});
