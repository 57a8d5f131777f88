import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '#shared/base/random.ts';
import { locatorsIn } from './rtps-locators.ts';

const spdpWriter = 0x000100c2;
const userWriter = 0x00000102;

interface Shape {
  readonly little: boolean;
  readonly writer: number;
  readonly inlineQos: boolean;
  /** Submessages before it: a destination and a timestamp, as every implementation sends. */
  readonly company: boolean;
}

/** A datagram with one DATA whose parameter list has the given locators. */
function datagram(
  shape: Shape,
  locators: readonly { id: number; kind: number; port: number; address: readonly number[] }[],
): Buffer {
  const { little } = shape;
  const u16 = (value: number): Buffer => number(value, 2, little);
  const u32 = (value: number): Buffer => number(value, 4, little);
  const list = locators.flatMap(({ id, kind, port, address }) => [
    u16(id),
    u16(24),
    u32(kind),
    u32(port),
    Buffer.concat([Buffer.alloc(12), Buffer.from(address)]),
  ]);
  const name = [u16(0x0062), u16(8), u32(3), Buffer.from('ab\0\0')];
  const payload = Buffer.concat([Buffer.from([0, little ? 3 : 2, 0, 0]), ...name, ...list, u16(1), u16(0)]);
  const qos = shape.inlineQos
    ? Buffer.concat([u16(0x0070), u16(16), Buffer.alloc(16, 9), u16(1), u16(0)])
    : Buffer.alloc(0);
  const ids = [number(0x000100c7, 4, false), number(shape.writer, 4, false), Buffer.alloc(8)];
  const data = Buffer.concat([u16(0), u16(16), ...ids, qos, payload]);
  const flags = (little ? 1 : 0) | 4 | (shape.inlineQos ? 2 : 0);
  const header = Buffer.concat([Buffer.from('RTPS'), Buffer.from([2, 1, 1, 16]), Buffer.alloc(12, 7)]);
  const destination = Buffer.concat([Buffer.from([0x0e, little ? 1 : 0]), u16(12), Buffer.alloc(12)]);
  const timestamp = Buffer.concat([Buffer.from([0x09, little ? 1 : 0]), u16(8), Buffer.alloc(8)]);
  // The last submessage may say 0 for "to the end".
  const length = shape.company ? data.length : 0;
  return Buffer.concat([
    header,
    ...(shape.company ? [destination, timestamp] : []),
    Buffer.from([0x15, flags]),
    u16(length),
    data,
  ]);
}

function number(value: number, bytes: number, little: boolean): Buffer {
  const made = Buffer.alloc(bytes);
  if (little) made.writeUIntLE(value, 0, bytes);
  else made.writeUIntBE(value, 0, bytes);
  return made;
}

const loopback = [127, 0, 0, 1];
const shapes = [true, false].flatMap((little) =>
  [true, false].flatMap((inlineQos) =>
    [true, false].map((company): Shape => ({ little, inlineQos, company, writer: spdpWriter })),
  ),
);

describe('addresses in discovery data', () => {
  test('unicast locators are found and their ports replaced, in both byte orders and all shapes', () => {
    for (const shape of shapes) {
      const bytes = datagram(shape, [
        { id: 0x0031, kind: 1, port: 7411, address: loopback },
        { id: 0x0032, kind: 1, port: 7410, address: [192, 0, 2, 9] },
        { id: 0x002f, kind: 1, port: 7412, address: loopback },
      ]);
      const found = locatorsIn(bytes);
      assert.deepEqual(
        found.map(({ host, port }) => `${host}:${port}`),
        ['127.0.0.1:7411', '192.0.2.9:7410', '127.0.0.1:7412'],
        JSON.stringify(shape),
      );
      found.forEach(({ replace }, i) => replace(50_000 + i));
      assert.deepEqual(
        locatorsIn(bytes).map(({ port }) => port),
        [50_000, 50_001, 50_002],
      );
    }
  });

  test('multicast, IPv6 and unset ports are left as they are', () => {
    const shape = shapes[0] as Shape;
    const bytes = datagram(shape, [
      { id: 0x0033, kind: 1, port: 7400, address: [239, 255, 0, 1] },
      { id: 0x0031, kind: 2, port: 7411, address: loopback },
      { id: 0x0031, kind: 1, port: 0, address: loopback },
    ]);
    assert.deepEqual(locatorsIn(bytes), []);
  });

  test('data of users is not looked into, even if it looks like a list', () => {
    const bytes = datagram({ ...(shapes[0] as Shape), writer: userWriter }, [
      { id: 0x0031, kind: 1, port: 7411, address: loopback },
    ]);
    assert.deepEqual(locatorsIn(bytes), []);
  });

  test('whatever else comes is passed over without harm', () => {
    const random = seededRandom('rtps');
    const good = datagram(shapes[0] as Shape, [{ id: 0x0031, kind: 1, port: 7411, address: loopback }]);
    for (let n = 0; n < 20_000; n++) {
      const bytes = Buffer.from(good.subarray(0, 4 + random.int(good.length - 3)));
      for (let i = random.int(6); i > 0; i--) bytes[4 + random.int(Math.max(1, bytes.length - 4))] = random.int(256);
      const before = bytes.length;
      for (const { replace } of locatorsIn(bytes)) replace(1);
      assert.equal(bytes.length, before);
    }
    assert.deepEqual(locatorsIn(Buffer.from('GET / HTTP/1.1\r\n\r\n and more of it')), []);
  });
});
