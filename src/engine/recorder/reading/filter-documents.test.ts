import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { PacketRow } from '#shared/contract/packet.ts';
import { absoluteText } from '#shared/filter/absolute-text.ts';
import { fieldNames } from '#shared/filter/filter-fields.ts';
import { matchesFilter } from '#shared/filter/matches-filter.ts';
import { parseFilter } from '#shared/filter/parse-filter.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { recordSession } from '#test/support/recorded/recording-file.ts';
import { RecordingReader } from './reader.ts';

const text = readFileSync(new URL('../../../../docs/filter.md', import.meta.url), 'utf8');
const examplesMin = 40;

/** The rows of the table of a section: what stands in its two columns. */
function rowsOf(section: string): (readonly [string, string])[] {
  const part = text.split(`\n## ${section}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = part.split('\n').filter((line) => line.startsWith('| `'));
  return rows.map((line) => {
    const [first = '', second = ''] = line.slice(2, -2).split(/(?<!\\) \| /);
    return [first.replaceAll('\\|', '|'), second.replaceAll('\\|', '|')] as const;
  });
}

const codeOf = (cell: string): string => cell.replaceAll(/^`|`$/g, '');

describe('docs/filter.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roundscope-filter-'));
  let reader: RecordingReader;
  let packets: readonly PacketRow[];
  before(async () => {
    const path = join(folder, 'run.rscope');
    await recordSession(path, { rounds: 4, stallInRound: 3 });
    reader = new RecordingReader(path, { clock: systemClock, ms: 60_000 });
    packets = reader.queryPackets({ filter: '', beforeId: 0, afterId: 0, limit: 100_000 }).rows;
  });
  after(() => {
    reader[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const examples = rowsOf('Examples').map(([filter]) => codeOf(filter));
  test(`it has at least ${examplesMin} examples, and a row for every field`, () => {
    assert.ok(examples.length >= examplesMin, `${examples.length}`);
    const documented = rowsOf('Fields').flatMap(([names]) =>
      [...names.matchAll(/`([\w.]+)`/g)].map(([, name]) => name),
    );
    assert.deepEqual(new Set(documented), new Set<string>(fieldNames));
  });

  for (const filter of examples) {
    test(`example: ${filter}`, () => {
      const { startedAt } = reader.brief();
      const parsed = parseFilter(absoluteText(filter, { startedAt, newestAt: packets.at(-1)?.at ?? 0 }));
      assert.ok(parsed.ok, parsed.ok ? '' : parsed.error.message);
      const here = packets.filter((packet) => matchesFilter(parsed.value, packet)).map(({ id }) => id);
      const page = reader.queryPackets({ filter, beforeId: 0, afterId: 0, limit: 100_000 });
      assert.deepEqual(
        page.rows.map(({ id }) => id),
        here,
      );
      assert.ok(here.length > 0, 'it lets something of a run through');
      assert.ok(here.length < packets.length || letsAllThrough.has(filter), 'it does not let everything through');
    });
  }
  /** In a run of a minute. */
  const letsAllThrough: ReadonlySet<string> = new Set([
    'time >= 00:00',
    'time != 23:59',
    'text ~ node',
    'participant == node-*',
  ]);

  for (const [filter, words] of rowsOf('Errors')) {
    test(`error: ${codeOf(filter)}`, () => {
      const parsed = parseFilter(codeOf(filter));
      assert.ok(!parsed.ok);
      assert.equal(parsed.error.message, words);
    });
  }
});
