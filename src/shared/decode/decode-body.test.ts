import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createGunzip, createInflateRaw, createZstdDecompress, gzipSync, zstdCompressSync } from 'node:zlib';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { encodeSafetensors } from '#engine/codec/safetensors.ts';
import { readNetwork, writeNetwork } from '#engine/trainer/imported/network-file.ts';
import { writeDense } from '#test/support/dense-network.ts';
import { float32Tensor } from '../tensor/tensor.ts';
import { bytesOf } from './byte-reader.ts';
import { decodeBody, type Decoded, type DecodeOptions } from './decode-body.ts';
import { numpyVectors } from './numpy-vectors.ts';
import { parseProto } from './proto-file.ts';
import type { Inflate } from './npz.ts';

const inflate: Inflate = (method, source) => {
  const by = method === 'gzip' ? createGunzip() : method === 'zstd' ? createZstdDecompress() : createInflateRaw();
  const from = Readable.from(source, { objectMode: false });
  from.on('error', (error) => by.destroy(error));
  return from.pipe(by);
};

/** Cut into pieces of `piece` bytes, as a disk or a network would. */
function decode(body: Uint8Array, over: Partial<DecodeOptions> & { readonly piece?: number } = {}): Promise<Decoded> {
  const { piece = 7, ...options } = over;
  const pieces = Array.from({ length: Math.ceil(body.length / piece) }, (_, i) =>
    body.subarray(i * piece, (i + 1) * piece),
  );
  return decodeBody(bytesOf(...pieces), { bodyBytes: body.length, inflate, ...options });
}

function safetensors(header: unknown, data: Uint8Array, claim?: bigint): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, claim ?? BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const vector = (name: keyof typeof numpyVectors): Uint8Array =>
  new Uint8Array(Buffer.from(numpyVectors[name], 'base64'));

function tensorsIn(decoded: Decoded): readonly (readonly unknown[])[] {
  assert.equal(decoded.kind, 'tensors', JSON.stringify(decoded).slice(0, 300));
  if (decoded.kind !== 'tensors') return [];
  return decoded.tensors.map(({ name, dtype, shape, stats }) => [
    name,
    dtype,
    shape,
    stats && [stats.min, stats.max, stats.nanCount, stats.infCount],
  ]);
}

async function reasonOf(body: Uint8Array, over?: Parameters<typeof decode>[1]): Promise<string> {
  const decoded = await decode(body, over);
  assert.equal(decoded.kind, 'malformed', JSON.stringify(decoded).slice(0, 300));
  return decoded.kind === 'malformed' ? decoded.message : '';
}

