import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { hearRefusals } from './amqp-refusal.ts';

/** The installed amqplib's own connection, which hears here what a broker would say. */
const ofAmqplib = createRequire(createRequire(import.meta.url).resolve('amqplib'));
const { Connection } = ofAmqplib('./lib/connection.js') as {
  readonly Connection: new (stream: PassThrough) => {
    step(onFrame: (error: Error | null, frame: { readonly id: number } | null) => void): void;
  };
};
const { encodeMethod, ConnectionClose, ConnectionOpenOk } = ofAmqplib('./lib/defs.js') as {
  readonly encodeMethod: (id: number, channel: number, fields: object) => Buffer;
  readonly ConnectionClose: number;
  readonly ConnectionOpenOk: number;
};

function heard(said: Buffer): Promise<{ readonly error: string; readonly id: number | undefined }> {
  const stream = new PassThrough();
  const connection = new Connection(stream);
  stream.write(said);
  return new Promise((resolve) =>
    connection.step((error, frame) => resolve({ error: error?.message ?? '', id: frame?.id })),
  );
}

test('a broker that closes the connection before it is open is heard, and all else is as it was, however often that is asked for', async () => {
  const closes = { replyCode: 530, replyText: 'NOT_ALLOWED - vhost x not found', classId: 10, methodId: 40 };
  const said = encodeMethod(ConnectionClose, 0, closes);
  assert.deepEqual(await heard(said), { error: '', id: ConnectionClose });
  for (const _ of [1, 2]) {
    hearRefusals();
    assert.deepEqual(await heard(said), {
      error: 'Connection closed: 530 with message "NOT_ALLOWED - vhost x not found"',
      id: undefined,
    });
    assert.deepEqual(await heard(encodeMethod(ConnectionOpenOk, 0, { knownHosts: '' })), {
      error: '',
      id: ConnectionOpenOk,
    });
  }
});
