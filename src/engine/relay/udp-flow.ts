import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { Clock } from '#shared/base/time/clock.ts';
import type { DeliveryQueue } from './delivery-queue.ts';
import type { Way } from './way.ts';

/** Asked of the kernel, which gives what it allows: a burst from an unhindered sender should not be lost here, uncounted. */
const socketBufferBytes = 4 * 1024 * 1024;

/** Sends a datagram through a way: lost, or delivered by the queue when it is due. */
export function passThrough(
  bytes: Uint8Array,
  through: { readonly way: Way; readonly queue: DeliveryQueue; readonly clock: Clock },
  deliver: () => void,
): void {
  const { way, queue, clock } = through;
  const now = clock.monotonicMs();
  const outcome = way.datagram(bytes.length, now);
  if (outcome.at === null) return;
  queue.at(outcome.at, () => {
    // What was under way when everything was cut is gone.
    const passes = way.outage === 'none';
    way.release(bytes.length, passes ? clock.monotonicMs() - now : null);
    if (passes) deliver();
    else way.counts.swallowed++;
  });
}

/** A UDP socket on loopback, bound to this port. */
export function openUdp(port: number, onDatagram: (bytes: Buffer, from: RemoteInfo) => void): Promise<Socket> {
  const socket = makeUdp(onDatagram);
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address: '127.0.0.1', port, exclusive: true }, () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

/** The same on any port, to be sent from at once: Node keeps what is sent until it is bound. */
export function freshUdp(onDatagram: (bytes: Buffer, from: RemoteInfo) => void): Socket {
  const socket = makeUdp(onDatagram);
  socket.bind({ address: '127.0.0.1', port: 0, exclusive: true });
  return socket;
}

function makeUdp(onDatagram: (bytes: Buffer, from: RemoteInfo) => void): Socket {
  const socket = createSocket({
    type: 'udp4',
    recvBufferSize: socketBufferBytes,
    sendBufferSize: socketBufferBytes,
  });
  socket.on('message', onDatagram);
  // "Port unreachable" for something sent earlier: to the sender it is as if that was lost.
  socket.on('error', () => undefined);
  return socket;
}

export function closeUdp(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    try {
      socket.close(() => resolve());
    } catch {
      // Closed already, which is what was wanted.
      resolve();
    }
  });
}

/** Sends; what the kernel does not take is as good as lost. */
export function sendUdp(socket: Socket, bytes: Uint8Array, port: number, host: string): void {
  try {
    socket.send(bytes, port, host, () => undefined);
  } catch (error) {
    // Closed by a rebinding or the end while the datagram was under way.
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ERR_SOCKET_DGRAM_NOT_RUNNING') throw error;
  }
}
