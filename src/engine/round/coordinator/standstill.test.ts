import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { started } from '#test/support/kits/coordinator-kit.ts';

describe('a coordinator whose process stood still', () => {
  test('gives a round the time back in which nobody could report: it ends by its updates, not as stalled', () => {
    const kit = started();
    kit.pass(5000);
    const leftMs = kit.state.deadlineMs - kit.nowMs;
    kit.clear();
    // Longer than the deadline of the phase: by the clock alone it is over.
    kit.nowMs += 10 * leftMs;
    kit.feed({ kind: 'event_loop_stall', ms: 10 * leftMs });
    assert.equal(kit.state.outcome, null);
    assert.equal(kit.state.deadlineMs - kit.nowMs, leftMs);
    kit.pass(1000);
    const deadlineAt = kit.events('round_status').at(-1)?.deadlineAt ?? 0;
    assert.ok(
      Math.abs(deadlineAt - (kit.wallOriginMs + kit.state.deadlineMs)) < 10,
      'participants are told the new deadline',
    );
    for (const name of ['node-1', 'node-2', 'node-3']) kit.update(name);
    assert.equal(kit.state.phase, 'aggregating');
  });

  test('that time after time gets a deadline again still ends at it', () => {
    const kit = started();
    const deadlineMs = kit.state.deadlineMs;
    kit.nowMs += 60_000;
    kit.feed({ kind: 'event_loop_stall', ms: 60_000 });
    kit.pass(deadlineMs);
    assert.equal(kit.state.outcome?.status, 'stalled');
  });
});
