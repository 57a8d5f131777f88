import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PacketRow } from '#shared/contract/packet.ts';
import { everything } from '#shared/filter/filter-expression.ts';
import { packetRow } from '#shared/filter/filter-samples.ts';
import { matchesFilter } from '#shared/filter/matches-filter.ts';
import { parseFilter } from '#shared/filter/parse-filter.ts';
import { PacketLog } from '#renderer/session/recordings/packet-log.ts';
import { folded } from './folding.ts';
import { MessageSizes } from './message-sizes.ts';

const chunk = (id: number, over: Partial<PacketRow> = {}): PacketRow =>
  packetRow({ id, kind: 'chunk', messageId: 'm-1', chunk: `${id}/3`, sizeBytes: 100, ...over });

test('chunks lie in their message until it is opened, within whatever filter there is', () => {
  const shown = { expression: everything, text: '' };
  const passes = (row: PacketRow, of = shown, opened: readonly string[] = []): boolean => {
    const fold = folded(of, opened);
    assert.ok(fold !== null);
    const again = parseFilter(fold.text);
    assert.ok(again.ok);
    assert.deepEqual(again.value, fold.expression, 'the text means the same to the recording');
    return matchesFilter(fold.expression, row);
  };
  assert.equal(passes(chunk(1)), false);
  assert.equal(passes(chunk(1, { messageId: '' })), true, 'whose message nobody knows');
  assert.equal(passes(packetRow({ messageId: 'm-1' })), true);
  assert.equal(passes(chunk(1), shown, ['m-1']), true);
  assert.equal(passes(chunk(1, { messageId: 'm-2' }), shown, ['m-1']), false);
  const either = { expression: everything, text: 'kind == chunk || round == 9' };
  assert.equal(passes(chunk(1), either), false, 'an or does not let them out');
  assert.equal(passes(chunk(1), either, ['m-1']), true);
  assert.equal(folded({ expression: everything, text: 'a'.repeat(990) }, []), null);
});

test('chunks of a message are summed up for each end, each once, and a new run begins at nothing', () => {
  const log = new PacketLog(1000);
  const sizes = new MessageSizes();
  const message = packetRow({ id: 9, messageId: 'm-1' });
  log.add([chunk(1), chunk(2), chunk(3, { status: 'duplicate' }), chunk(4, { source: 'node-3', side: 'sent' })], 0);
  sizes.advance(log.snapshot(), Infinity);
  sizes.advance(log.snapshot(), Infinity);
  assert.deepEqual(sizes.of(message), { chunks: 2, bytes: 200 });
  assert.deepEqual(sizes.of({ ...message, source: 'node-3', side: 'sent' }), { chunks: 1, bytes: 100 });
  assert.equal(sizes.of(chunk(1)), undefined);
  log.add([chunk(5)], 0);
  sizes.advance(log.snapshot(), Infinity);
  assert.deepEqual(sizes.of(message), { chunks: 3, bytes: 300 });
  log.reset([], 0);
  log.add([chunk(1)], 0);
  sizes.advance(log.snapshot(), Infinity);
  assert.deepEqual(sizes.of(message), { chunks: 1, bytes: 100 });
});
