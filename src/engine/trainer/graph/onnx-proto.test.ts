import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeInt64s, encodeNode, varint } from './onnx-proto.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('varints are as the protobuf specification shows them', () => {
  assert.equal(hex(varint(0)), '00');
  assert.equal(hex(varint(150)), '9601');
  assert.equal(hex(varint(2 ** 32)), '8080808010');
  assert.equal(hex(varint(-1)), 'ffffffffffffffffff01');
});

test('a node is the field 1 of its graph, with its attributes typed', () => {
  const node = encodeNode({ type: 'Neg', name: 'n', inputs: ['a'], outputs: ['b'], attributes: { axis: 1 } });
  // input "a", output "b", name "n", op_type "Neg", attribute { name "axis", i 1, type INT }
  assert.equal(
    hex(node),
    '0a1b' + '0a0161' + '120162' + '1a016e' + '22034e6567' + '2a0b' + '0a0461786973' + '1801' + 'a00102',
  );
});

test('a constant is little-endian', () => {
  assert.equal(hex(encodeInt64s('c', [258])), '2a11' + '0801' + '1007' + '420163' + '4a080201000000000000');
});
