import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatSeconds } from '#renderer/components/words/format.ts';
import { slowestOf, updatesLeftMs } from '#renderer/session/run/pace.ts';
import { nextOf, openVerdicts } from '#renderer/session/run/verdicts.ts';
import { evaluationStart } from '#renderer/views/rounds/lanes/lane-layout.ts';
import { countedUpdates, slowestShown } from '#renderer/views/rounds/round-times.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { recordedView } from '#test/support/recorded/recorded-view.ts';
import { changeWords, waitWords } from './summary.ts';

const sessions = {
  healthy: {},
  'six over five transports': { participants: 6, mixed: true },
  'one that stalls': { stallInRound: 4 },
} as const;

describe('figures of one moment agree wherever they are shown', () => {
  for (const [name, options] of Object.entries(sessions)) {
    const moments: { readonly view: RunView; readonly now: number }[] = [];
    for (let s = 1; s < 66; s += 0.43) {
      const view = recordedView(s, options);
      moments.push({ view, now: view.startedAt + s * 1000 });
    }
    const waits = moments.flatMap(({ view, now }) => {
      const [, missing, of, what, about] =
        /^Waiting for (\d+) of (\d+) (updates|results)(?:, about (.*))?$/.exec(waitWords(view, now).lead) ?? [];
      const round = view.rounds.at(-1);
      return what === undefined || round === undefined
        ? []
        : [{ view, now, round, missing: Number(missing), of: Number(of), what, about }];
    });

    test(`${name}: what the top bar waits for and what the round list has in make the round`, () => {
      const updates = waits.filter(({ what }) => what === 'updates');
      assert.ok(updates.length > 20, `only ${updates.length} moments`);
      for (const { now, round, missing, of } of updates) {
        assert.equal(of, round.selected.length);
        // Which of them are still out is told once a second or when one comes in.
        assert.equal(missing + countedUpdates(round), of, `round ${round.round} at ${now}`);
      }
    });

    test(`${name}: top bar, status line, list and lanes name the same slowest and the same time`, () => {
      let compared = 0;
      for (const { view, now, round, about } of waits.filter(({ what }) => what === 'updates')) {
        const slowest = slowestOf(view, now);
        if (slowest === null) continue;
        compared++;
        assert.equal(slowestShown(view, view.participants, round, now)?.id, slowest.participant.id);
        const leftMs = updatesLeftMs(view, now) ?? 0;
        if (about !== undefined) assert.equal(about, formatSeconds(leftMs));
        assert.ok((evaluationStart(view, now) ?? Infinity) >= now + leftMs);
      }
      assert.ok(compared > 20, `only ${compared} moments`);
    });

    test(`${name}: banner, report and top bar have one next action`, () => {
      const stalls = moments.flatMap(({ view, now }) =>
        openVerdicts(view).map((verdict) => ({ view, now, next: nextOf(view, verdict) })),
      );
      assert.equal(stalls.length > 5, name === 'one that stalls');
      for (const { view, now, next } of stalls) {
        if (view.wait === null || view.endedAt !== null) continue;
        assert.equal(next.action, view.wait.nextAction);
        assert.ok(waitWords(view, now).detail.endsWith(next.action));
      }
    });
  }

  test('what would take longer than the deadline is no estimate, as after a sleep', () => {
    const view = recordedView(64);
    const now = view.startedAt + 64_000;
    const leftMs = updatesLeftMs(view, now);
    assert.ok(leftMs !== null && leftMs > 500);
    const until = (deadlineAt: number): RunView => ({
      ...view,
      rounds: view.rounds.map((round) => ({ ...round, deadlineAt })),
      wait: { ...view.wait!, deadlineAt },
    });
    assert.equal(updatesLeftMs(until(now + leftMs + 100), now), leftMs);
    assert.equal(updatesLeftMs(until(now + leftMs - 100), now), null);
    assert.match(waitWords(until(now + leftMs - 100), now).lead, /at most$/);
  });

  test('an average is of the updates that are in, also where the deadline closed the round', () => {
    const view = recordedView(64);
    const [first, ...others] = view.wait?.selected ?? [];
    assert.ok(first !== undefined && others.length > 0);
    const wait = { ...view.wait!, phase: 'aggregating' as const, waitingFor: [], reported: [first] };
    assert.equal(waitWords({ ...view, wait }, view.startedAt + 64_000).lead, 'Averaging 1 update');
    const sent = { ...view.wait!, phase: 'distributing' as const };
    assert.match(waitWords({ ...view, wait: sent }, view.startedAt + 64_000).detail, / then they train$/);
  });

  test('a change that is too small to be seen is none', () => {
    assert.deepEqual([0.84, -0.3, 0.04, -0.04, 0].map(changeWords), [
      'up 0.8 points',
      'down 0.3 points',
      'unchanged',
      'unchanged',
      'unchanged',
    ]);
  });

  test('who is gone is not the slowest', () => {
    const view = recordedView(64);
    const [first] = view.participants.filter(({ phase }) => phase === 'train');
    assert.ok(first !== undefined);
    const now = view.startedAt + 64_000;
    const gone = { at: now, clean: false, reason: 'killed' };
    const others = view.participants.map((one) => ({ ...one, left: one.id === first.id ? null : gone }));
    assert.equal(slowestOf({ ...view, participants: others }, now)?.participant.id, first.id);
    const none = view.participants.map((one) => ({ ...one, left: gone }));
    assert.equal(slowestOf({ ...view, participants: none }, now), null);
  });
});
