import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CoordinatorKit, trained } from '#test/support/kits/coordinator-kit.ts';
import { asParticipantId } from '#shared/contract/ids.ts';
import { demoDefaults } from '#shared/contract/run/settings.ts';
import { awayMs } from '../state.ts';

const names = ['node-1', 'node-2', 'node-3', 'node-4', 'node-5'];

function started(): CoordinatorKit {
  const kit = new CoordinatorKit({ minimumParticipants: names.length, quorum: 0.6 });
  for (const name of names) kit.join(name);
  assert.equal(kit.state.phase, 'distributing');
  return kit;
}

function gone(kit: CoordinatorKit, name: string, reason = 'its process was killed'): void {
  kit.feed({ kind: 'gone', participant: asParticipantId(name), reason });
}

/** Two participants in a round that needs both. */
function pair(): CoordinatorKit {
  const kit = new CoordinatorKit({ minimumParticipants: 2, quorum: 1, evaluationDeadlineMs: 60_000 });
  for (const name of ['node-1', 'node-2']) kit.join(name);
  return kit;
}

/** A demo of so many participants that needs so many; nobody has registered. */
function demoOf(participants: number, minimumParticipants: number): CoordinatorKit {
  return new CoordinatorKit({ minimumParticipants }, 8, { demo: { ...demoDefaults, participants } });
}

/** Round 1 was done by two who have been away since: round 2 waits for one of them to come back. */
function deserted(): CoordinatorKit {
  const kit = trained(pair(), ['node-1', 'node-2']);
  kit.aggregated();
  kit.evaluate('node-1');
  for (const name of ['node-1', 'node-2']) kit.down(name);
  kit.pass(awayMs + 1);
  kit.evaluate('node-2');
  assert.deepEqual([kit.state.round, kit.state.phase], [2, 'registering']);
  return kit;
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

  test('who has reported may end: its update is here', () => {
    const kit = started();
    trained(kit, ['node-1', 'node-2', 'node-3']);
    for (const name of ['node-1', 'node-2', 'node-3', 'node-4', 'node-5']) gone(kit, name);
    assert.equal(endOf(kit), null);
  });

  test('one that is here is spoken of as one, and none that can come as none', () => {
    const some = started();
    some.update('node-1');
    for (const name of ['node-2', 'node-3']) gone(some, name);
    assert.equal(endOf(some), null, 'one is here, two can come');
    gone(some, 'node-4');
    assert.match(endOf(some) ?? '', /quorum of 3 updates .* any more, 1 is here and 1 can still come\. Ended/);
    const none = pair();
    none.update('node-1');
    gone(none, 'node-2', 'it ran out of memory');
    assert.equal(
      endOf(none),
      'stalled: round 1: its quorum of 2 updates cannot be reached any more, 1 is here and none can still come. ' +
        'Ended: node-2 (it ran out of memory)',
    );
  });

  test('in the evaluation it is evaluations that cannot come', () => {
    const kit = trained(pair(), ['node-1', 'node-2']);
    kit.aggregated();
    gone(kit, 'node-2');
    assert.equal(
      endOf(kit),
      'stalled: round 1: its quorum of 2 evaluations cannot be reached any more, 0 are here and 1 can still come. ' +
        'Ended: node-2 (its process was killed)',
    );
  });

  test('while all pause nobody is waited for, and the end of one ends nothing', () => {
    const kit = pair();
    for (const name of ['node-1', 'node-2']) kit.say(name, 'pause', { reason: 'battery' });
    gone(kit, 'node-1');
    assert.equal(endOf(kit), null);
  });

  test('of those who have ended three are named, and the others counted', () => {
    const reasonWith = (more: readonly string[]): string => {
      const kit = started();
      trained(kit, ['node-1']);
      for (const name of more) gone(kit, name, 'x');
      for (const name of names.slice(2)) gone(kit, name, 'x');
      return endOf(kit)?.replace(/^.*Ended: /, '') ?? '';
    };
    assert.equal(reasonWith([]), 'node-3 (x), node-4 (x), node-5 (x)');
    assert.equal(reasonWith(['node-1']), 'node-1 (x), node-3 (x), node-4 (x) and 1 more');
    assert.equal(reasonWith(['node-8', 'node-9']), 'node-8 (x), node-9 (x), node-3 (x) and 2 more');
  });

  test('told twice of the same one, it has ended once, in the way that was told last', () => {
    const kit = started();
    gone(kit, 'node-1', 'first');
    gone(kit, 'node-1', 'last');
    gone(kit, 'node-2');
    assert.equal(endOf(kit), null);
    assert.deepEqual(
      [...kit.state.gone],
      [
        ['node-1', 'last'],
        ['node-2', 'its process was killed'],
      ],
    );
  });
});

describe('a run that cannot begin any more', () => {
  test('a demo ends as soon as fewer are left than it needs', () => {
    const kit = demoOf(4, 3);
    gone(kit, 'node-1');
    assert.equal(endOf(kit), null, 'three can still come');
    gone(kit, 'node-2');
    assert.equal(
      endOf(kit),
      'stalled: The run needs 3 participants and some have ended before it began. ' +
        'Ended: node-1 (its process was killed), node-2 (its process was killed)',
    );
  });

  test('when nobody is left it says that all have ended', () => {
    const kit = demoOf(1, 1);
    gone(kit, 'node-1');
    assert.equal(
      endOf(kit),
      'stalled: The run needs 1 participant and all have ended before it began. Ended: node-1 (its process was killed)',
    );
  });

  test('without a demo nobody knows who could still come, and where nobody has ended it waits', () => {
    const open = new CoordinatorKit({ minimumParticipants: 2 });
    for (const name of names) gone(open, name);
    assert.equal(endOf(open), null);
    const few = demoOf(2, 3);
    few.pass(1_000);
    assert.equal(endOf(few), null);
  });
});

describe('a round that waits for somebody to come back', () => {
  test('ends when the last that could has ended, and not before', () => {
    const kit = deserted();
    gone(kit, 'node-1');
    assert.equal(endOf(kit), null, 'node-2 may come back');
    gone(kit, 'node-2', 'crashed');
    assert.equal(
      endOf(kit),
      'stalled: round 2: no participant is left that could come back. ' +
        'Ended: node-1 (its process was killed), node-2 (crashed)',
    );
  });
});
