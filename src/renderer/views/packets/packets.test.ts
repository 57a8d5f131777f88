import assert from 'node:assert/strict';
import { test } from 'node:test';
import { protocols } from '#shared/contract/protocols.ts';
import { packetRow } from '#shared/filter/filter-samples.ts';
import { matchesFilter } from '#shared/filter/matches-filter.ts';
import { parseFilter } from '#shared/filter/parse-filter.ts';
import { PacketLog } from '#renderer/session/recordings/packet-log.ts';
import { followChoices } from './detail/follow.ts';
import { PacketBins } from './filter/packet-bins.ts';
import { givenFilters, readSavedFilters } from './filter/saved-filters.ts';

test('every way to follow a packet shows at least that packet', () => {
  const row = packetRow({ stream: 'fl/run 1/"x"', participant: 'node-1' });
  const ids = followChoices(row).map((choice) => {
    const parsed = parseFilter(choice.filter);
    assert.ok(parsed.ok, choice.filter);
    assert.ok(matchesFilter(parsed.value, row), choice.filter);
    return choice.id;
  });
  assert.deepEqual(ids, ['contribution', 'message', 'stream', 'round', 'connection']);
});

test('a contribution is the update and its acknowledgement', () => {
  const ack = packetRow({ kind: 'update_ack', messageId: 'm-2', replyTo: 'm-1' });
  const filter = parseFilter(followChoices(ack)[0]?.filter ?? '');
  assert.ok(filter.ok);
  assert.ok(matchesFilter(filter.value, packetRow({ messageId: 'm-1', replyTo: '' })));
  assert.ok(matchesFilter(filter.value, ack));
});

test('bins count every packet once, however long the run', () => {
  const log = new PacketLog(1000);
  const bins = new PacketBins();
  const start = 1_700_000_000_000;
  let id = 0;
  for (let batch = 0; batch < 50; batch++) {
    log.add(
      Array.from({ length: 40 }, () =>
        packetRow({ id: ++id, at: start + id * 3_000, protocol: id % 2 ? 'quic' : 'mqtt' }),
      ),
      0,
    );
    bins.advance(log.snapshot());
  }
  const all = bins.view(bins.from, bins.to, 200);
  assert.ok(all.bins.length <= 201);
  const of = (protocol: 'quic' | 'mqtt'): number =>
    all.bins.reduce((sum, bin) => sum + (bin.counts[protocols.indexOf(protocol)] ?? 0), 0);
  assert.deepEqual([of('quic'), of('mqtt')], [1000, 1000]);
  assert.deepEqual(bins.protocols(), ['quic', 'mqtt']);
  log.reset([], 0);
  bins.advance(log.snapshot());
  assert.equal(bins.to - bins.from, 0);
});

test('bins of a filter count what passes it, in slices, over the same time', () => {
  const log = new PacketLog(1000);
  const start = 1_700_000_000_000;
  log.add(
    Array.from({ length: 600 }, (_, i) =>
      packetRow({ id: i + 1, at: start + i * 100, kind: i % 3 === 0 ? 'chunk' : 'heartbeat' }),
    ),
    0,
  );
  const parsed = parseFilter('kind == chunk');
  assert.ok(parsed.ok);
  const bins = new PacketBins(parsed.value);
  let slices = 1;
  while (!bins.advance(log.snapshot(), 100)) slices++;
  assert.equal(slices, 6);
  const { bins: shown } = bins.view(start - 5_000, start + 90_000, 50);
  assert.equal(
    shown.reduce((sum, { counts }) => sum + counts.reduce((a, b) => a + b, 0), 0),
    200,
  );
  assert.ok(
    (shown[0]?.at ?? 0) <= start - 4_000 && (shown.at(-1)?.at ?? 0) > start + 80_000,
    'silence has bars of none',
  );
  assert.ok(shown.at(-1)?.counts.every((count) => count === 0));
});

test('saved filters survive whatever stands in storage', () => {
  assert.deepEqual(readSavedFilters('{"a":1}'), []);
  assert.deepEqual(readSavedFilters('not json'), []);
  assert.deepEqual(readSavedFilters('[null, 3, {"name":"a","text":"round == 3"}, {"name":"b","text":"round ="}]'), [
    { name: 'a', text: 'round == 3' },
  ]);
  for (const given of givenFilters) assert.ok(parseFilter(given.text).ok, given.text);
});
