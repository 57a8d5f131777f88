import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Message, MessageHeader } from '#shared/contract/messages.ts';
import type { Tensor } from '#shared/tensor/tensor.ts';
import { hashBytes, RunningHash } from './hash.ts';
import { decodeMessageHeader, encodeMessageHeader } from './message-codec.ts';
import { decodeSafetensors, encodeSafetensors, firstNotFinite } from './safetensors.ts';

const header: MessageHeader = {
  version: 1,
  run: 'run-1',
  sender: 'node-1',
  kind: 'update_ack',
  round: 3,
  id: 'a.1',
  replyTo: 'b.2',
  sentAt: 1_767_225_600_000.5,
  body: { accepted: false, contribution: 'ab'.repeat(32), code: 'update_not_finite', reason: 'tensor w has NaN' },
} as unknown as Message['header'];

function safetensors(json: string, data = new Uint8Array(0)): Uint8Array {
  const text = Buffer.from(json);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, data]);
}

describe('message headers', () => {
  test('travel in wire names and come back the same', () => {
    const wire = encodeMessageHeader(header) as Record<string, unknown>;
    assert.equal(wire['reply_to'], 'b.2');
    const decoded = decodeMessageHeader(JSON.parse(JSON.stringify(wire)));
    assert.ok(decoded.ok);
    assert.deepEqual(decoded.value, header);
  });

  test('unknown optional fields are dropped, unknown kinds and versions named', () => {
    const wire = encodeMessageHeader(header) as Record<string, unknown>;
    const more = decodeMessageHeader({ ...wire, colour: 'red', body: { ...(wire['body'] as object), mood: 1 } });
    assert.ok(more.ok);
    assert.deepEqual(more.value, header);
    const codeOf = (change: object): string => {
      const decoded = decodeMessageHeader({ ...wire, ...change });
      return decoded.ok ? 'ok' : decoded.error.code;
    };
    assert.equal(codeOf({ kind: 'telepathy' }), 'kind_unknown');
    assert.equal(codeOf({ kind: '__proto__' }), 'kind_unknown');
    assert.equal(codeOf({ version: 2 }), 'version_unsupported');
    assert.equal(codeOf({ round: -1 }), 'header_invalid');
    assert.equal(codeOf({ sender: '../../etc' }), 'header_invalid');
    assert.equal(codeOf({ body: {} }), 'header_invalid');
    assert.equal(codeOf({ payload: { hash: 'ab'.repeat(32), length: 4, encoding: 'safetensors' } }), 'header_invalid');
  });

  test('no JSON value makes the decoder throw', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => void decodeMessageHeader(value)));
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(header)), fc.jsonValue(), (key, value) => {
        decodeMessageHeader({ ...(encodeMessageHeader(header) as object), [key]: value });
      }),
    );
  });
});

