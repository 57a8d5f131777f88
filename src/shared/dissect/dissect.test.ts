import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { packetRow } from '../filter/filter-samples.ts';
import { matchesFilter } from '../filter/matches-filter.ts';
import { parseFilter } from '../filter/parse-filter.ts';
import { layerOf, linkKinds, packetKinds, subjectOf } from './kinds.ts';
import { dissect, dissectedRecord, dissectors } from './registry.ts';
import { samples } from '../filter/layer-samples.ts';

/** What is known of a sample, by name. */
function known(id: number): Record<string, unknown> {
  const row = samples.find((sample) => sample.id === id) ?? packetRow();
  return Object.fromEntries(Object.entries(dissectedRecord(row)).filter(([, value]) => value !== null));
}

describe('what each layer knows of a packet', () => {
  test('of QUIC the stream and what it ran over', () => {
    const { layer, about, part, parts, overhead, ...quic } = known(1);
    assert.deepEqual([layer, about, part, parts, overhead], ['message', 'model', 1, 9, 576]);
    assert.deepEqual(quic, { 'quic.stream': 8, 'quic.carrier': 'udp' });
    assert.equal(known(2)['quic.carrier'], 'tcp');
  });
  test('what never got onto a stream has none, and was handed over or not', () => {
    assert.equal(known(3)['quic.stream'], undefined);
    assert.deepEqual([known(3)['handover'], known(3)['rtt']], [1500, undefined]);
    assert.deepEqual([known(4)['handover'], known(4)['rtt']], [undefined, 62]);
  });
  test('of MQTT the topic and its levels, and of a topic of others the topic alone', () => {
    const own = 'roundscope/r-1/node-3/5d1c/up/bulk/m-000a91';
    const { 'mqtt.topic': topic, 'mqtt.session': session, 'mqtt.lane': lane, 'mqtt.transfer': transfer } = known(7);
    assert.deepEqual([topic, session, lane, transfer], [own, '5d1c', 'bulk', 'm-000a91']);
    assert.deepEqual([known(6)['mqtt.lane'], known(6)['mqtt.transfer']], ['control', undefined]);
    assert.deepEqual([known(8)['mqtt.topic'], known(8)['mqtt.lane']], ['factory/7/temperature', undefined]);
    assert.equal(known(8)['about'], undefined, 'nobody knows what a kind of somebody else is about');
  });
  test('of AMQP queue and exchange, of gRPC the call, of DDS the topic', () => {
    assert.equal(known(9)['amqp.exchange'], 'roundscope.r-1.p.node-3.7f.up');
    assert.equal(known(10)['amqp.exchange'], 'amq.default');
    assert.deepEqual(
      [known(10)['amqp.queue'], known(10)['amqp.transfer']],
      ['roundscope.r-1.p.node-3.7f.down.bulk', 'm-000a91'],
    );
    assert.deepEqual([known(11)['grpc.method'], known(11)['grpc.call']], ['session', undefined]);
    assert.deepEqual([known(12)['grpc.method'], known(12)['grpc.call']], ['upload', 3]);
    assert.deepEqual([known(13)['dds.topic'], known(13)['dds.lane']], ['roundscope_control_up', 'control']);
    assert.deepEqual([known(14)['dds.lane'], known(14)['dds.transfer']], ['bulk', 'm-000a91']);
  });
});

test('names are unique, and every field has an example that lets a sample through and one that it does not', () => {
  const names = dissectors.flatMap(({ fields }) => fields.map(({ name }) => name));
  assert.equal(new Set(names).size, names.length);
  for (const { fields, reads } of dissectors) {
    assert.ok(reads.length > 0);
    for (const { name, example } of fields) {
      const parsed = parseFilter(example);
      assert.ok(parsed.ok, `${example}: ${parsed.ok ? '' : parsed.error.message}`);
      assert.ok(example.startsWith(name), example);
      const passed = samples.filter((row) => matchesFilter(parsed.value, row)).length;
      assert.ok(passed > 0 && passed < samples.length, `${example} lets ${passed} through`);
    }
  }
});

test('a field reads no column that its dissector does not declare', () => {
  for (const row of samples) {
    for (const { fields, reads } of dissectors) {
      const bare = Object.fromEntries(reads.map((column) => [column, row[column]])) as unknown as typeof row;
      for (const { name, of } of fields) assert.equal(of(bare), of(row), name);
    }
  }
});

test('whatever a row holds, nothing throws, and a value is of its type', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.constantFrom('bulk:%', 'roundscope/a/b/c/up/bulk/%E0%A4', 'Upload 9'),
  );
  const row = fc.record({
    stream: text,
    kind: text,
    chunk: text,
    protocol: fc.constantFrom('quic', 'mqtt', 'amqp', 'grpc', 'dds'),
  });
  fc.assert(
    fc.property(row, (over) => {
      for (const { values } of dissect(packetRow(over as never))) {
        for (const { field, value } of values) {
          const isText = field.type === 'text' || field.type === 'choice';
          assert.equal(typeof value, isText ? 'string' : 'number', field.name);
          if (field.type === 'choice') assert.ok(field.values?.includes(String(value)), `${field.name} ${value}`);
        }
      }
    }),
  );
});

test('every kind has its layer', () => {
  for (const kind of packetKinds) assert.notEqual(layerOf(kind), null, kind);
  assert.equal(layerOf('toString'), null);
  assert.equal(subjectOf('constructor'), null);
  assert.ok(linkKinds.every((kind) => layerOf(kind) === 'link'));
});
