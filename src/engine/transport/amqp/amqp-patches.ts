import { limits } from '#shared/contract/limits.ts';

/** AMQP 0-9-1, section 2.3.5: type, channel and size of the payload stand before it, one octet behind. */
const headerBytes = 7;
const overheadBytes = 8;

/** What is used of amqplib's connection, which its types do not show. */
interface FrameReader {
  readonly stream: { read(): Buffer | null };
  /** What has come and was in no frame yet. */
  rest: Buffer;
  /** A connection of which nothing comes for long is given up. */
  recvSinceLastCheck: boolean;
  /** The next frame; false: it is not there yet. */
  recvFrame(): unknown;
}

/**
 * amqplib 2.3 joins what it has of a frame with each piece that comes of it: of a frame of 128 KiB over TLS, which comes in
 * pieces of 16 KiB, that copies 576 KiB and leaves them to the collector. Here the pieces of a frame are joined when it is whole.
 * Another version that is made otherwise reads as it does by itself.
 */
export function joinFramesOnce(connection: object): void {
  if (!isFrameReader(connection)) return;
  const parse = connection.recvFrame.bind(connection);
  let pieces: Buffer[] = [];
  let bytes = 0;
  connection.recvFrame = () => {
    while (!hasFrame(connection.rest)) {
      const piece = connection.stream.read();
      if (piece === null) return false;
      connection.recvSinceLastCheck = true;
      pieces.push(piece);
      bytes += piece.byteLength;
      if (connection.rest.byteLength + bytes < frameBytes(connection.rest)) continue;
      connection.rest = Buffer.concat([connection.rest, ...pieces]);
      pieces = [];
      bytes = 0;
    }
    return parse();
  };
}

/** Of one that is longer than was agreed nothing is gathered: amqplib checks it. */
function hasFrame(rest: Buffer): boolean {
  if (rest.byteLength < headerBytes) return false;
  const wanted = frameBytes(rest);
  return wanted > limits.amqpFrameBytes || rest.byteLength >= wanted;
}

function frameBytes(rest: Buffer): number {
  return rest.byteLength < headerBytes ? 0 : overheadBytes + rest.readUInt32BE(3);
}

function isFrameReader(connection: object): connection is FrameReader {
  return (
    'stream' in connection &&
    'rest' in connection &&
    Buffer.isBuffer(connection.rest) &&
    'recvSinceLastCheck' in connection &&
    'recvFrame' in connection &&
    typeof connection.recvFrame === 'function'
  );
}
