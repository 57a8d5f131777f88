import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { generate, parser } from 'mqtt-packet';
import { limits } from '#shared/contract/limits.ts';
import { giveBackMessage } from '../../../framing/give-back.ts';
import { PacketJoiner } from './packet-joiner.ts';

const publish = (bytes: number, fill = 7): Buffer =>
  generate({ cmd: 'publish', topic: 'a/b', payload: Buffer.alloc(bytes, fill), qos: 0, retain: false, dup: false });

/** As a socket does: every read lies in the same memory. */
function readsOf(bytes: Buffer, lengths: readonly number[]): (take: (read: Uint8Array) => void) => void {
  return (take) => {
    const memory = Buffer.alloc(64 * 1024);
    let at = 0;
    for (const length of [
      ...lengths,
      ...Array.from({ length: bytes.byteLength / 1000 + 1 }, () => memory.byteLength),
    ]) {
      const read = bytes.subarray(at, at + Math.min(length, memory.byteLength));
      if (read.byteLength === 0) return;
      memory.fill(0xff);
      read.copy(memory);
      take(memory.subarray(0, read.byteLength));
      at += read.byteLength;
    }
    assert.ok(at >= bytes.byteLength, 'all has been read');
  };
}

function joined(reads: (take: (read: Uint8Array) => void) => void): Buffer[] {
  const pushed: Buffer[] = [];
  const joiner = new PacketJoiner((packets) => pushed.push(packets) > 0);
  reads((read) => void joiner.take(read));
  return pushed;
}

describe('packets of a socket', () => {
  test('are the same bytes, cut anywhere, and none is handed on in pieces', () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 200_000 })), {
      minLength: 1,
      maxLength: 6,
    });
    const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 70_000 })), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(sizes, cuts, (lengths, reads) => {
        const sent = Buffer.concat(lengths.map((bytes, i) => publish(bytes, i)));
        const pushed = joined(readsOf(sent, reads));
        assert.ok(Buffer.concat(pushed).equals(sent));
        for (const packets of pushed) {
          const whole = parser();
          assert.equal(whole.parse(packets), 0, 'it ends where a packet ends');
        }
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  test('a long one has memory of its own, which goes back through its payload; what came beside it keeps its own', () => {
    const sent = Buffer.concat([publish(10, 1), publish(200_000, 2), publish(10, 3), publish(10, 4)]);
    const pushed = joined(readsOf(sent, []));
    const payloads: Buffer[] = [];
    const reader = parser();
    reader.on('packet', (packet) => 'payload' in packet && payloads.push(packet.payload as Buffer));
    for (const packets of pushed) reader.parse(packets);
    assert.deepEqual(
      payloads.map(({ byteLength }) => byteLength),
      [10, 200_000, 10, 10],
    );
    giveBackMessage(payloads.map((payload) => payload.subarray(1)));
    assert.deepEqual(
      payloads.map(({ byteLength }) => byteLength),
      [10, 0, 10, 10],
    );
  });

  test('by a length alone nothing is allocated: a packet that is too long, and one without a length, pass as they come', () => {
    const long = publish(2 * limits.mqttPacketBytesMax);
    const pushed = joined(readsOf(long, []));
    assert.ok(pushed.length > 20);
    assert.ok(pushed.every(({ byteLength }) => byteLength <= 64 * 1024));
    assert.ok(Buffer.concat(pushed).equals(long));
    const none = Buffer.alloc(100, 0xff);
    assert.ok(Buffer.concat(joined(readsOf(none, [3, 50]))).equals(none));
  });

  test('says so when nobody takes more', () => {
    let flowing = true;
    const joiner = new PacketJoiner(() => flowing);
    assert.equal(joiner.take(publish(10)), true);
    flowing = false;
    assert.equal(joiner.take(publish(10)), false);
  });
});
