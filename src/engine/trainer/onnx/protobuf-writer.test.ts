import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toInt64, varint } from './protobuf-writer.ts';
import { writeNode, writeTensor } from './write-model.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('varints are as the protobuf specification shows them', () => {
  assert.equal(hex(varint(0)), '00');
  assert.equal(hex(varint(150)), '9601');
  assert.equal(hex(varint(2 ** 32)), '8080808010');
  assert.equal(hex(varint(-1)), 'ffffffffffffffffff01');
});

test('what is beyond int64 is the nearest one', () => {
  assert.equal(toInt64(Number.NaN), 0n);
  assert.deepEqual(
    [toInt64(2 ** 63), toInt64(Infinity), toInt64(-Infinity)],
    [2n ** 63n - 1n, 2n ** 63n - 1n, 1n - 2n ** 63n],
  );
});

test('a node has its attributes typed', () => {
  const attributes = new Map([['axis', { kind: 'int', value: 1 } as const]]);
  // input "a", output "b", name "n", op_type "Neg", attribute { name "axis", i 1, type INT }
  assert.equal(
    hex(writeNode({ type: 'Neg', name: 'n', inputs: ['a'], outputs: ['b'], attributes })),
    '0a0161' + '120162' + '1a016e' + '22034e6567' + '2a0b' + '0a0461786973' + '1801' + 'a00102',
  );
});

test('a constant is little-endian', () => {
  const tensor = { name: 'c', type: 'int64', shape: [1], data: BigInt64Array.of(258n) } as const;
  assert.equal(hex(writeTensor(tensor)), '0801' + '1007' + '420163' + '4a080201000000000000');
});