describe('safetensors', () => {
  const data = new Float32Array([1, 2, Number.NaN, 4, -1, Infinity]);
  const body = encodeSafetensors([
    float32Tensor('a', [4], data.slice(0, 4)),
    float32Tensor('b', [2, 1], data.slice(4)),
  ]);
  test('a table with what each array holds, in pieces of any size', async () => {
    for (const piece of [1, 3, 64, 4096]) {
      assert.deepEqual(tensorsIn(await decode(body, { piece })), [
        ['a', 'F32', [4], [1, 4, 1, 0]],
        ['b', 'F32', [2, 1], [-1, -1, 0, 1]],
      ]);
    }
  });
  test('of a body that was cut, what is there', async () => {
    assert.deepEqual(tensorsIn(await decode(body.subarray(0, body.length - 6), { bodyBytes: body.length })), [
      ['a', 'F32', [4], [1, 4, 1, 0]],
      ['b', 'F32', [2, 1], null],
    ]);
    assert.match(await reasonOf(body.subarray(0, 40), { bodyBytes: body.length }), /longer than what was kept/);
  });
  test('what it claims and cannot be is said, and nothing is allocated for it', async () => {
    const huge = { a: { dtype: 'F32', shape: [1024, 1024, 1024], data_offsets: [0, 4_294_967_296] } };
    assert.equal(
      await reasonOf(safetensors(huge, new Uint8Array(100))),
      'It claims 4.29 GB of tensors, and the whole body has 184 B.',
    );
    assert.match(
      await reasonOf(safetensors('{}', new Uint8Array(9), 4_000_000_000n)),
      /header claims 4000000000 bytes/,
    );
    assert.match(
      await reasonOf(safetensors('{}      ', new Uint8Array(0), 1000n)),
      /header claims 1000 bytes, and the whole body has 16/,
    );
    assert.match(await reasonOf(safetensors('{"a":1}', new Uint8Array(0))), /has no type/);
    assert.match(await reasonOf(safetensors(`{"a":${'['.repeat(100_000)}`, new Uint8Array(0))), /no JSON/);
    const wrong = { a: { dtype: 'F32', shape: [3], data_offsets: [0, 4] } };
    assert.match(await reasonOf(safetensors(wrong, new Uint8Array(4))), /4 bytes for F32 \[3\], which takes 12/);
    const over = {
      a: { dtype: 'U8', shape: [4], data_offsets: [0, 4] },
      b: { dtype: 'U8', shape: [4], data_offsets: [2, 6] },
    };
    assert.match(await reasonOf(safetensors(over, new Uint8Array(6))), /over the one before/);
    const endless = { a: { dtype: 'U8', shape: [1e9, 1e9, 1e9], data_offsets: [0, 1] } };
    assert.match(await reasonOf(safetensors(endless, new Uint8Array(1))), /too large to be true/);
  });
  test('a body of any length is read in one pass, with memory for a piece of it', async () => {
    const bytes = 64 * 1024 * 1024;
    const header = safetensors(
      { w: { dtype: 'F32', shape: [bytes / 4], data_offsets: [0, bytes] } },
      new Uint8Array(0),
    );
    const piece = new Uint8Array(new Float32Array(64 * 1024).fill(0.5).buffer);
    let alive = 0;
    const source = async function* (): AsyncGenerator<Uint8Array, undefined> {
      yield header;
      for (let sent = 0; sent < bytes; sent += piece.length) {
        yield piece;
        alive = Math.max(alive, process.memoryUsage().arrayBuffers);
      }
    };
    const before = process.memoryUsage().arrayBuffers;
    const decoded = await decodeBody(source(), { bodyBytes: header.length + bytes, inflate });
    assert.deepEqual(tensorsIn(decoded), [['w', 'F32', [bytes / 4], [0.5, 0.5, 0, 0]]]);
    assert.ok(alive - before < 16 * 1024 * 1024, `${alive - before} bytes`);
  });
});

describe('what each array holds', () => {
  test('mean, deviation and a histogram that counts every finite value once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.float({ noNaN: false }), { minLength: 1, maxLength: 2000 }),
        fc.integer({ min: 1, max: 50 }),
        async (list, piece) => {
          const values = new Float32Array(list);
          const decoded = await decode(encodeSafetensors([float32Tensor('x', [values.length], values)]), { piece });
          const stats = decoded.kind === 'tensors' ? decoded.tensors[0]?.stats : null;
          const finite = [...values].filter((value) => Number.isFinite(value));
          assert.equal(stats?.elements, values.length);
          assert.equal(stats?.nanCount, [...values].filter((value) => Number.isNaN(value)).length);
          assert.equal(stats?.min, finite.length === 0 ? null : Math.min(...finite));
          const counted = stats?.histogram?.counts.reduce((sum, count) => sum + count, 0) ?? 0;
          assert.equal(counted, finite.length);
          const { from = 0, to = 0 } = stats?.histogram ?? {};
          if (finite.length > 0)
            assert.ok(from <= Math.min(...finite) && to >= Math.max(...finite), `${from} to ${to}`);
        },
      ),
      { numRuns: 300 },
    );
  });
  test('a mean far from 0 keeps its deviation', async () => {
    const values = Float64Array.from({ length: 1000 }, (_, i) => 1e9 + (i % 2));
    const header = { x: { dtype: 'F64', shape: [1000], data_offsets: [0, 8000] } };
    const decoded = await decode(safetensors(header, new Uint8Array(values.buffer)), { piece: 13 });
    const stats = decoded.kind === 'tensors' ? decoded.tensors[0]?.stats : null;
    assert.ok(Math.abs((stats?.std ?? 0) - 0.5) < 1e-6, String(stats?.std));
  });
});

