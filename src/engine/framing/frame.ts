import { limits } from '#shared/contract/limits.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import { checkJsonDepth } from './json-depth.ts';
import { after, bytesIn, joined, type Parts } from './parts.ts';

/**
 * One frame on every wire: a fixed prefix, a JSON header, a binary body (docs/decisions/0003-frame-layout.md).
 *
 * | offset | bytes | what |
 * |---|---|---|
 * | 0 | 2 | `RS` |
 * | 2 | 1 | version of this layout, 1 |
 * | 3 | 1 | 0, reserved |
 * | 4 | 4 | length of the header, little-endian |
 * | 8 | 4 | length of the body, little-endian |
 */
export const framePrefixBytes = 12;
export const frameVersion = 1;
const magic0 = 0x52;
const magic1 = 0x53;

export interface FrameLengths {
  readonly headerBytes: number;
  readonly bodyBytes: number;
  /** Prefix included. */
  readonly frameBytes: number;
}

export interface DecodedFrame {
  /** Any JSON object; what it means is the codec's and the link's business. */
  readonly header: Readonly<Record<string, unknown>>;
  /** The header as it travelled, for the packet log. */
  readonly headerText: string;
  /** Views into the frame's bytes. */
  readonly body: Parts;
}

const noBody = new Uint8Array(0);

/**
 * Prefix and header in one piece, the body as it was given (not copied).
 * @throws RoundscopeError `frame_too_large` when header or frame exceed the limits
 */
export function encodeFrame(header: object, body: Uint8Array = noBody): readonly Uint8Array[] {
  const text = JSON.stringify(header);
  const headerBytes = Buffer.byteLength(text);
  checkLengths(headerBytes, body.byteLength);
  const head = Buffer.allocUnsafe(framePrefixBytes + headerBytes);
  head[0] = magic0;
  head[1] = magic1;
  head[2] = frameVersion;
  head[3] = 0;
  head.writeUInt32LE(headerBytes, 4);
  head.writeUInt32LE(body.byteLength, 8);
  head.write(text, framePrefixBytes, 'utf8');
  return body.byteLength === 0 ? [head] : [head, body];
}

function checkLengths(headerBytes: number, bodyBytes: number): void {
  const error = lengthsError(headerBytes, bodyBytes);
  if (error !== null) throw error;
}

function lengthsError(headerBytes: number, bodyBytes: number): RoundscopeError | null {
  if (headerBytes > limits.headerBytesMax) {
    return new RoundscopeError('frame_too_large', {
      layer: 'codec',
      message: `frame header of ${headerBytes} bytes exceeds the limit of ${limits.headerBytesMax}`,
      context: { headerBytes },
    });
  }
  const frameBytes = framePrefixBytes + headerBytes + bodyBytes;
  if (frameBytes > limits.frameBytesMax) {
    return new RoundscopeError('frame_too_large', {
      layer: 'codec',
      message: `frame of ${frameBytes} bytes exceeds the limit of ${limits.frameBytesMax}`,
      context: { frameBytes },
    });
  }
  return null;
}

export function malformed(message: string, cause?: unknown): RoundscopeError {
  return new RoundscopeError('frame_malformed', { layer: 'codec', message, ...(cause === undefined ? {} : { cause }) });
}

/**
 * Checks the prefix at `offset`. Null: it is not complete, but what is there could become one.
 * Nothing has been allocated when a length is refused.
 */
export function readPrefix(
  bytes: Uint8Array,
  offset: number,
  available: number,
): Result<FrameLengths | null, RoundscopeError> {
  if (available > 0 && bytes[offset] !== magic0) return err(notAFrame(bytes, offset, available));
  if (available > 1 && bytes[offset + 1] !== magic1) return err(notAFrame(bytes, offset, available));
  if (available > 2 && bytes[offset + 2] !== frameVersion) {
    return err(
      new RoundscopeError('version_unsupported', {
        layer: 'codec',
        message: `frame layout version ${bytes[offset + 2]} is not supported (this side speaks ${frameVersion})`,
      }),
    );
  }
  if (available > 3 && bytes[offset + 3] !== 0) return err(malformed('reserved byte of the frame prefix is not 0'));
  if (available < framePrefixBytes) return ok(null);
  const headerBytes = readU32(bytes, offset + 4);
  const bodyBytes = readU32(bytes, offset + 8);
  const error = lengthsError(headerBytes, bodyBytes);
  if (error !== null) return err(error);
  if (headerBytes < 2) return err(malformed(`frame header of ${headerBytes} bytes cannot be a JSON object`));
  return ok({ headerBytes, bodyBytes, frameBytes: framePrefixBytes + headerBytes + bodyBytes });
}

function notAFrame(bytes: Uint8Array, offset: number, available: number): RoundscopeError {
  const shown = Buffer.from(bytes.subarray(offset, offset + Math.min(available, 8))).toString('hex');
  return malformed(`bytes do not begin with a frame prefix: ${shown}`);
}

function readU32(bytes: Uint8Array, offset: number): number {
  const [a, b, c, d] = [bytes[offset], bytes[offset + 1], bytes[offset + 2], bytes[offset + 3]] as [
    number,
    number,
    number,
    number,
  ];
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Takes one whole frame apart. The header's size and depth are checked before it is parsed. */
export function decodeFrame(parts: Parts): Result<DecodedFrame, RoundscopeError> {
  const bytes = bytesIn(parts);
  const first = parts[0] ?? noBody;
  const prefix = readPrefix(first, 0, first.byteLength);
  if (!prefix.ok) return prefix;
  const headBytes = framePrefixBytes + (prefix.value?.headerBytes ?? 0);
  // A broker's pieces may be shorter than a header.
  if (parts.length > 1 && first.byteLength < headBytes) return decodeFrame([joined(parts)]);
  if (prefix.value === null || bytes < prefix.value.frameBytes) {
    const wanted = prefix.value?.frameBytes ?? framePrefixBytes;
    return err(
      new RoundscopeError('frame_truncated', {
        layer: 'codec',
        message: `frame ends after ${bytes} of at least ${wanted} bytes`,
      }),
    );
  }
  const { frameBytes } = prefix.value;
  if (bytes > frameBytes) return err(malformed(`${bytes - frameBytes} bytes follow the end of the frame`));
  const header = parseHeader(first.subarray(framePrefixBytes, headBytes));
  if (!header.ok) return header;
  return ok({ ...header.value, body: after(parts, headBytes) });
}

function parseHeader(bytes: Uint8Array): Result<Pick<DecodedFrame, 'header' | 'headerText'>, RoundscopeError> {
  const depth = checkJsonDepth(bytes, limits.headerDepthMax);
  if (!depth) return err(malformed(`frame header is nested deeper than ${limits.headerDepthMax}`));
  try {
    const headerText = utf8.decode(bytes);
    const header: unknown = JSON.parse(headerText);
    if (header === null || typeof header !== 'object' || Array.isArray(header)) {
      return err(malformed('frame header is not a JSON object'));
    }
    return ok({ header: header as Record<string, unknown>, headerText });
  } catch (error) {
    return err(malformed('frame header is not JSON in UTF-8', error));
  }
}
