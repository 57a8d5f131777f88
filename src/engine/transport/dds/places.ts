import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { cannotListen } from '../endpoint-errors.ts';

/** The address of ours from which a datagram to `host` would leave. */
export async function addressTowards(host: string, port: number): Promise<string> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      // Sends nothing: connecting a datagram socket only chooses the way.
      socket.connect(port, host, () => resolve());
    });
    return socket.address().address;
  } finally {
    socket.close();
  }
}

/** Ports tried for one of the system's choice whose neighbour is free too. */
const triesMax = 20;
/** Discovery and data: the specification puts them next to each other. */
const neighbour = 1;

/**
 * A port whose next is free too; 0 lets the system choose. Asked before Cyclone takes them, because its own failure does
 * not say what was wrong.
 * @throws RoundscopeError `port_in_use`
 */
export async function freePortPair(host: string, port: number): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const first = createSocket('udp4');
    const second = createSocket('udp4');
    try {
      await bind(first, host, port);
      const chosen = first.address().port;
      await bind(second, host, chosen + neighbour);
      return chosen;
    } catch (cause) {
      if (port !== 0 || attempt >= triesMax) throw cannotListen({ host, port }, 'UDP', cause);
    } finally {
      await Promise.all([closed(first), closed(second)]);
    }
  }
}

function bind(socket: Socket, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address: host, port, exclusive: true }, () => resolve());
  });
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}
