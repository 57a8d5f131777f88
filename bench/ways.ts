import { connect as connectTcp, type Socket } from 'node:net';
import { decodeFrame, encodeFrame } from '#engine/framing/frame.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { quicDefaults } from '#engine/transport/quic/quic-options.ts';
import type { QuicProvider, QuicSession, QuicStream } from '#engine/transport/quic/quic-session.ts';
import { QuicTransport } from '#engine/transport/quic/quic-transport.ts';
import { QuinnProvider } from '#engine/transport/quic/quinn.ts';
import { WebTransportProvider } from '#engine/transport/quic/webtransport.ts';
import type { Session } from '#engine/transport/transport.ts';
import type { Endpoint } from '#shared/contract/invitation.ts';
import { limits } from '#shared/contract/limits.ts';

export type ProviderName = QuicProvider['name'];
/** What the peer process serves; see `peer.ts`. */
export type PeerKind = `transport:${ProviderName}` | `raw:${ProviderName}` | 'tcp';

/** An open connection to the peer in one way of moving bytes, as every measurement uses it. */
export interface Connection {
  /** Sends so many bytes and resolves with what the peer sent back. */
  roundTrip(bytes: number): Promise<void>;
  /** Sends so many bytes beside everything else; resolves when the peer says that it has read them all. */
  upload(bytes: number): Promise<void>;
  close(): Promise<void>;
}

export const never = new AbortController().signal;
const pieceBytes = limits.chunkBytes;
const piece = new Uint8Array(pieceBytes).fill(7);

export function providerOf(name: ProviderName): QuicProvider {
  const parts = { clock: systemClock, identity: createIdentity(), quic: quicDefaults };
  return name === 'quinn' ? new QuinnProvider(parts) : new WebTransportProvider(parts);
}

export function transportOf(name: ProviderName): QuicTransport {
  return new QuicTransport({ clock: systemClock, identity: createIdentity(), providers: [name] });
}

export async function open(kind: PeerKind, endpoint: Endpoint): Promise<Connection> {
  if (kind === 'tcp') return await openTcp(endpoint.port);
  const [layer, name] = kind.split(':') as [string, ProviderName];
  if (layer === 'transport') {
    const session = await transportOf(name).dial([endpoint], { signal: never, participant: 'bench', run: 'bench' });
    return overSession(session);
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
      const decoded = decodeFrame(frame.bytes);
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
      const lane = `bulk:${++lanes}/${Math.ceil(bytes / pieceBytes)}` as const;
      const back = new Promise<void>((resolve) => void uploads.set(lane, resolve));
      for (let left = bytes; left > 0; left -= pieceBytes) {
        const body = piece.subarray(0, Math.min(pieceBytes, left));
        await session.send({ lane, parts: encodeFrame({}, body), last: left <= pieceBytes }, { signal: never });
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
