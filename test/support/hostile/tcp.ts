import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { hostileBytes } from './hostile-bytes.ts';
import { happens, inParallel, whateverHappens, type Ledger } from './ledger.ts';

const host = '127.0.0.1';
/** A port that waits for more of a message closes when its patience ends, which no attack waits for. */
const answerMs = 500;
/** Who is thrown out comes back after this: what is tried here is to hold places, the flood is another attack. */
const reopenMs = 3000;
const dripMs = 400;

/** Raw bytes at a TCP port and at the TLS behind it, of every kind; then many tiny writes. */
export async function attackTcp(port: number, ledger: Ledger): Promise<void> {
  await Promise.all(
    Object.entries(hostileBytes).map(async ([kind, bytes]) => {
      await rawBytes(connectTcp(port, host), [bytes], ledger, `TCP: ${kind}`);
      const tls = connectTls({ port, host, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
      await rawBytes(tls, [bytes], ledger, `TLS: ${kind}`);
    }),
  );
  const tiny = Array.from({ length: 1000 }, () => new Uint8Array(100).fill(0xc0));
  await rawBytes(connectTcp(port, host), tiny, ledger, 'TCP: a thousand tiny writes');
}

/** Reached: the system took all of it for a connection that had been accepted, or the other end hung up on it. */
async function rawBytes(socket: Socket, chunks: readonly Uint8Array[], ledger: Ledger, kind: string): Promise<void> {
  ledger.made(kind);
  let opened = false;
  socket.on('error', () => undefined);
  socket.once('secureConnect', () => (opened = true));
  socket.once('connect', () => (opened = true));
  socket.resume();
  const closed = happens(socket, 'close');
  for (const chunk of chunks) if (!socket.destroyed) socket.write(chunk);
  await whateverHappens(closed, answerMs);
  if (opened && (socket.bytesWritten > 0 || socket.destroyed)) ledger.reached(kind);
  socket.destroy();
}

/**
 * So many malformed connections, spread over the ports, a bounded number at once. Reached: the port hung up, or it still
 * reads what it was given when its patience is tried no longer.
 */
export async function malformedConnections(
  ports: readonly number[],
  count: number,
  ledger: Ledger,
  { atOnce = 64, signal }: { readonly atOnce?: number; readonly signal?: AbortSignal } = {},
): Promise<void> {
  const kinds = Object.values(hostileBytes);
  const one = async (index: number): Promise<void> => {
    ledger.made('malformed connections');
    const port = ports[index % ports.length] ?? 0;
    const bytes = kinds[Math.floor(index / ports.length) % kinds.length] ?? new Uint8Array();
    const socket = connectTcp({ port, host, noDelay: true }).on('error', () => undefined);
    const closed = happens(socket, 'close');
    if (!(await opens(socket))) return void socket.destroy();
    await new Promise<void>((resolve) => socket.end(bytes, () => resolve()));
    const ended = (await whateverHappens(closed, answerMs)) !== undefined;
    if (ended || socket.bytesWritten === bytes.byteLength) ledger.reached('malformed connections');
    socket.destroy();
  };
  await inParallel(count, atOnce, one, signal);
}

/** Connections that say nothing, until `signal` ends it; those that are thrown out come back. */
export async function idleConnections(
  ports: readonly number[],
  count: number,
  ledger: Ledger,
  signal: AbortSignal,
): Promise<{ readonly held: () => number }> {
  const sockets = new Set<Socket>();
  const hold = async (index: number): Promise<void> => {
    if (signal.aborted) return;
    ledger.made('idle connections');
    const socket = connectTcp(ports[index % ports.length] ?? 0, host).on('error', () => undefined);
    sockets.add(socket);
    socket.resume().once('close', () => {
      sockets.delete(socket);
      setTimeout(() => void hold(index), reopenMs).unref();
    });
    if (await opens(socket)) ledger.reached('idle connections');
  };
  signal.addEventListener('abort', () => sockets.forEach((socket) => socket.destroy()), { once: true });
  await inParallel(count, 64, hold, signal);
  return { held: () => sockets.size };
}

/** Connections that say a byte now and then, until `signal` ends it; those that are thrown out come back. */
export function slowLoris(port: number, count: number, ledger: Ledger, signal: AbortSignal, byte = 0x10): void {
  const kind = 'slow-loris: a byte now and then';
  const pause = (ms: number): Promise<void> => delay(ms, undefined, { signal }).catch(() => undefined);
  const hold = async (): Promise<void> => {
    while (!signal.aborted) {
      const socket = connectTcp(port, host).on('error', () => undefined);
      socket.resume();
      ledger.made(kind);
      for (let drops = 0; !socket.destroyed && !signal.aborted; drops++) {
        socket.write(Uint8Array.of(byte));
        await pause(dripMs);
        // What it wrote was taken, or it was thrown out for it.
        if (drops === 0 && socket.bytesWritten > 0) ledger.reached(kind);
      }
      socket.destroy();
      await pause(reopenMs);
    }
  };
  for (let i = 0; i < count; i++) void hold();
}

/** False: nobody accepted it. */
async function opens(socket: Socket): Promise<boolean> {
  const opened = happens(socket, 'connect');
  const failed = happens(socket, 'close').then(() => false);
  return (await whateverHappens(Promise.race([opened, failed]), 10_000)) === true;
}
