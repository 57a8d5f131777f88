import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { contractVersion, type Message, type MessageHeader } from '#shared/contract/messages.ts';
import type { Tensor } from '#shared/tensor/tensor.ts';
import { hashBytes, RunningHash } from './hash.ts';
import { decodeMessageHeader, encodeMessageHeader, salvageHeader } from './message-codec.ts';
import { decodeSafetensors, encodeSafetensors, firstNotFinite } from './safetensors.ts';

const header: MessageHeader = {
  version: contractVersion,
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
    const more = decodeMessageHeader({ ...wire, color: 'red', body: { ...(wire['body'] as object), mood: 1 } });
    assert.ok(more.ok);
    assert.deepEqual(more.value, header);
    const codeOf = (change: object): string => {
      const decoded = decodeMessageHeader({ ...wire, ...change });
      return decoded.ok ? 'ok' : decoded.error.code;
    };
    assert.equal(codeOf({ kind: 'telepathy' }), 'kind_unknown');
    assert.equal(codeOf({ kind: '__proto__' }), 'kind_unknown');
    assert.equal(codeOf({ version: contractVersion + 1 }), 'version_unsupported');
    assert.equal(codeOf({ round: -1 }), 'header_invalid');
    assert.equal(codeOf({ sender: '../../etc' }), 'header_invalid');
    assert.equal(codeOf({ body: {} }), 'header_invalid');
    assert.equal(codeOf({ payload: { hash: 'ab'.repeat(32), length: 4, encoding: 'safetensors' } }), 'header_invalid');
  });

  test('what is refused is named, with what was wrong', () => {
    const wire = encodeMessageHeader(header) as Record<string, unknown>;
    const payload = { hash: 'ab'.repeat(32), length: 4, encoding: 'safetensors' };
    const said = (change: object): readonly unknown[] => {
      const decoded = decodeMessageHeader({ ...wire, ...change });
      if (decoded.ok) return ['ok'];
      const { layer, message, context } = decoded.error;
      assert.equal(layer, 'codec');
      return [message, context];
    };
    const version = contractVersion + 1;
    assert.deepEqual(said({ version }), [
      `message of contract version ${version}; this side speaks ${contractVersion}`,
      { version },
    ]);
    assert.deepEqual(said({ kind: 'telepathy' }), ['unknown kind of message: telepathy', { kind: 'telepathy' }]);
    assert.deepEqual(said({ kind: 'global_model' }), ['global_model without its payload', { kind: 'global_model' }]);
    assert.deepEqual(said({ payload }), [
      'update_ack carries no payload, but one is announced',
      { kind: 'update_ack' },
    ]);
    assert.match(String(said({ round: -1 })[0]), /^message header is not valid at round: \w/);
    assert.match(
      String(said({ body: { ...(wire['body'] as object), accepted: 1 } })[0]),
      /^body of update_ack is not valid at accepted: \w/,
    );
    assert.match(String(said({ body: null })[0]), /^(body of update_ack|message header) is not valid(?: at body)?: \w/);
    const whole = decodeMessageHeader(7);
    assert.match(whole.ok ? '' : whole.error.message, /^message header is not valid: \w/);
    const long = decodeMessageHeader({ ...wire, body: { ['x'.repeat(3000)]: 1 } });
    assert.ok(!long.ok && long.error.message.length <= 500);
  });

  test('of a header that failed its kind, id, round and sender are told as far as they can be', () => {
    const nothing = { kind: '', id: '', round: 0, sender: '' };
    for (const wire of [null, undefined, 7, 'text', [], {}, { kind: 1, id: null, round: '3', sender: {} }])
      assert.deepEqual(salvageHeader(wire), nothing);
    const told = { kind: 'ping', id: 'a.1', round: 3, sender: 'node-1' };
    assert.deepEqual(salvageHeader({ ...told, more: 1 }), told);
    const long = salvageHeader({ kind: 'k'.repeat(99), id: 'i'.repeat(99), sender: 's'.repeat(99) });
    assert.deepEqual([long.kind.length, long.id.length, long.sender.length], [40, 64, 48]);
    const rounds = [0, 1, -1, 1.5, 2 ** 53, Number.NaN].map((round) => salvageHeader({ round }).round);
    assert.deepEqual(rounds, [0, 1, 0, 0, 0, 0]);
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
  test('each refusal says what is wrong', () => {
    const entry = (change: object = {}): object => ({ dtype: 'F32', shape: [1], data_offsets: [0, 4], ...change });
    const said = (header: unknown, dataBytes = 4): string => {
      const text = typeof header === 'string' ? header : JSON.stringify(header);
      const decoded = decodeSafetensors(safetensors(text, new Uint8Array(dataBytes)));
      if (decoded.ok) return 'ok';
      assert.deepEqual([decoded.error.code, decoded.error.layer], ['payload_malformed', 'codec']);
      return decoded.error.message.replace('safetensors: ', '');
    };
    const long = 'n'.repeat(300);
    const refusals: readonly (readonly [unknown, string | RegExp])[] = [
      [{ w: entry() }, 'ok'],
      [{ __metadata__: { a: 'b' }, w: entry() }, 'ok'],
      ['{"w"', 'header is not JSON in UTF-8'],
      ['[]', 'header is not a JSON object'],
      ['null', 'header is not a JSON object'],
      ['7 ', 'header is not a JSON object'],
      [{ w: 7 }, 'tensor "w" is not described by an object'],
      [{ w: null }, 'tensor "w" is not described by an object'],
      [{ '': entry() }, 'tensor name of 0 characters'],
      [{ ['n'.repeat(5000)]: entry() }, 'tensor name of 5000 characters'],
      [{ w: entry({ dtype: 'F31' }) }, 'tensor "w" has the unknown type "F31"'],
      [{ w: entry({ dtype: undefined }) }, 'tensor "w" has the unknown type undefined'],
      [{ w: entry({ dtype: long }) }, `tensor "w" has the unknown type "${'n'.repeat(39)}`],
      [{ w: entry({ shape: [-1] }) }, /^tensor "w": shape is not a list of at most \d+ sizes$/],
      [{ w: entry({ shape: [1.5] }) }, /^tensor "w": shape is not a list/],
      [{ w: entry({ shape: Array.from({ length: 99 }, () => 1) }) }, /^tensor "w": shape is not a list/],
      [{ w: entry({ data_offsets: [0] }) }, 'tensor "w": data_offsets are not two sizes'],
      [{ w: entry({ data_offsets: [0, 4, 8] }) }, 'tensor "w": data_offsets are not two sizes'],
      [{ w: entry({ data_offsets: 'ab' }) }, 'tensor "w": data_offsets are not two sizes'],
      [{ w: entry({ data_offsets: [4, 0] }) }, 'tensor "w": offsets 4 to 0 do not lie in 4 bytes'],
      [{ w: entry({ data_offsets: [4, 8] }) }, 'tensor "w": offsets 4 to 8 do not lie in 4 bytes'],
      [{ w: entry({ data_offsets: [2, 4] }) }, 'tensor "w": 2 bytes for F32 [1]'],
      [{ w: entry({ shape: [], dtype: 'U8', data_offsets: [1, 2] }) }, 'hole before tensor "w"'],
      [{ v: entry(), w: entry() }, 'overlap before tensor "w"'],
      [{ w: entry({ dtype: 'U8', data_offsets: [0, 1] }) }, '3 bytes belong to no tensor'],
    ];
    for (const [header, expected] of refusals) {
      if (typeof expected === 'string') assert.equal(said(header), expected, JSON.stringify(header).slice(0, 80));
      else assert.match(said(header), expected);
    }
  });

  test('half-precision infinities are found, integers are always finite', () => {
    const found = (dtype: Tensor['dtype'], data: Tensor['data']): unknown =>
      firstNotFinite([{ name: 'w', dtype, shape: [data.length], data }]);
    assert.deepEqual(found('F16', Uint16Array.of(0x3c00, 0x7c00)), { tensor: 'w', index: 1, value: Number.NaN });
    assert.deepEqual(found('BF16', Uint16Array.of(0xff80)), { tensor: 'w', index: 0, value: Number.NaN });
    assert.equal(found('F16', Uint16Array.of(0x7bff, 0)), null);
    assert.equal(found('BF16', Uint16Array.of(0x7c00, 0x7f7f)), null);
    assert.equal(found('U16', Uint16Array.of(0xffff)), null);
    assert.deepEqual(found('F64', Float64Array.of(1, -Infinity)), { tensor: 'w', index: 1, value: -Infinity });
    assert.equal(found('F32', Float32Array.of(1, 2)), null);
  });

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
