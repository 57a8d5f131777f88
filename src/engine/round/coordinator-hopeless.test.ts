import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CoordinatorKit } from '#test/support/coordinator-kit.ts';
import { asParticipantId } from '#shared/contract/ids.ts';

const names = ['node-1', 'node-2', 'node-3', 'node-4', 'node-5'];

function started(): CoordinatorKit {
  const kit = new CoordinatorKit({ minimumParticipants: names.length, quorum: 0.6 });
  for (const name of names) kit.join(name);
  assert.equal(kit.state.phase, 'distributing');
  return kit;
}

function gone(kit: CoordinatorKit, name: string): void {
  kit.feed({ kind: 'gone', participant: asParticipantId(name), reason: 'its process was killed' });
}

function endOf({ state: { outcome } }: CoordinatorKit): string | null {
  return outcome === null ? null : `${outcome.status}: ${outcome.reason}`;
}

describe('a wait that cannot be met', () => {
  test('ends as soon as too few are left for the quorum, with who has ended and how', () => {
    const kit = started();
    gone(kit, 'node-1');
    gone(kit, 'node-2');
    assert.equal(endOf(kit), null, 'three of five can still come');
    gone(kit, 'node-3');
    assert.match(
      endOf(kit) ?? '',
      /^stalled: round 1: its quorum of 3 updates cannot be reached any more, 0 are here and 2 can still come\. Ended: node-1 \(its process was killed\), node-2/,
    );
  });

  test('who is only silent may come back: the wait goes on to its deadline', () => {
    const kit = started();
    for (const name of names.slice(0, 4)) kit.down(name);
    kit.pass(5_000);
    assert.equal(endOf(kit), null);
  });
});
