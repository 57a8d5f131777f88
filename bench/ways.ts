import { connect as connectTcp, type Socket } from 'node:net';
import { decodeFrame, encodeFrame } from '#engine/framing/frame.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { quicDefaults } from '#engine/transport/quic/quic-options.ts';
import type { QuicProvider, QuicSession, QuicStream } from '#engine/transport/quic/quic-session.ts';
import { QuicTransport } from '#engine/transport/quic/quic-transport.ts';
import { QuinnProvider } from '#engine/transport/quic/quinn/quinn.ts';
import { WebTransportProvider } from '#engine/transport/quic/webtransport/webtransport.ts';
import type { Session, Transport } from '#engine/transport/transport.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { limits } from '#shared/contract/limits.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import { workerPath } from '#engine/host/entries.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createTransport } from '#engine/transport/registry.ts';
import type { Connection } from './connection.ts';
import { libraries, type LibraryName } from './libraries.ts';

export type ProviderName = QuicProvider['name'];
/** What the peer process serves; see `peer.ts`. */
export type PeerKind =
  | `transport:${ProviderName}`
  | `raw:${ProviderName}`
  | `session:${Protocol}`
  | `library:${LibraryName}`
  | 'tcp';

export const never = new AbortController().signal;
const pieceBytes = limits.chunkBytes;
const piece = new Uint8Array(pieceBytes).fill(7);

export function providerOf(name: ProviderName): QuicProvider {
  const parts = { clock: systemClock, identity: createIdentity(), quic: quicDefaults };
  return name === 'quinn' ? new QuinnProvider(parts) : new WebTransportProvider(parts);
}

/** Our own transport: one provider of QUIC, or any protocol as a run has it. */
export function transportOf(kind: PeerKind): Transport {
  const [layer, name] = kind.split(':') as [string, string];
  const parts = { clock: systemClock, entropy: systemEntropy, identity: createIdentity() };
  if (layer === 'transport') return new QuicTransport({ ...parts, providers: [name as ProviderName] });
  return createTransport(name as Protocol, 'same', { ...parts, workerOf: workerPath });
}

/** Sessions of the bench need no secret; transports that ask for one get this. */
export const benchRun = { run: 'bench', token: 'bench-token-0123456789abcdef' } as const;

/** Each session a participant of its own: a name may be taken while the one before it says goodbye. */
let participants = 0;

export async function open(kind: PeerKind, endpoint: Endpoint): Promise<Connection> {
  if (kind === 'tcp') return await openTcp(endpoint.port);
  const [layer, name] = kind.split(':') as [string, ProviderName];
  if (layer === 'library') return await libraries[name as LibraryName].open(endpoint);
  if (layer === 'transport' || layer === 'session') {
    const participant = `bench-${++participants}`;
    return overSession(await transportOf(kind).dial([endpoint], { signal: never, participant, ...benchRun }));
  }
  const provider = providerOf(name);
  await provider.load();
  return overQuic(await provider.dial(endpoint, { signal: never }));
}

/** Our transport: control frames are echoed, a bulk lane is answered when its last frame has come. */
export function overSession(session: Session): Connection {
  const echoes: (() => void)[] = [];
  const uploads = new Map<unknown, () => void>();
  void (async () => {
    for await (const frame of session.frames()) {
      const decoded = decodeFrame(frame.parts);
      const done = decoded.ok ? decoded.value.header['done'] : undefined;
      if (done === undefined) echoes.shift()?.();
      else uploads.get(done)?.();
    }
  })();
  let lanes = 0;
  return {
    async roundTrip(bytes) {
      const back = new Promise<void>((resolve) => void echoes.push(resolve));
      await session.send({ lane: 'control', parts: encodeFrame({}, new Uint8Array(bytes)) }, { signal: never });
      await back;
    },
    async upload(bytes) {
      // As a link cuts a model.
      const chunkBytes = session.chunkBytes ?? pieceBytes;
      const lane = `bulk:${++lanes}/${Math.ceil(bytes / chunkBytes)}` as const;
      const back = new Promise<void>((resolve) => void uploads.set(lane, resolve));
      for (let left = bytes; left > 0; left -= chunkBytes) {
        const body = piece.subarray(0, Math.min(chunkBytes, left));
        await session.send({ lane, parts: encodeFrame({}, body), last: left <= chunkBytes }, { signal: never });
      }
      await back;
    },
    close: () => session.close('clean', 'measured'),
  };
}

/** The provider as it is: streams without frames. The first byte says what the peer is to do with the rest. */
function overQuic(session: QuicSession): Connection {
  let echo: Promise<QuicStream> | undefined;
  return {
    async roundTrip(bytes) {
      echo ??= session.openStream().then(async (stream) => {
        await stream.write(Buffer.from('e'));
        return stream;
      });
      const stream = await echo;
      await stream.write(piece.subarray(0, bytes));
      for (let got = 0; got < bytes;) got += (await stream.read(65_536))?.byteLength ?? bytes;
    },
    async upload(bytes) {
      const stream = await session.openStream();
      await stream.write(Buffer.from('s'));
      for (let left = bytes; left > 0; left -= pieceBytes) {
        await stream.write(piece.subarray(0, Math.min(pieceBytes, left)));
      }
      await stream.finish();
      await stream.read(1);
    },
    close: () => {
      session.abort('clean', 'measured');
      return Promise.resolve();
    },
  };
}

/** Plain TCP on loopback: what anybody would write first. One socket for echoes, another for each upload. */
async function openTcp(port: number): Promise<Connection> {
  const echo = await tcp(port);
  echo.write('e');
  return {
    async roundTrip(bytes) {
      const back = readBytes(echo, bytes);
      echo.write(piece.subarray(0, bytes));
      await back;
    },
    async upload(bytes) {
      const socket = await tcp(port);
      socket.write('s');
      for (let left = bytes; left > 0; left -= pieceBytes) {
        const flowing = socket.write(piece.subarray(0, Math.min(pieceBytes, left)));
        if (!flowing) await new Promise((resolve) => socket.once('drain', resolve));
      }
      const done = readBytes(socket, 1);
      socket.end();
      await done;
      socket.destroy();
    },
    close: () => {
      echo.destroy();
      return Promise.resolve();
    },
  };
}

function tcp(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

function readBytes(socket: Socket, bytes: number): Promise<void> {
  return new Promise((resolve) => {
    let got = 0;
    const onData = (data: Buffer): void => {
      got += data.byteLength;
      if (got < bytes) return;
      socket.off('data', onData);
      resolve();
    };
    socket.on('data', onData);
  });
}
