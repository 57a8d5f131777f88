import type { Socket } from 'node:net';

/**
 * Ends a connection whose peer announces an MQTT packet longer than `bytesMax`, before the parser gathers it: neither
 * aedes nor its parser has such a limit. Watches the bytes as they enter the socket's read buffer.
 */
export function guardPacketSize(socket: Socket, bytesMax: number, onTooLarge: (reason: string) => void): void {
  const push = socket.push.bind(socket);
  const check = packetSizeChecker(bytesMax);
  socket.push = (chunk: Buffer | null, encoding) => {
    const announced = chunk === null ? null : check(chunk);
    if (announced !== null) {
      onTooLarge(`announced an MQTT packet of more than ${bytesMax} bytes`);
      return false;
    }
    return push(chunk, encoding);
  };
}

/** Follows the fixed headers of a byte stream (MQTT 3.1.1, section 2.2); the answer is a length over the limit, or null. */
export function packetSizeChecker(bytesMax: number): (chunk: Uint8Array) => number | null {
  let state: 'type' | 'length' = 'type';
  let skip = 0;
  let length = 0;
  let shift = 0;
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (skip > 0) {
        const taken = Math.min(skip, chunk.length - at);
        skip -= taken;
        at += taken;
      } else if (state === 'type') {
        state = 'length';
        length = 0;
        shift = 0;
        at++;
      } else {
        const byte = chunk[at++] as number;
        length += (byte & 0x7f) * 2 ** shift;
        shift += 7;
        // Four bytes at most; a fifth is malformed and as bad as too long.
        if (shift > 28 || length > bytesMax) return length;
        if (byte < 0x80) {
          state = 'type';
          skip = length;
        }
      }
    }
    return null;
  };
}
