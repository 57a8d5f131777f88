import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { dissectors } from '#shared/dissect/registry.ts';
import { samples } from '#shared/filter/layer-samples.ts';
import { matchesFilter } from '#shared/filter/matches-filter.ts';
import { parseFilter } from '#shared/filter/parse-filter.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { nothingLost, recordedRun } from '#test/support/recorded/recorded-rows.ts';
import { RecordingReader } from './reading/reader.ts';
import { RecordingWriter } from './writing/writer.ts';

describe('fields of dissectors over a recording', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roundscope-dissect-'));
  const path = join(folder, 'r.rscope');
  let reader: RecordingReader;
  before(() => {
    const options = {
      path,
      run: recordedRun,
      startedAt: 0,
      recorder: 'test',
      sizeBytesMax: 1e9,
      mode: 'create',
    } as const;
    using writer = new RecordingWriter(options);
    writer.write({ events: [], packets: samples.map((row) => ({ ...row, header: '{}' })), lost: nothingLost });
    reader = new RecordingReader(path, { clock: systemClock, ms: 60_000 });
  });
  after(() => {
    reader[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const fields = dissectors.flatMap((dissector) => dissector.fields);
  for (const { name, example, type } of fields) {
    const isText = type === 'text' || type === 'choice';
    const absent = isText ? [`${name} == ""`, `${name} ~ ""`] : [`${name} != 3${type === 'duration' ? 's' : ''}`];
    const filters = [example, `!(${example})`, ...(type === 'choice' ? [] : absent)];
    for (const filter of filters) {
      test(`the same packets as in memory: ${filter}`, () => {
        const parsed = parseFilter(filter);
        assert.ok(parsed.ok);
        const here = samples.filter((row) => matchesFilter(parsed.value, row)).map(({ id }) => id);
        const page = reader.queryPackets({ filter, beforeId: 0, afterId: 0, limit: 100 });
        assert.deepEqual([page.filterError, page.rows.map(({ id }) => id)], [null, here]);
      });
    }
  }
});
