import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordedEvent } from '#shared/contract/events.ts';
import { recordedSession } from '#test/support/recorded/recorded-session.ts';
import { recordedStart } from '#test/support/recorded/recorded-view.ts';
import { applyEvent } from './apply/apply-event.ts';
import type { RunView } from './run-view.ts';
import { roundTookMs } from './took.ts';

const hourMs = 3_600_000;

/** Every stretch of time that a view draws or counts, as where it begins and ends. */
function stretches(view: RunView): readonly (readonly [what: string, from: number, to: number | null])[] {
  return [
    ['run', view.startedAt, view.endedAt],
    ...view.rounds.map(({ round, startedAt, endedAt }) => [`round ${round}`, startedAt, endedAt] as const),
    ...view.participants.flatMap(({ id, segments }) =>
      segments.map(({ phase, startedAt, endedAt }) => [`${id} ${phase}`, startedAt, endedAt] as const),
    ),
    ...view.verdicts.flatMap(({ subject, spans }) => spans.map(({ from, to }) => [subject, from, to] as const)),
  ];
}

for (const jumpMs of [hourMs, -hourMs])
  test(`a clock that is set ${jumpMs > 0 ? 'forward' : 'back'} by an hour in mid-run ends nothing and lasts no negative time`, () => {
    const session = recordedSession({ startAt: recordedStart, stallInRound: 4 });
    const events = session.flatMap((item) => ('event' in item ? [item.event] : []));
    const honest = events.reduce<RunView | null>((view, event) => applyEvent(view, event), null);
    assert.ok(honest !== null);
    for (const share of [0.1, 0.35, 0.4, 0.6, 0.9]) {
      const jumpAt = Math.floor(events.length * share);
      let view: RunView | null = null;
      for (const [index, event] of events.entries()) {
        const told = index < jumpAt ? event : ({ ...event, at: event.at + jumpMs } satisfies RecordedEvent);
        view = applyEvent(view, told);
        if (index % 16 !== 0 && index < events.length - 1) continue;
        for (const [what, from, to] of stretches(view as RunView))
          assert.ok(to === null || to >= from, `${what} from ${from} to ${to}`);
      }
      assert.ok(view !== null);
      assert.deepEqual([view.status, view.roundsCompleted], [honest.status, honest.roundsCompleted]);
      // What the coordinator measured by a clock that nobody sets stays right.
      for (const [index, round] of view.rounds.entries()) {
        const right: RunView['rounds'][number] | undefined = honest.rounds[index];
        assert.ok(right !== undefined);
        if (right.durationMs === null) continue;
        assert.equal(roundTookMs(round, view.endedAt ?? 0), roundTookMs(right, honest.endedAt ?? 0));
      }
      assert.equal(view.roundsMs, honest.roundsMs);
      assert.deepEqual(
        view.participants.map(({ id, counted }) => [id, counted]),
        honest.participants.map(({ id, counted }) => [id, counted]),
      );
    }
  });