describe('arrays of NumPy', () => {
  const a = ['a', 'f32', [2, 3], [-2, 3.5, 1, 1]];
  const b = ['b', 'i16', [3], [1, 3, 0, 0]];
  test('npy, with letters in place of numbers, and Python objects', async () => {
    assert.deepEqual(tensorsIn(await decode(vector('npy'))), [['array', ...a.slice(1)]]);
    assert.deepEqual(tensorsIn(await decode(vector('npyFortran'))), [['array', ...a.slice(1)]]);
    assert.deepEqual(tensorsIn(await decode(vector('npyText'))), [['array', '<U2', [2], null]]);
    assert.match(await reasonOf(vector('npyObjects')), /"\|O", which is no array of numbers/);
  });
  test('npz, compressed or not', async () => {
    assert.deepEqual(tensorsIn(await decode(vector('npz'))), [a, b]);
    assert.deepEqual(tensorsIn(await decode(vector('npzCompressed'))), [a, b]);
  });
  test('pickles of protocol 2, 4 and 5, by their way in it', async () => {
    assert.deepEqual(tensorsIn(await decode(vector('pickle2'))), [
      ['layer1.weight', ...a.slice(1)],
      ['layer1.bias', ...b.slice(1)],
    ]);
    assert.deepEqual(tensorsIn(await decode(vector('pickle4'))), [
      ['state[0]', ...a.slice(1)],
      ['state[1]', ...b.slice(1)],
    ]);
    assert.deepEqual(tensorsIn(await decode(vector('pickle5'))), [
      ['[0]', ...a.slice(1)],
      ['[1]', ...b.slice(1)],
    ]);
  });
  describe('a pickle of a few bytes that would be without end', () => {
    const pickle = (...parts: readonly (string | Uint8Array)[]): Uint8Array =>
      Buffer.concat([Buffer.from('\x80\x04', 'latin1'), ...parts.map((part) => Buffer.from(part as string, 'latin1'))]);

    test('by holding itself a hundred times', async () => {
      const reason = await reasonOf(pickle(']\x94(', 'h\x00'.repeat(100), 'e.'));
      assert.match(reason, /holds itself/);
    });

    test('by lists of two lists each, as names of what is in it', async () => {
      const at = (k: number): string => `h${String.fromCharCode(k)}`;
      const doubling = Array.from({ length: 60 }, (_, k) => `${at(k)}${at(k)}\x86\x940`);
      // A dictionary whose key is the last of them.
      const body = pickle('}K\x01K\x02\x86\x940', ...doubling, `${at(60)}K\x01s.`);
      assert.deepEqual(tensorsIn(await decode(body)), []);
    });

    test('by one text of which bytes are made again and again', async () => {
      const text = `X\x00\x00\x01\x00${'x'.repeat(65_536)}\x94`;
      const again = 'h\x00h\x01\x85R'.repeat(5000);
      const body = pickle('c_codecs\nencode\n\x94', text, again, '.');
      assert.match(await reasonOf(body, { piece: 4096 }), /holds more text/);
    });

    test('by names within names', async () => {
      const key = `X\x00\x40\x00\x00${'k'.repeat(16_384)}`;
      const nested = Buffer.concat([
        pickle(`}${key}`.repeat(19)),
        vector('pickle4').subarray(2, -1),
        Buffer.from(`${'s'.repeat(19)}.`, 'latin1'),
      ]);
      for (const [name] of tensorsIn(await decode(nested, { piece: 4096 }))) assert.ok(String(name).length <= 1001);
    });
  });

  test('an archive of two small files that become large together is given up', async () => {
    const array = 'a.npy';
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x0403_4b50, 0);
    head.writeUInt16LE(8, 8);
    head.writeUInt32LE(1, 18);
    head.writeUInt16LE(array.length, 26);
    const file = Buffer.concat([head, Buffer.from(array), Buffer.alloc(1)]);
    const header = "{'descr': '<f4', 'shape': (1,), }";
    const start = Buffer.from(
      `\x93NUMPY\x01\x00${String.fromCharCode(header.length)}\x00${header}\x00\x00\x00\x00`,
      'latin1',
    );
    const zeros = new Uint8Array(64 * 1024 * 1024);
    const threeGiB: Inflate = async function* (_method, source) {
      for await (const _ of source);
      yield start;
      for (let piece = 0; piece < 48; piece++) yield zeros;
    };
    const once = tensorsIn(await decode(file, { inflate: threeGiB }));
    assert.equal(once.length, 1);
    assert.match(await reasonOf(Buffer.concat([file, file]), { inflate: threeGiB }), /becomes more than 4/);
  });

  test('a pickle that would run something is refused by its name', async () => {
    assert.equal(
      await reasonOf(vector('pickleEvil')),
      'The pickle names "posix.system", which no array needs. Nothing of it was run.',
    );
  });
});

