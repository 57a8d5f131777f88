import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RecordedEvent } from '#shared/contract/events.ts';
import type { PacketRow } from '#shared/contract/packet.ts';
import type { OpenedRecording } from '#engine/recorder/reading/open-recording.ts';
import { recordedSession, type RecordedSessionOptions } from '#test/support/recorded/recorded-session.ts';
import { recordedStart } from '#test/support/recorded/recorded-view.ts';
import { diagnoseAgain } from './diagnose-again.ts';

type Reading = Pick<OpenedRecording, 'events' | 'queryPackets'>;

/** A recording in memory, told in pages. */
function recordingOf(options: Partial<RecordedSessionOptions>, clock = (at: number): number => at): Reading {
  const session = [...recordedSession({ startAt: recordedStart, ...options })];
  const at = <T extends { readonly at: number }>(row: T): T => ({ ...row, at: clock(row.at) });
  const events: readonly RecordedEvent[] = session.flatMap((item) => ('event' in item ? [at(item.event)] : []));
  const packets: readonly PacketRow[] = session.flatMap((item) => ('packet' in item ? [at(item.packet)] : []));
  const page = <T extends { readonly id: number }>(rows: readonly T[], afterId: number, limit: number) => {
    const after = rows.filter(({ id }) => id > afterId);
    return { rows: after.slice(0, limit), more: after.length > limit };
  };
  return {
    events: async ({ afterId, limit }) => {
      const { rows, more } = page(events, afterId, limit);
      return { events: rows, more, malformed: 0 };
    },
    queryPackets: async ({ afterId = 0, limit }) => ({
      ...page(packets, afterId, limit),
      malformed: 0,
      filterError: null,
    }),
  };
}

describe('a recording diagnosed again', () => {
  test('a run that nothing held up has no verdict', async () => {
    assert.deepEqual(await diagnoseAgain(recordingOf({ rounds: 4 })), { verdicts: [], malformed: 0 });
  });

  test('who held a run up is named, and nobody else; what was said then is no evidence', async () => {
    const { verdicts } = await diagnoseAgain(recordingOf({ rounds: 4, stallInRound: 2 }));
    assert.deepEqual([...new Set(verdicts.map(({ data }) => data.subject))], ['node-3']);
    assert.ok(verdicts.every(({ at }) => at > recordedStart));
  });

  test('a hole of years, and a clock that was set back, end as soon as any', async () => {
    const turn = recordedStart + 20_000;
    const years = 20 * 365 * 24 * 3600_000;
    for (const clock of [(at: number) => (at < turn ? at : at + years), (at: number) => (at < turn ? at : at - years)])
      assert.ok((await diagnoseAgain(recordingOf({ rounds: 3 }, clock))).malformed === 0);
  });
});
