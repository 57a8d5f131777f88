import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { Call } from './call.ts';
import type { CallEnd } from './status-words.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function open() {
  const readable = new Readable({ objectMode: true, read: () => undefined });
  const ended = Promise.withResolvers<CallEnd>();
  const call = new Call('Session', { readable, ended: ended.promise, end: () => undefined, cut: () => undefined });
  return { readable, call };
}

describe('what is read of a call', () => {
  test('comes in order, none while the one before it is being taken', async () => {
    const { readable, call } = open();
    const taken: string[] = [];
    let room = Promise.withResolvers<void>();
    const reading = call.read((message) => {
      taken.push(String(message));
      return taken.length === 1 ? null : room.promise;
    });
    for (const message of ['a', 'b', 'c', 'd']) readable.push(message);
    await turn();
    await turn();
    assert.deepEqual(taken, ['a', 'b']);
    let before = room;
    room = Promise.withResolvers<void>();
    before.resolve();
    await turn();
    await turn();
    assert.deepEqual(taken, ['a', 'b', 'c']);
    before = room;
    room = Promise.withResolvers<void>();
    before.resolve();
    room.resolve();
    readable.push(null);
    await reading;
    assert.deepEqual(taken, ['a', 'b', 'c', 'd']);
  });

  test('ends with what taking it throws, at once or later, and nothing more is taken', async () => {
    for (const fail of [
      (): null => {
        throw new Error('garbage');
      },
      (): Promise<void> => Promise.reject(new Error('garbage')),
    ]) {
      const { readable, call } = open();
      let taken = 0;
      const reading = call.read(() => {
        taken++;
        return fail();
      });
      readable.push('a');
      readable.push('b');
      await assert.rejects(reading, /garbage/);
      await turn();
      assert.equal(taken, 1);
    }
  });

  test('is read before the failure that came after it is told', async () => {
    const { readable, call } = open();
    const taken: string[] = [];
    const room = Promise.withResolvers<void>();
    const reading = call.read((message) => {
      taken.push(String(message));
      return taken.length === 1 ? room.promise : null;
    });
    readable.push('a');
    readable.push('b');
    // As the library tells of a call that ended with a status that is not OK.
    readable.push(null);
    readable.emit('error', new Error('reset'));
    await turn();
    room.resolve();
    await assert.rejects(reading, /reset/);
    assert.deepEqual(taken, ['a', 'b']);
  });

  test('that breaks off without a word ends too', async () => {
    const { readable, call } = open();
    const reading = call.read(() => null);
    readable.destroy();
    await assert.rejects(reading, /the call is over/);
  });
});