describe('text, JSON, bytes and what is compressed', () => {
  test('each is found out by its bytes', async () => {
    assert.deepEqual(await decode(utf8(' {"a": [1, "ü"]}')), { kind: 'json', value: { a: [1, 'ü'] } });
    assert.deepEqual(await decode(utf8('{"a": ')), { kind: 'text', start: '{"a": ', whole: true });
    assert.deepEqual(await decode(utf8('loss 0.5\n')), { kind: 'text', start: 'loss 0.5\n', whole: true });
    const long = await decode(utf8('ü'.repeat(2_000_000)), { piece: 65_537 });
    assert.deepEqual(
      [long.kind, long.kind === 'text' && long.whole, long.kind === 'text' && long.start.length],
      ['text', false, 65_536],
    );
    const bytes = await decode(new Uint8Array([0, 1, 2, 255]));
    assert.deepEqual(bytes, { kind: 'bytes', start: new Uint8Array([0, 1, 2, 255]), whole: true });
    assert.equal((await decode(new Uint8Array(0))).kind, 'text');
  });
  test('gzip and zstd are undone, once', async () => {
    for (const [method, squeezed] of [
      ['gzip', gzipSync],
      ['zstd', zstdCompressSync],
    ] as const) {
      const packed = new Uint8Array(squeezed(utf8('{"a":1}')));
      assert.deepEqual(await decode(packed), { kind: 'compressed', method, inner: { kind: 'json', value: { a: 1 } } });
      assert.match(await reasonOf(packed.subarray(0, packed.length - 4)), /cannot be undone/);
      assert.match(await reasonOf(new Uint8Array(squeezed(packed))), /within itself/);
      assert.match(await reasonOf(packed, { inflate: () => null }), /not undone here/);
    }
  });
});

test('a network on its way to participants is read by the names of ONNX', async () => {
  const file = writeNetwork(readNetwork(writeDense([1, 8, 8], 10)));
  const decoded = await decode(file);
  assert.ok(decoded.kind === 'protobuf', JSON.stringify(decoded));
  assert.equal(decoded.message, 'onnx.ModelProto');
  const [version, producer, , graph] = decoded.fields;
  assert.deepEqual([version?.name, producer?.value, graph?.name], ['ir_version', 'roundscope', 'graph']);
  const inside = JSON.stringify(graph?.value);
  for (const word of ['"op_type","type":"string","value":"Gemm"', '"value":"dense.weight"', '"value":"parameters"'])
    assert.ok(inside.includes(word), word);
  const cut = await decode(file.subarray(0, 60), { bodyBytes: file.length });
  assert.equal(cut.kind, 'malformed', 'of which only the beginning was kept');
});

