/** The other process of every measurement of sessions: serves one way, says where, and ends with its parent. */
import { createServer, type AddressInfo } from 'node:net';
import type { QuicSession, QuicStream } from '#engine/transport/quic/quic-session.ts';
import type { Session } from '#engine/transport/transport.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { encodeFrame } from '#engine/framing/frame.ts';
import { giveBackMessage } from '#engine/framing/give-back.ts';
import { libraries, type LibraryName } from './libraries.ts';
import { benchRun, never, providerOf, transportOf, type PeerKind, type ProviderName } from './ways.ts';

const kind = process.argv[2] as PeerKind;
process.send?.({ endpoint: await serve() });
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1000 });
});
process.on('disconnect', () => process.exit(0));

async function serve(): Promise<Endpoint> {
  if (kind === 'tcp') return await serveTcp();
  const [layer, name] = kind.split(':') as [string, ProviderName];
  if (layer === 'library') return await libraries[name as LibraryName].serve();
  if (layer === 'transport' || layer === 'session') {
    const listener = await transportOf(kind).listen({
      signal: never,
      ...benchRun,
      host: '127.0.0.1',
      port: 0,
      onSession: (session) => void answerFrames(session),
      onRefused: ({ reason }) => console.error(reason),
    });
    return listener.endpoints[0] as Endpoint;
  }
  const provider = providerOf(name);
  await provider.load();
  const listener = await provider.listen({
    host: '127.0.0.1',
    port: 0,
    onSession: (session) => void answerStreams(session),
  });
  return { protocol: 'quic', provider: name, host: '127.0.0.1', port: listener.port, identity: listener.identity };
}

async function answerFrames(session: Session): Promise<void> {
  const pieces = new Map<string, number>();
  for await (const frame of session.frames()) {
    if (frame.lane === 'control') {
      await session.send({ lane: 'control', parts: frame.parts }, { signal: never }).catch(() => undefined);
      continue;
    }
    // As a link does with what it has copied to its place.
    giveBackMessage(frame.parts);
    pieces.set(frame.lane, (pieces.get(frame.lane) ?? 0) + 1);
    if (pieces.get(frame.lane) === expectedPieces(frame.lane)) {
      pieces.delete(frame.lane);
      await session
        .send({ lane: 'control', parts: encodeFrame({ done: frame.lane }) }, { signal: never })
        .catch(() => undefined);
    }
  }
}

/** The lane's name ends in the number of its pieces. */
function expectedPieces(lane: string): number {
  return Number(lane.split('/')[1] ?? 1);
}

async function answerStreams(session: QuicSession): Promise<void> {
  for (;;) {
    const stream = await session.acceptStream();
    if (stream === null) return;
    void answerStream(stream).catch(() => undefined);
  }
}

async function answerStream(stream: QuicStream): Promise<void> {
  const first = await stream.read(65_536);
  if (first === null) return;
  if (first[0] === 0x65) {
    if (first.byteLength > 1) await stream.write(first.subarray(1));
    for (let bytes = await stream.read(65_536); bytes !== null; bytes = await stream.read(65_536))
      await stream.write(bytes);
    return;
  }
  while ((await stream.read(65_536)) !== null);
  await stream.write(Buffer.from('d'));
  await stream.finish();
}

function serveTcp(): Promise<Endpoint> {
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', (first: Buffer) => {
      if (first[0] === 0x65) {
        if (first.byteLength > 1) socket.write(first.subarray(1));
        socket.on('data', (data: Buffer) => socket.write(data));
        socket.on('end', () => socket.end());
        return;
      }
      socket.resume();
      socket.on('end', () => socket.end('d'));
    });
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      resolve({ protocol: 'memory', provider: 'memory', host: '127.0.0.1', port });
    }),
  );
}
