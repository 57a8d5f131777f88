import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { GraphFault, type FaultReason } from './graph-fault.ts';
import type { OnnxModel, OnnxNode, OnnxTensor } from './onnx-model.ts';
import { bytes, concatBytes, integer, text } from './protobuf-writer.ts';
import { readModel } from './read-model.ts';
import { writeModel, writeNode, writeTensor } from './write-model.ts';

const weight: OnnxTensor = { name: 'w', type: 'float32', shape: [2, 2], data: Float32Array.of(1, -2, 0.5, 3) };

function node(
  type: string,
  inputs: readonly string[],
  outputs: readonly string[],
  rest: Partial<OnnxNode> = {},
): OnnxNode {
  return { type, name: `the ${type}`, inputs, outputs, attributes: new Map(), ...rest };
}

function model(rest: Partial<OnnxModel> = {}): Omit<OnnxModel, 'producer' | 'marks'> {
  return {
    opset: 20,
    graphName: 'g',
    nodes: [node('MatMul', ['x', 'w'], ['y'])],
    initializers: [weight],
    inputs: [{ name: 'x', type: 'float32', shape: ['batch', 2] }],
    outputs: [{ name: 'y', type: 'float32', shape: ['batch', 2] }],
    ...rest,
  };
}

function refused(file: Uint8Array): GraphFault {
  const read = readModel(file);
  assert.ok(!read.ok, 'it was taken');
  return read.error;
}

function expectFault(file: Uint8Array, reason: FaultReason, message: RegExp): void {
  const fault = refused(file);
  assert.deepEqual([fault.reason, fault.code], [reason, 'model_invalid']);
  assert.match(fault.message, message);
}

/** A model around parts of a graph that no writer of ours would make. */
function handMade(parts: readonly Uint8Array[]): Uint8Array {
  const opset = bytes(8, concatBytes([text(1, ''), integer(2, 20)]));
  return concatBytes([integer(1, 8), opset, bytes(7, concatBytes(parts))]);
}

describe('an ONNX model', () => {
  test('is read as it was written, with every kind of attribute and element', () => {
    const attributes: OnnxNode['attributes'] = new Map([
      ['i', { kind: 'int', value: -3 }],
      ['f', { kind: 'float', value: 0.25 }],
      ['s', { kind: 'string', value: 'grün' }],
      ['t', { kind: 'tensor', value: weight }],
      ['is', { kind: 'ints', value: [1, 0, -1] }],
      ['fs', { kind: 'floats', value: [0.5, -1] }],
      ['ss', { kind: 'strings', value: ['a', ''] }],
    ] as const);
    const initializers: OnnxTensor[] = [
      weight,
      { name: 'd', type: 'float64', shape: [1], data: Float64Array.of(1 / 3) },
      { name: 'l', type: 'int64', shape: [2], data: BigInt64Array.of(-1n, 2n ** 62n) },
      { name: 'i', type: 'int32', shape: [], data: Int32Array.of(-7) },
      { name: 'h', type: 'int16', shape: [1], data: Int16Array.of(-300) },
      { name: 'b', type: 'int8', shape: [1], data: Int8Array.of(-3) },
      { name: 'u', type: 'uint8', shape: [3], data: Uint8Array.of(0, 128, 255) },
      { name: 'o', type: 'bool', shape: [2], data: Uint8Array.of(1, 0) },
      { name: 'none', type: 'float32', shape: [0], data: new Float32Array(0) },
    ];
    const written = model({ nodes: [node('MatMul', ['x', 'w', ''], ['y'], { attributes })], initializers });
    const read = readModel(writeModel(written));
    assert.ok(read.ok, read.ok ? '' : read.error.message);
    assert.deepEqual(read.value, { ...written, producer: 'roundscope', marks: new Map() });
  });

  test('may hold its elements in typed fields, packed or not', () => {
    const floats = new Uint8Array(Float32Array.of(1.5, -2).buffer);
    const packed = concatBytes([integer(1, 2), integer(2, 1), text(8, 'f'), bytes(4, floats)]);
    const single = concatBytes([integer(1, 2), integer(2, 7), text(8, 'i'), integer(7, -5), integer(7, 6)]);
    const bools = concatBytes([integer(1, 2), integer(2, 9), text(8, 'b'), bytes(5, Uint8Array.of(1, 0))]);
    const read = readModel(handMade([bytes(5, packed), bytes(5, single), bytes(5, bools)]));
    assert.ok(read.ok, read.ok ? '' : read.error.message);
    assert.deepEqual(
      read.value.initializers.map(({ data }) => data),
      [Float32Array.of(1.5, -2), BigInt64Array.of(-5n, 6n), Uint8Array.of(1, 0)],
    );
  });

  test('says which initializers train, and its stack traces are not kept', () => {
    const entry = (key: string, value: string): Uint8Array => concatBytes([text(1, key), text(2, value)]);
    const info = (name: string, kind: string): Uint8Array =>
      bytes(13, concatBytes([text(1, name), bytes(4, entry('pkg.torch.export.graph_signature.InputSpec.kind', kind))]));
    const trace = bytes(9, entry('pkg.torch.onnx.stack_trace', `File "/home/somebody/net.py" ${'x'.repeat(5000)}`));
    const traced = bytes(1, concatBytes([writeNode(node('Relu', ['w'], ['y'])), trace]));
    const running = writeTensor({ ...weight, name: 'running' });
    const parts = [
      traced,
      bytes(5, writeTensor(weight)),
      bytes(5, running),
      info('w', 'PARAMETER'),
      info('running', 'BUFFER'),
    ];
    const read = readModel(handMade(parts));
    assert.ok(read.ok, read.ok ? '' : read.error.message);
    assert.deepEqual(
      [...read.value.marks],
      [
        ['w', 'parameter'],
        ['running', 'buffer'],
      ],
    );
    assert.ok(!JSON.stringify(read.value).includes('somebody'));
  });

  test('is put in order when its nodes are not', () => {
    const nodes = [node('Relu', ['b'], ['y']), node('Neg', ['a'], ['b']), node('MatMul', ['x', 'w'], ['a'])];
    const read = readModel(writeModel(model({ nodes })));
    assert.ok(read.ok);
    assert.deepEqual(
      read.value.nodes.map(({ type }) => type),
      ['MatMul', 'Neg', 'Relu'],
    );
  });

  test('has no input that is also an initializer', () => {
    const { inputs } = model();
    const read = readModel(writeModel(model({ inputs: [...inputs, { name: 'w', type: 'float32', shape: [2, 2] }] })));
    assert.ok(read.ok);
    assert.deepEqual(read.value.inputs, inputs);
  });
});

