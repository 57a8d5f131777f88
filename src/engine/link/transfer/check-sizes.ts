import { RoundscopeError } from '#shared/base/errors.ts';
import { limits } from '#shared/contract/limits.ts';
import type { MessageHeader } from '#shared/contract/messages.ts';

/** Room in a frame's header for what the link adds to a message's. */
const headerRoomBytes = 1024;

/** @throws RoundscopeError `frame_too_large`, `payload_too_large`: told to whoever sends it, before the peer has to */
export function checkSizes(header: MessageHeader, wire: object): void {
  const headerBytes = Buffer.byteLength(JSON.stringify(wire));
  if (headerBytes > limits.headerBytesMax - headerRoomBytes) {
    throw new RoundscopeError('frame_too_large', {
      layer: 'link',
      message: `header of ${header.kind} takes ${headerBytes} bytes`,
      context: { headerBytes },
    });
  }
  const payloadBytes = header.payload?.length ?? 0;
  if (payloadBytes > limits.payloadBytesMax) {
    throw new RoundscopeError('payload_too_large', {
      layer: 'link',
      message: `payload of ${payloadBytes} bytes exceeds ${limits.payloadBytesMax}`,
    });
  }
}
