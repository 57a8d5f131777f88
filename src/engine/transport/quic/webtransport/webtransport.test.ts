import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { describeQuicSession } from '#test/contract/quic-session.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import type { QuicSession, QuicStream } from '../quic-session.ts';
import { WebTransportProvider } from './webtransport.ts';

describeQuicSession('webtransport', {
  make: () => new WebTransportProvider({ clock: systemClock, identity: createIdentity() }),
});

test('what is preferred goes before what other streams have waiting', async () => {
  const provider = new WebTransportProvider({ clock: systemClock, identity: createIdentity() });
  const { promise: incoming, resolve } = Promise.withResolvers<QuicSession>();
  await using listener = await provider.listen({ host: '127.0.0.1', port: 0, onSession: resolve });
  const { port, identity } = listener;
  const endpoint = { protocol: 'quic', provider: 'webtransport', host: '127.0.0.1', port, identity } as const;
  const near = await provider.dial(endpoint, { signal: new AbortController().signal });
  const far = await incoming;
  const streams = await Promise.all(Array.from({ length: 9 }, () => near.openStream()));
  const [control, ...bulk] = streams as [QuicStream, ...QuicStream[]];
  control.prefer?.();
  let bulkBytes = 0;
  let before = -1;
  const read = async (stream: QuicStream): Promise<void> => {
    for (;;) {
      const bytes = await stream.read(65_536);
      if (bytes === null) return;
      if (bytes.byteLength > 1) bulkBytes += bytes.byteLength;
      else if (bytes[0] === 'd'.charCodeAt(0)) before = bulkBytes;
    }
  };
  for (const stream of streams) await stream.write(Buffer.from('s'));
  const reading = Promise.all(streams.map(async () => read((await far.acceptStream()) as QuicStream)));

  const piece = new Uint8Array(256 * 1024);
  const perStream = 4;
  const writing = bulk.map(async (stream) => {
    for (let i = 0; i < perStream; i++) await stream.write(piece);
    await stream.finish();
  });
  // By now each of them has a piece waiting.
  await turn();
  await Promise.all([...writing, control.write(Buffer.from('d')).then(() => control.finish())]);
  await reading;
  assert.equal(bulkBytes, bulk.length * perStream * piece.byteLength);
  assert.ok(before >= 0 && before <= 4 * piece.byteLength, `${before} bytes came before it`);
  near.abort('clean', '');
  await far.closed;
});
