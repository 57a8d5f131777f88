import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { systemClock } from '#engine/host/system-clock.ts';
import { findMosquitto, startMosquitto } from '#test/support/brokers/mosquitto.ts';
import { until } from '#test/support/until.ts';
import { PieceSize } from '../credited/piece-size.ts';
import { giveBackMessage } from '../../framing/give-back.ts';
import { BrokerConnection } from './connection.ts';
import { Dialect } from './dialect.ts';

const mosquitto = findMosquitto();
const skip = 'missing' in mosquitto ? mosquitto.missing : false;
const path = 'path' in mosquitto ? mosquitto.path : '';

const open = (url: string, onMessage: (topic: string, payload: Buffer) => void): Promise<BrokerConnection> =>
  BrokerConnection.open({
    url,
    trust: { by: 'nothing' },
    clientId: 'lab-1',
    signal: new AbortController().signal,
    clock: systemClock,
    dialect: new Dialect(),
    size: new PieceSize(100_000),
    onMessage,
  });

test(
  'the memory of a payload that was handed over goes back when it is written and not before; of others it stays',
  { skip },
  async () => {
    await using broker = await startMosquitto(path);
    const connection = await open(broker.url, () => undefined);
    broker.freeze();
    // More than the system takes for a socket that nobody reads.
    const bytes = 48 * 1024 * 1024;
    const [handedOver, kept] = [Buffer.alloc(bytes, 1), Buffer.alloc(100_000, 2)];
    const sending = [connection.publish('a', handedOver, 'hand over'), connection.publish('a', kept)];
    for (let i = 0; i < 20; i++) await turn();
    assert.equal(handedOver.byteLength, bytes);
    broker.thaw();
    await Promise.all(sending);
    await until(() => handedOver.byteLength === 0);
    assert.deepEqual(kept, Buffer.alloc(100_000, 2));
    connection.abort();
  },
);

test('a long payload comes in memory of its own and is what was sent', { skip }, async () => {
  await using broker = await startMosquitto(path);
  const heard: Buffer[] = [];
  const connection = await open(broker.url, (_, payload) => void heard.push(payload));
  await connection.subscribe(['a']);
  const sent = Array.from({ length: 30 }, (_, i) => Buffer.alloc(i % 3 === 0 ? 300_000 : 100, i));
  for (const payload of sent) await connection.publish('a', payload);
  await until(() => heard.length === sent.length);
  assert.deepEqual(heard, sent);
  giveBackMessage(heard);
  assert.deepEqual(
    heard.map(({ byteLength }) => byteLength),
    sent.map(({ byteLength }) => (byteLength > 100 ? 0 : 100)),
  );
  connection.abort();
});
