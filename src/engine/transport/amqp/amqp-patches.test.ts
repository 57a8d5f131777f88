import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { limits } from '#shared/contract/limits.ts';
import { joinFramesOnce } from './amqp-patches.ts';

/** The installed amqplib's own connection, of which `connect` would give one over a socket. */
interface Connection {
  readonly rest: Buffer;
  accept: (frame: { readonly channel: number; readonly content?: Buffer }) => void;
  acceptLoop(): void;
  on(event: 'frameError', listener: (error: Error) => void): void;
}

const ofAmqplib = createRequire(createRequire(import.meta.url).resolve('amqplib'));
const { Connection } = ofAmqplib('./lib/connection.js') as {
  readonly Connection: new (stream: PassThrough) => Connection;
};
const { makeBodyFrame } = ofAmqplib('./lib/frame.js') as {
  readonly makeBodyFrame: (channel: number, payload: Buffer) => Buffer;
};

function open() {
  const stream = new PassThrough();
  const connection = new Connection(stream);
  joinFramesOnce(connection);
  const heard: (Buffer | undefined)[] = [];
  const errors: string[] = [];
  connection.accept = ({ content }) => void heard.push(content);
  connection.on('frameError', ({ message }) => errors.push(message));
  connection.acceptLoop();
  /** As a socket would bring it, piece by piece. */
  const bring = async (piece: Buffer): Promise<void> => {
    stream.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { connection, heard, errors, bring };
}

test('the frames are those that were sent, wherever they are cut', async () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 8 });
  const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(bodies, cuts, async (sent, lengths) => {
      const { heard, errors, bring } = open();
      let left = Buffer.concat(sent.map((body) => makeBodyFrame(1, Buffer.from(body))));
      for (const length of lengths) {
        await bring(left.subarray(0, length));
        left = left.subarray(length);
        if (left.byteLength === 0) break;
      }
      if (left.byteLength > 0) await bring(left);
      assert.deepEqual([heard, errors], [sent.map((body) => Buffer.from(body)), []]);
    }),
    { seed: 1, numRuns: 100 },
  );
});

test('pieces of a frame are joined when it is whole, not one by one', async () => {
  const { connection, heard, bring } = open();
  const frame = makeBodyFrame(1, Buffer.alloc(100_000, 7));
  for (let at = 0; at < 96_000; at += 16_000) await bring(frame.subarray(at, at + 16_000));
  assert.ok(connection.rest.byteLength <= 16_000, `${connection.rest.byteLength} bytes were joined`);
  assert.equal(heard.length, 0);
  await bring(frame.subarray(96_000));
  assert.deepEqual(heard, [Buffer.alloc(100_000, 7)]);
  assert.equal(connection.rest.byteLength, 0);
});

test('of a frame that is longer than was agreed nothing is gathered beside what amqplib keeps, which ends one without end', async () => {
  const { connection, errors, bring } = open();
  const header = Buffer.from([3, 0, 1, 0, 0, 0, 0]);
  header.writeUInt32BE(limits.amqpFrameBytes + 1, 3);
  await bring(header);
  await bring(Buffer.alloc(1000));
  assert.equal(connection.rest.byteLength, 1007);
  const other = open();
  header.writeUInt32BE(0xffff_ffff, 3);
  await other.bring(header);
  assert.match(other.errors.join(), /exceeds maxFrameSize/);
  assert.deepEqual(errors, []);
});
