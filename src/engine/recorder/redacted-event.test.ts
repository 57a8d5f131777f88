import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { systemClock } from '#engine/host/system-clock.ts';
import { eventSchemas, eventTypes, parseEvent, type RecordedEvent } from '#shared/contract/events.ts';
import { nothingLost, packetOf, recordedRun } from '#test/support/recorded/recorded-rows.ts';
import { sampleOf } from '#test/support/kits/sample-of.ts';
import { redactedEvent } from './redacted-event.ts';
import { RecordingReader } from './reading/reader.ts';
import { RecordingWriter } from './writing/writer.ts';

/** Stands in every text, such as the name of a class or an address. */
const canary = 'Aunt Mathilda 10.0.4.18';
/** Words of the program's own; that nothing else comes to stand there is looked at where they are written. */
const kept = new Set([
  'process_stats.name',
  'process_exited.name',
  'transfer_progress.kind',
  'link_stats.name',
  'verdict_raised.verdict',
  'verdict_raised.rule',
  'verdict_raised.layer',
  'verdict_raised.injected',
  'verdict_raised.ref',
  'verdict_cleared.verdict',
  'rows_lost.process',
]);

function eventWith(type: (typeof eventTypes)[number], id = 1): RecordedEvent {
  return {
    id,
    type,
    run: recordedRun,
    source: 'coordinator',
    at: 1,
    data: sampleOf(eventSchemas[type], canary),
  } as RecordedEvent;
}

describe('an event in a bare copy', () => {
  for (const type of eventTypes) {
    test(`${type}: no text from outside, and an event as before`, () => {
      const event = eventWith(type);
      assert.notEqual(parseEvent(event), null, 'the sample itself');
      const bare = redactedEvent(event);
      assert.notEqual(parseEvent(bare), null, JSON.stringify(bare.data));
      JSON.stringify(bare.data, (name, value: unknown) => {
        if (typeof value === 'string' && value.includes(canary))
          assert.ok(kept.has(`${type}.${name}`), `${type}: ${name}`);
        assert.ok(!name.includes(canary), `${type}: a key`);
        return value;
      });
      // What is counted or measured is what the copy is for.
      assert.deepEqual(numbersIn(bare.data), numbersIn(type === 'notice' ? { ...event.data, error: {} } : event.data));
    });
  }
});

/** Outside of errors' contexts. */
function numbersIn(data: unknown): number[] {
  const found: number[] = [];
  JSON.stringify(data, (_, value: unknown) => {
    if (typeof value === 'number') found.push(value);
    return value;
  });
  return found;
}

test('a bare copy holds no body, no header, no address and no word of a person, in all its bytes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roundscope-bare-'));
  try {
    const from = join(folder, 'r.sqlite');
    const options = { path: from, run: recordedRun, startedAt: 0, recorder: 't', sizeBytesMax: 1e9 } as const;
    {
      using writer = new RecordingWriter({ ...options, mode: 'create' });
      const telling = eventTypes.filter(
        (type) =>
          ![
            'process_stats',
            'process_exited',
            'transfer_progress',
            'link_stats',
            'verdict_raised',
            'verdict_cleared',
            'rows_lost',
          ].includes(type),
      );
      const stranger = packetOf(2, { participant: '', peer: canary, stream: canary, note: canary });
      const known = packetOf(3, { header: canary, bodySample: Buffer.from(canary), note: canary });
      writer.write({
        events: telling.map((type, i) => eventWith(type, i + 1)),
        packets: [stranger, known],
        lost: nothingLost,
      });
    }
    assert.ok(readFileSync(from).includes(canary));
    const to = join(folder, 'bare.sqlite');
    const limit = { clock: systemClock, ms: 60_000 };
    {
      using reader = new RecordingReader(from, limit);
      reader.saveCopy(to, { bare: true });
    }
    assert.ok(!readFileSync(to).includes(canary));
    assert.ok(!readFileSync(to).includes('Mathilda'));
    using copy = new RecordingReader(to, limit);
    const rows = copy.queryPackets({ filter: '', beforeId: 0, limit: 10 }).rows;
    assert.deepEqual(
      rows.map(({ id, peer, note, sizeBytes }) => [id, peer, note, sizeBytes]),
      [
        [3, 'node-1', '', packetOf(3).sizeBytes],
        [2, '(left out)', '', packetOf(2).sizeBytes],
      ].map((row, i) => (i === 0 ? [row[0], packetOf(3).peer, row[2], row[3]] : row)),
    );
    const detail = copy.packetDetail(3);
    assert.deepEqual([detail?.header, detail?.bodySample], ['', undefined]);
    const { events, malformed } = copy.events({ afterId: 0, limit: 1000 });
    assert.ok(events.length > 30);
    assert.equal(malformed, 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
