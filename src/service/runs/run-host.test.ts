import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { ChildBatch } from '#demo/supervised-child.ts';
import { entryPath } from '#engine/host/entries.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { openRecorder } from '#engine/recorder/writing/recorder.ts';
import type { Packet, PacketRow } from '#shared/contract/packet.ts';
import { matchesFilter } from '#shared/filter/matches-filter.ts';
import { parseFilter } from '#shared/filter/parse-filter.ts';
import { packetOf, recordedRun } from '#test/support/recorded/recorded-rows.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';
import { demoOpening } from './opening.ts';
import { RunHost } from './run-host.ts';
import type { RunRecording } from './run-recording.ts';

const folder = mkdtempSync(join(tmpdir(), 'roundscope-host-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function hostOf(
  recording: RunRecording | null = null,
  clock: VirtualClock | typeof systemClock = systemClock,
): RunHost {
  return new RunHost({
    run: recordedRun,
    opening: demoOpening,
    clock,
    recording,
    onInternalError: (error) => {
      throw error;
    },
  });
}

let batches = 0;
function batchOf(over: Partial<ChildBatch> = {}): ChildBatch {
  const none = { events: [], packets: [], lostEvents: null, lostPackets: null };
  return { type: 'batch', batch: ++batches, ...none, ...over };
}

const packets = (from: number, to: number, over: Partial<Packet> = {}): Packet[] =>
  Array.from({ length: to - from + 1 }, (_, i) => {
    const { id: _id, gapMs: _gap, ...packet } = packetOf(from + i, over);
    return packet;
  });

describe('losses of a run', () => {
  test('of a process: before the rows that came after them, and packets, events and malformed rows apart', async () => {
    await using host = hostOf();
    host.ingest('coordinator', batchOf({ packets: packets(1, 5) }));
    const lostPackets = { count: 7, from: 100, to: 200 };
    const lostEvents = { count: 2, from: 150, to: 160 };
    host.ingest('coordinator', batchOf({ packets: packets(6, 8), lostPackets, lostEvents }));
    host.ingest('node-1', batchOf({ packets: [{ nonsense: true }], events: ['nonsense'] }));
    await host.finish();
    assert.deepEqual(
      host.view.losses.map(({ process, kind, reason, count, afterPacket }) => [
        process,
        kind,
        reason,
        count,
        afterPacket,
      ]),
      [
        ['coordinator', 'packets', 'queue_full', 7, 5],
        ['coordinator', 'events', 'queue_full', 2, 5],
        ['node-1', 'events', 'malformed', 1, 8],
        ['node-1', 'packets', 'malformed', 1, 8],
      ],
    );
    const { droppedPackets, droppedEvents, malformed } = host.view.recorder ?? {};
    assert.deepEqual(
      { droppedPackets, droppedEvents, malformed },
      { droppedPackets: 7, droppedEvents: 2, malformed: 2 },
    );
  });

  test('a loss that goes on is told once a second, with all that came between, at the place where it began', async () => {
    const clock = new VirtualClock();
    await using host = hostOf(null, clock);
    const lostPackets = { count: 1, from: 100, to: 100 };
    for (let ms = 0; ms < 2500; ms += 20) {
      host.ingest('coordinator', batchOf({ packets: packets(1, 1), lostPackets }));
      await clock.advance(20);
    }
    const told = host.view.losses.length;
    assert.ok(told >= 1 && told <= 4, `${told} times`);
    assert.deepEqual([host.view.losses[0]?.count, host.view.losses[0]?.afterPacket], [1, 0]);
    await host.finish();
    assert.equal(
      host.view.losses.reduce((sum, { count }) => sum + count, 0),
      125,
    );
  });
});

describe('the gap of a packet', () => {
  test('is the same live and in the recording, whatever was lost, refused or set back in between', async () => {
    const recorder = await openRecorder({
      path: join(folder, 'gaps.sqlite'),
      run: recordedRun,
      recorder: 'test',
      entry: entryPath('recorder-worker'),
      clock: systemClock,
    });
    await using host = hostOf(recorder);
    const live: PacketRow[] = [];
    host.rows.subscribe((row) => void ('packet' in row && live.push(row.packet)));
    host.ingest('coordinator', batchOf({ packets: packets(1, 400) }));
    host.ingest('coordinator', batchOf({ packets: packets(1, 50) }));
    host.ingest('coordinator', batchOf({ packets: packets(500, 600), lostPackets: { count: 9, from: 1, to: 2 } }));
    host.ingest('coordinator', batchOf({ packets: [{ nonsense: true }, ...packets(700, 900)] }));
    assert.ok(live.some(({ gapMs }) => gapMs === 0) && live.every(({ gapMs }) => gapMs === null || gapMs >= 0));
    assert.ok(live.filter(({ gapMs }) => gapMs === null).length > 6, 'the first of each link, and after each loss');
    const filters = [
      'gap > 50ms',
      '!(gap > 50ms)',
      'gap == 0ms',
      'gap != 0ms',
      'gap < 0ms',
      'gap >= 30ms && gap <= 60ms',
    ];
    for (const filter of ['', ...filters]) {
      const parsed = parseFilter(filter);
      assert.ok(parsed.ok);
      const { rows } = await recorder.queryPackets({ filter, beforeId: 0, limit: 5000 });
      assert.deepEqual(
        rows.toReversed(),
        live.filter((row) => matchesFilter(parsed.value, row)),
        filter,
      );
    }
  });
});
