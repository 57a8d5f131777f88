import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packetRow } from '#shared/filter/filter-samples.ts';
import { matchesFilter } from '#shared/filter/matches-filter.ts';
import { parseFilter } from '#shared/filter/parse-filter.ts';
import { followChoices } from './detail/follow.ts';
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

test('saved filters survive whatever stands in storage', () => {
  assert.deepEqual(readSavedFilters('{"a":1}'), []);
  assert.deepEqual(readSavedFilters('not json'), []);
  assert.deepEqual(readSavedFilters('[null, 3, {"name":"a","text":"round == 3"}, {"name":"b","text":"round ="}]'), [
    { name: 'a', text: 'round == 3' },
  ]);
  for (const given of givenFilters) assert.ok(parseFilter(given.text).ok, given.text);
});
