/** Which layout a frame should have: `node bench/framing.ts`. The answer is in docs/decisions/0003-frame-layout.md. */
import { performance } from 'node:perf_hooks';
import { decodeFrame, encodeFrame } from '#engine/framing/frame.ts';
import { bytesIn } from '#engine/framing/parts.ts';
import { FrameDecoder } from '#engine/framing/frame-decoder.ts';

interface Layout {
  readonly name: string;
  encode(header: object, body: Uint8Array): readonly Uint8Array[];
  /** A receiver of a byte stream: returns the bytes of bodies seen. */
  receiver(): (bytes: Uint8Array) => number;
}

const prefixed: Layout = {
  name: 'fixed prefix, JSON header, body',
  encode: encodeFrame,
  receiver() {
    const decoder = new FrameDecoder();
    return (bytes) => {
      let bodyBytes = 0;
      for (const frame of decoder.push(bytes).frames) {
        const decoded = decodeFrame(frame);
        if (decoded.ok) bodyBytes += bytesIn(decoded.value.body);
      }
      return bodyBytes;
    };
  },
};

/** A line of JSON that says how many bytes of body follow: the line's end has to be searched for. */
const ndjson: Layout = {
  name: 'NDJSON header, body',
  encode(header, body) {
    const line = Buffer.from(`${JSON.stringify({ ...header, body_bytes: body.byteLength })}\n`);
    return body.byteLength === 0 ? [line] : [line, body];
  },
  receiver() {
    let pieces: Uint8Array[] = [];
    let held = 0;
    let wanted = 0;
    return (bytes) => {
      pieces.push(bytes);
      held += bytes.byteLength;
      if (held < wanted) return 0;
      let buffer =
        pieces.length === 1 ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : Buffer.concat(pieces);
      let bodyBytes = 0;
      for (;;) {
        const end = buffer.indexOf(10);
        wanted = 0;
        if (end < 0) break;
        const header = JSON.parse(buffer.toString('utf8', 0, end)) as { body_bytes: number };
        wanted = end + 1 + header.body_bytes;
        if (buffer.byteLength < wanted) break;
        bodyBytes += header.body_bytes;
        buffer = buffer.subarray(wanted);
      }
      pieces = [buffer];
      held = buffer.byteLength;
      return bodyBytes;
    };
  },
};

/** Time per message for encoding, splitting into what a socket delivers, and decoding. */
function measure(
  layout: Layout,
  { header, body, count, readBytes }: { header: object; body: Uint8Array; count: number; readBytes: number },
): number {
  const receive = layout.receiver();
  const started = performance.now();
  let seen = 0;
  for (let i = 0; i < count; i++) {
    const stream = Buffer.concat(layout.encode(header, body));
    for (let at = 0; at < stream.byteLength; at += readBytes) seen += receive(stream.subarray(at, at + readBytes));
  }
  if (seen !== count * body.byteLength)
    throw new Error(`${layout.name}: ${seen} of ${count * body.byteLength} bytes arrived`);
  return ((performance.now() - started) * 1000) / count;
}

const control = {
  t: 'message',
  seq: 12,
  ack: 11,
  header: {
    version: 1,
    run: 'run-1',
    sender: 'node-1',
    kind: 'training_progress',
    round: 3,
    id: 'a1b2.12',
    sent_at: 1767225600000,
    body: { epoch: 1, epochs: 2, batch: 7, batches: 14, loss: 0.42 },
  },
};
const chunk = { t: 'chunk', transfer: 'a1b2.13', offset: 524288, index: 1, count: 4 };
const cases = [
  { name: 'control message', header: control, body: new Uint8Array(0), count: 100_000, readBytes: 65_536 },
  {
    name: 'chunk of 512 KiB in reads of 64 KiB',
    header: chunk,
    body: new Uint8Array(512 * 1024).fill(7),
    count: 2000,
    readBytes: 65_536,
  },
];
for (const layout of [prefixed, ndjson, prefixed, ndjson]) {
  for (const { name, ...options } of cases) {
    process.stdout.write(`${layout.name}: ${name}: ${measure(layout, options).toFixed(2)} µs\n`);
  }
}