describe('safetensors', () => {
  const float32 = fc.record({
    name: fc.string({ minLength: 1, maxLength: 20 }).filter((name) => name !== '__metadata__' && name !== '__proto__'),
    shape: fc.array(fc.nat(4), { maxLength: 4 }),
  });

  test('what is encoded is decoded, as views, in the order given', () => {
    fc.assert(
      fc.property(fc.uniqueArray(float32, { maxLength: 8, selector: ({ name }) => name }), (specs) => {
        const tensors: Tensor[] = specs.map(({ name, shape }, k) => {
          const count = shape.reduce((a, b) => a * b, 1);
          return { name, dtype: 'F32', shape, data: Float32Array.from({ length: count }, (_, i) => i / 3 + k) };
        });
        const bytes = encodeSafetensors(tensors);
        const decoded = decodeSafetensors(bytes);
        assert.ok(decoded.ok);
        const byName = (a: Tensor, b: Tensor): number => (a.name < b.name ? -1 : 1);
        assert.deepEqual(decoded.value.toSorted(byName), tensors.toSorted(byName));
        for (const { data } of decoded.value) assert.equal(data.buffer, bytes.buffer);
      }),
    );
  });

  test('bytes at an odd address are copied, other types and metadata read', () => {
    const data = Buffer.alloc(16);
    data.writeDoubleLE(1.5, 0);
    data.writeBigInt64LE(-7n, 8);
    const json =
      '{"__metadata__":{"made_by":"test"},"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"b":{"dtype":"I64","shape":[],"data_offsets":[8,16]}}';
    const whole = safetensors(json, data);
    const shifted = new Uint8Array(whole.length + 1);
    shifted.set(whole, 1);
    const decoded = decodeSafetensors(shifted.subarray(1));
    assert.ok(decoded.ok);
    assert.deepEqual(
      decoded.value.map((tensor) => [tensor.name, tensor.dtype, [...tensor.data]]),
      [
        ['a', 'F64', [1.5]],
        ['b', 'I64', [-7n]],
      ],
    );
  });

  const four = new Uint8Array(4);
  const entry = (dtype: string, shape: string, offsets: string): string =>
    `{"w":{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}}`;
  const bad: Record<string, Uint8Array> = {
    'nothing at all': new Uint8Array(0),
    'a header longer than the file': Buffer.from('ffffffffffffffff7b7d', 'hex'),
    'an unknown type': safetensors(entry('F4', '[1]', '[0,4]'), four),
    'offsets beyond the data': safetensors(entry('F32', '[2]', '[0,8]'), four),
    'offsets the wrong way round': safetensors(entry('F32', '[1]', '[4,0]'), four),
    'a shape that does not fit its bytes': safetensors(entry('F32', '[2]', '[0,4]'), four),
    'a shape whose product overflows': safetensors(
      entry('F32', '[9007199254740991,9007199254740991,0.5]', '[0,4]'),
      four,
    ),
    'a negative size': safetensors(entry('F32', '[-1,-1]', '[0,4]'), four),
    'nine dimensions': safetensors(entry('F32', '[1,1,1,1,1,1,1,1,1]', '[0,4]'), four),
    'a hole': safetensors(entry('F32', '[1]', '[4,8]'), new Uint8Array(8)),
    'bytes that belong to nobody': safetensors(entry('F32', '[1]', '[0,4]'), new Uint8Array(8)),
    'an overlap': safetensors(
      '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
      four,
    ),
    'a name that occurs twice': safetensors(
      '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
      four,
    ),
    'too many tensors': safetensors(
      `{${Array.from({ length: 4097 }, (_, i) => `"t${i}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`).join()}}`,
    ),
    'a list': safetensors('[]'),
    'a deep header': safetensors(`{"w":${'['.repeat(1000)}${']'.repeat(1000)}}`),
  };
  for (const [name, bytes] of Object.entries(bad)) {
    test(`refuses ${name}`, () => {
      const decoded = decodeSafetensors(bytes);
      assert.ok(!decoded.ok);
      assert.equal(decoded.error.code, 'payload_malformed');
    });
  }

  test('NaN and infinity are found with their place', () => {
    const data = new Float32Array([1, 2, Number.NEGATIVE_INFINITY]);
    assert.deepEqual(firstNotFinite([{ name: 'w', dtype: 'F32', shape: [3], data }]), {
      tensor: 'w',
      index: 2,
      value: Number.NEGATIVE_INFINITY,
    });
    assert.equal(
      firstNotFinite([{ name: 'h', dtype: 'F16', shape: [2], data: Uint16Array.of(0x3c00, 0x7e00) }])?.index,
      1,
    );
    assert.equal(firstNotFinite([{ name: 'w', dtype: 'F32', shape: [2], data: data.subarray(0, 2) }]), null);
  });
});

test('a hash fed in pieces is the hash of the whole', () => {
  const bytes = new Uint8Array(1000).map((_, i) => i);
  const running = new RunningHash();
  running.update(bytes.subarray(0, 333));
  running.update(bytes.subarray(333));
  assert.equal(running.digest(), hashBytes(bytes));
});