describe('protobuf', () => {
  const file = parseProto(`
    syntax = "proto3"; // a comment with message X {
    package lab.v1;
    option java_package = "x";
    enum Kind { UNKNOWN = 0; UPDATE = 2; }
    message Envelope {
      reserved 9, 10 to 12;
      string sender = 1;
      Kind kind = 2;
      sint32 delta = 3;
      repeated Part parts = 4;
      map<string, int32> counts = 5;
      oneof body { bytes raw = 6; double loss = 7 [deprecated = true]; }
      message Part { int64 index = 1; bool last = 2; }
    }
    service Lab { rpc Send(stream Envelope) returns (Receipt) { option (x) = { a: 1 }; } }
    message Receipt {}
  `);
  const bytes = new Uint8Array([
    0x0a, 3, 0x6c, 0x61, 0x62, 0x10, 2, 0x18, 3, 0x22, 4, 0x08, 7, 0x10, 1, 0x32, 2, 0xff, 0, 0x39, 0, 0, 0, 0, 0, 0,
    0xe0, 0x3f,
  ]);
  test('by a .proto, with nested messages, enums and what a method takes', async () => {
    assert.ok(file.ok, file.ok ? '' : file.error);
    assert.deepEqual(file.value.methods.get('/lab.v1.Lab/Send'), {
      input: 'lab.v1.Envelope',
      output: 'lab.v1.Receipt',
    });
    const decoded = await decode(bytes, { message: { name: 'lab.v1.Envelope', file: file.value } });
    assert.ok(decoded.kind === 'protobuf', JSON.stringify(decoded));
    assert.deepEqual(
      decoded.fields.map(({ name, type, value }) => [
        name,
        type,
        Array.isArray(value) ? value.map((part) => [part.name, part.value]) : value,
      ]),
      [
        ['sender', 'string', 'lab'],
        ['kind', 'lab.v1.Kind', 'UPDATE'],
        ['delta', 'sint32', -2],
        [
          'parts',
          'lab.v1.Envelope.Part',
          [
            ['index', 7],
            ['last', true],
          ],
        ],
        ['raw', 'bytes', 'ff 00'],
        ['loss', 'double', 0.5],
      ],
    );
    assert.match(
      await reasonOf(bytes, { message: { name: 'lab.v1.Nothing', file: file.value } }),
      /no message lab\.v1\.Nothing/,
    );
  });
  test('without one, by what the bytes allow', async () => {
    const decoded = await decode(bytes, { message: { name: '', file: null } });
    assert.deepEqual(
      decoded.kind === 'protobuf' && decoded.fields.map(({ number, value }) => [number, value]).slice(0, 3),
      [
        [1, 'lab'],
        [2, 2],
        [3, 3],
      ],
    );
    const cut = await reasonOf(bytes.subarray(0, 3), { message: { name: '', file: null } });
    assert.equal(cut, 'A field claims 3 bytes, and 1 are left.');
  });
  test('of a .proto that cannot be read, what is wrong', () => {
    assert.deepEqual(parseProto('message A { string = 1; }'), {
      ok: false,
      error: 'In message A: "string =" is no field.',
    });
    assert.deepEqual(parseProto('message A {'), { ok: false, error: 'message A has no end.' });
  });
});

test('whatever a body is, it is read or refused: mutated samples of every format', async () => {
  const samples = [
    ...Object.keys(numpyVectors).map((name) => vector(name as keyof typeof numpyVectors)),
    encodeSafetensors([float32Tensor('a', [4], new Float32Array(4))]),
    utf8('{"a": [1, 2, {"b": null}]}'),
    new Uint8Array(gzipSync(utf8('hello'))),
    new Uint8Array(zstdCompressSync(utf8('hello'))),
  ];
  const change = fc.record({ at: fc.nat(2000), byte: fc.nat(255) });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...samples),
      fc.array(change, { maxLength: 6 }),
      fc.nat(2000),
      async (sample, changes, cut) => {
        const body = sample.slice(0, Math.max(1, sample.length - (cut > 1500 ? cut - 1500 : 0)));
        for (const { at, byte } of changes) body[at % body.length] = byte;
        const decoded = await decode(body, { piece: 1 + (cut % 100) });
        assert.ok(decoded.kind.length > 0);
        const asMessage = await decode(body, { message: { name: '', file: null } });
        assert.ok(asMessage.kind.length > 0);
      },
    ),
    { numRuns: 1500 },
  );
});

test('whatever a .proto is, it is read or refused', () => {
  const word = fc.constantFrom(
    'message',
    'enum',
    'service',
    'rpc',
    'returns',
    '{',
    '}',
    '(',
    ')',
    ';',
    '=',
    '1',
    'A',
    'map',
    '<',
    '>',
    'oneof',
    'option',
    'reserved',
    '"x"',
    'repeated',
    'string',
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), (words) => {
      const read = parseProto(words.join(' '));
      assert.ok(read.ok || read.error.length > 0);
    }),
    { numRuns: 2000 },
  );
});