describe('refused, with the node and what to try', () => {
  test('what is no ONNX model', () => {
    expectFault(new Uint8Array(0), 'malformed', /it has no graph/);
    expectFault(new TextEncoder().encode('<!doctype html>'), 'malformed', /Export it again/);
    expectFault(writeModel(model()).subarray(0, -5), 'malformed', /ends \d+ bytes too early/);
  });

  test('versions that are not known', () => {
    expectFault(writeModel(model({ opset: 99 })), 'version', /version 99 .* 17 to 22 .*opset_version=20/);
    expectFault(writeModel(model({ opset: 9 })), 'version', /version 9 /);
  });

  test('custom operators', () => {
    const custom = concatBytes([writeNode(node('FusedMatMul', ['x'], ['y'])), text(7, 'com.microsoft')]);
    expectFault(
      handMade([bytes(1, custom)]),
      'domain',
      /FusedMatMul "the FusedMatMul": .* belongs to com\.microsoft.*without optimization/,
    );
  });

  test('loops and branches', () => {
    const body = bytes(5, concatBytes([text(1, 'body'), bytes(6, text(2, 'inner')), integer(20, 5)]));
    const loop = concatBytes([writeNode(node('Loop', ['x'], ['y'])), body]);
    expectFault(handMade([bytes(1, loop)]), 'control_flow', /Loop "the Loop": loops and branches/);
  });

  test('cycles, unknown and repeated names', () => {
    const cycle = [node('Add', ['x', 'b'], ['a']), node('Neg', ['a'], ['b']), node('Relu', ['b'], ['y'])];
    expectFault(writeModel(model({ nodes: cycle })), 'cyclic', /Add "the Add": it waits for its own output/);
    const unknown = [node('Relu', ['nobody'], ['y'])];
    expectFault(writeModel(model({ nodes: unknown })), 'malformed', /nothing computes its input "nobody"/);
    const twice = [node('Relu', ['x'], ['y']), node('Neg', ['x'], ['y'])];
    expectFault(writeModel(model({ nodes: twice })), 'malformed', /Neg .* computes "y", which is there already/);
    const missing = [{ name: 'z', type: 'float32', shape: [] }] as const;
    expectFault(writeModel(model({ outputs: missing })), 'malformed', /nothing computes the output "z"/);
  });

  test('shapes of 100 GB, and bytes that are not there, before anything is allocated', () => {
    const huge = concatBytes([
      integer(1, 160_000),
      integer(1, 160_000),
      integer(2, 1),
      text(8, 'w'),
      bytes(9, new Uint8Array(4)),
    ]);
    expectFault(handMade([bytes(5, huge)]), 'too_large', /w \[160000, 160000\] would have 97657 MiB/);
    const short = concatBytes([integer(1, 1000), integer(2, 1), text(8, 'w'), bytes(9, new Uint8Array(4))]);
    expectFault(handMade([bytes(5, short)]), 'malformed', /has 4 bytes instead of 4000/);
    const typed = concatBytes([integer(1, 100_000_000), integer(2, 7), text(8, 'w'), bytes(7, Uint8Array.of(1, 2))]);
    expectFault(handMade([bytes(5, typed)]), 'malformed', /has 2 elements instead of 100000000/);
    const negative = concatBytes([integer(1, -4), integer(2, 1), text(8, 'w'), bytes(9, new Uint8Array(4))]);
    expectFault(handMade([bytes(5, negative)]), 'shape', /has the shape \[-4\]/);
  });

  test('elements that do not train', () => {
    const half = concatBytes([integer(1, 2), integer(2, 10), text(8, 'w'), bytes(9, new Uint8Array(4))]);
    expectFault(handMade([bytes(5, half)]), 'element_type', /float16.*float32/);
  });

  test('any bytes: it is a model or a fault, nothing else', () => {
    const whole = writeModel(model());
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (place, value, length) => {
        const changed = whole.slice(0, Math.max(length, 1));
        if (place < changed.length) changed[place] = value;
        const read = readModel(changed);
        assert.ok(read.ok || read.error instanceof GraphFault);
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (any) => {
        const read = readModel(handMade([any]));
        assert.ok(read.ok || read.error instanceof GraphFault);
      }),
      { numRuns: 2000 },
    );
  });
});
