import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { hostileBytes } from './hostile-bytes.ts';
import type { Ledger } from './ledger.ts';

/** A version that no endpoint speaks, of those that RFC 9000, 15 keeps for making it say so. */
const unknownVersion = [0x1a, 0x2a, 0x3a, 0x4a] as const;
const versionOne = [0, 0, 0, 1] as const;

/**
 * Datagrams at a QUIC endpoint: garbage, first packets that are none, and versions that nobody speaks. The latter are
 * answered (RFC 9000, 6), so whoever hears the answers knows that the endpoint read what it was sent.
 */
export async function attackQuicDatagrams(port: number, ledger: Ledger): Promise<void> {
  const socket = createSocket('udp4').on('error', () => undefined);
  let answers = 0;
  socket.on('message', () => answers++);
  try {
    for (const [kind, bytes] of Object.entries(hostileBytes))
      await sendAll(socket, port, { kind: `UDP: ${kind}`, bytes: bytes.subarray(0, 1200), count: 50 }, ledger);
    await sendAll(
      socket,
      port,
      { kind: 'UDP: first packets that are none', bytes: first(versionOne), count: 200 },
      ledger,
    );
    const kind = 'UDP: a version that nobody speaks';
    ledger.made(kind);
    for (let tries = 0; tries < 20 && answers === 0; tries++) {
      await sendAll(socket, port, { kind: 'UDP: versions', bytes: first(unknownVersion), count: 10 }, ledger);
      await once(socket, 'message', { signal: AbortSignal.timeout(250) }).catch(() => undefined);
    }
    if (answers > 0) ledger.reached(kind);
  } finally {
    socket.close();
  }
}

/** Junk at the port of DDS's discovery: garbage, headers of RTPS with nothing or nonsense behind them (RTPS 2.5, 8.3). */
export async function attackRtps(port: number, ledger: Ledger): Promise<void> {
  const socket = createSocket('udp4').on('error', () => undefined);
  const header = Buffer.concat([Buffer.from('RTPS'), Buffer.from([2, 5, 1, 0x10]), Buffer.alloc(12, 0x66)]);
  /** DATA from a writer of SPDP, of a length that is not there; then parameters whose lengths lead out of the packet. */
  const data = Buffer.from([0x15, 5, 0xff, 0xff, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 1, 0, 0xc2, 0, 0, 0, 0, 1, 0, 0, 0]);
  const parameters = Buffer.from([0, 3, 0, 0, 0x15, 0, 0xff, 0x7f, 0x50, 0, 0x10, 0, 0x66, 0x66]);
  const kinds: Readonly<Record<string, Uint8Array>> = {
    ...hostileBytes,
    'a header of RTPS alone': header,
    'discovery of a length that is not there': Buffer.concat([header, data]),
    'discovery with parameters that lead out': Buffer.concat([header, data, parameters]),
    'submessages without end': Buffer.concat([header, Buffer.alloc(1100, 0x07)]),
    'submessages of no length': Buffer.concat([header, Buffer.from([0x09, 1, 0, 0]), Buffer.alloc(900)]),
  };
  try {
    for (const [kind, bytes] of Object.entries(kinds))
      await sendAll(socket, port, { kind: `RTPS: ${kind}`, bytes: bytes.subarray(0, 1400), count: 50 }, ledger);
  } finally {
    socket.close();
  }
}

interface Datagrams {
  readonly kind: string;
  readonly bytes: Uint8Array;
  readonly count: number;
}

/** Reached: the system passed it to the port; a port that nobody has open would have said so (a refused send). */
async function sendAll(socket: Socket, port: number, { kind, bytes, count }: Datagrams, ledger: Ledger): Promise<void> {
  for (let i = 0; i < count; i++) {
    ledger.made(kind);
    await new Promise<void>((resolve) => {
      socket.send(bytes, port, '127.0.0.1', (error) => {
        if (error === null) ledger.reached(kind);
        resolve();
      });
    });
  }
}

/** Looks like the first packet of a handshake (RFC 9000, 17.2.2). */
function first(version: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(1200, 7);
  bytes.set([0xc3, ...version, 8]);
  // Both connection ids of eight bytes.
  bytes[14] = 8;
  return bytes;
}
