import { encodeFrame } from '#engine/framing/frame.ts';

/** What people who look for open ports and bugs send first. */
export const hostileBytes: Readonly<Record<string, Uint8Array>> = {
  garbage: Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) % 256)),
  'a web browser': Buffer.from('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'),
  'a length of 4 GB': lengths(20, 0xffff_ffff),
  'a JSON bomb': Buffer.concat([lengths(60_000, 0), Buffer.from('['.repeat(30_000) + ']'.repeat(30_000))]),
  'a wide JSON bomb': frame(Object.fromEntries(Array.from({ length: 2500 }, (_, i) => [`k${i}`, [[[[i]]]]]))),
  'a frame of another program': frame({ t: 'hello', version: 'one' }),
  // A CONNECT whose remaining length is the largest that MQTT can say.
  'an MQTT packet of 256 MB': Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f, 0, 4, 0x4d, 0x51, 0x54, 0x54]),
  'a header of AMQP': Buffer.from('AMQP\0\0\u0009\u0001', 'latin1'),
  // HTTP/2's preface and a frame of 16 MB on a stream that nobody opened.
  'HTTP/2 out of order': Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    Buffer.from([0xff, 0xff, 0xff, 0, 1, 0, 0, 0, 99]),
  ]),
};

function lengths(headerBytes: number, bodyBytes: number): Uint8Array {
  const bytes = Buffer.alloc(12);
  bytes.set([0x52, 0x53, 1, 0]);
  bytes.writeUInt32LE(headerBytes, 4);
  bytes.writeUInt32LE(bodyBytes, 8);
  return bytes;
}

export function frame(header: object): Uint8Array {
  return Buffer.concat(encodeFrame(header));
}
