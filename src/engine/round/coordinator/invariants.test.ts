import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asParticipantId } from '#shared/contract/ids.ts';
import { weightRuleDefault } from '#shared/contract/run/weight-rule.ts';
import { hashOf, started, trained } from '#test/support/kits/coordinator-kit.ts';
import { checkCoordinator } from './invariants.ts';
import type { CoordinatorEffect, CoordinatorState, Member, ParticipantRecord } from './state.ts';
import type { RunOutcome } from '../machine.ts';

const now = { monotonicMs: 1000, wallMs: 0 };
const outcome: RunOutcome = { status: 'failed', reason: '', roundsCompleted: 0, loss: null, accuracy: null };
const end: CoordinatorEffect = { kind: 'end', outcome };

/** Round 1 in training, with the updates of two of three. */
function running(): CoordinatorState {
  return trained(started(), ['node-1', 'node-2']).state;
}

function fault(
  change: Partial<CoordinatorState>,
  {
    before = running(),
    effects = [],
    wakeAtMs = 1001,
  }: {
    readonly before?: CoordinatorState | null;
    readonly effects?: CoordinatorEffect[];
    readonly wakeAtMs?: number;
  } = {},
): string {
  try {
    checkCoordinator(before, { state: { ...(before ?? running()), ...change }, effects, wakeAtMs }, now);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

test('a state that holds passes, at each bound', () => {
  const { state: s } = started();
  assert.equal(fault({}), '');
  assert.equal(fault({}, { before: null }), '');
  assert.equal(fault({ round: 2 }), '', 'the next round');
  assert.equal(fault({ round: 3, roundsCompleted: 3 }, { before: null }), '');
  assert.equal(fault({ deadlineMs: 1001 }), '');
  assert.equal(fault({ deadlineMs: 5000 }, { wakeAtMs: 5000 }), '');
  assert.equal(fault({ outcome, deadlineMs: 0, phase: 'closing' }, { effects: [end] }), '');
  assert.equal(fault({ outcome }, { before: { ...running(), outcome } }), '', 'it has ended before');
  assert.equal(fault({ phase: 'aggregating' }), '');
  assert.equal(fault({ members: new Map(s.members), participants: s.participants }, { before: null }), '');
});

test('rounds go on by one, and what is completed stays so', () => {
  assert.match(fault({ round: 4 }, { before: null }), /round 4 of 3/);
  assert.match(fault({ roundsCompleted: 2 }), /2 rounds completed in round 1/);
  assert.match(fault({ round: 0 }), /round 0 after round 1/);
  assert.match(fault({ round: 3 }), /round 3 follows round 1/);
  assert.match(
    fault({ roundsCompleted: 0 }, { before: { ...running(), roundsCompleted: 1 } }),
    /a completed round is not completed any more/,
  );
});

test('time: nothing goes on after its deadline, and somebody wakes it there', () => {
  assert.match(fault({ deadlineMs: 1000 }), /training goes on after its deadline/);
  assert.match(fault({ deadlineMs: Number.NaN }), /after its deadline/);
  assert.match(fault({ phase: 'closing' }), /a round is closing between two steps/);
  assert.match(
    fault({ deadlineMs: 5000 }, { wakeAtMs: 5001 }),
    /nobody wakes the coordinator at the deadline of training/,
  );
});

test('the end comes once and is told', () => {
  const over = { ...running(), outcome };
  assert.match(fault({ outcome }), /the run is over and nobody is told/);
  assert.match(fault({}, { effects: [end] }), /the run is over and nobody is told/);
  assert.match(fault({ outcome }, { effects: [end, end] }), /nobody is told/);
  assert.match(fault({ outcome }, { before: over, effects: [end] }), /the run ends twice/);
  assert.match(fault({ outcome: { ...outcome } }, { before: over }), /the run ends twice/);
});

test('tables are in order, hold only who is known, and no more than may be', () => {
  const s = running();
  const [one, two, three] = [...s.members] as [[never, Member], [never, Member], [never, Member]];
  assert.match(
    fault({ members: new Map([two, one, three]) }, { before: s }),
    /node-1 stands after node-2 in its round/,
  );
  assert.match(
    fault(
      { members: new Map([one, [asParticipantId('other') as never, { ...two[1], id: asParticipantId('other') }]]) },
      { before: null },
    ),
    /other takes part in round 1 and is not registered/,
  );
  const many = (count: number): CoordinatorState['participants'] =>
    new Map([
      ...s.participants,
      ...Array.from(
        { length: count - 3 },
        (_, i) => [asParticipantId(`p-${i}`), [...s.participants.values()][0] as ParticipantRecord] as const,
      ),
    ]);
  assert.equal(fault({ participants: many(16) }), '');
  assert.match(fault({ participants: many(17) }), /17 participants/);
  const nothing = new Map([...s.members].map(([id, member]) => [id, { ...member, contribution: null }]));
  assert.match(fault({ phase: 'aggregating', members: nothing }, { before: null }), /an average of nothing/);
  assert.match(fault({ members: nothing }, { before: s }), /the update of node-1 in round 1 does not count any more/);
  assert.equal(fault({ round: 2, members: nothing }, { before: s }), '', 'another round begins with none');
});

test('an average is of updates in order, each of examples', () => {
  const averaged = (...given: readonly (readonly [string, number])[]): string =>
    fault(
      { members: new Map(running().members) },
      {
        effects: [
          {
            kind: 'aggregate',
            rule: weightRuleDefault,
            round: 1,
            base: hashOf('b'),
            contributions: given.map(([id, examples]) => ({
              participant: asParticipantId(id),
              examples,
              parameters: [],
            })),
          },
        ],
      },
    );
  assert.equal(averaged(['a', 1], ['b', 2 ** 53 - 1]), '');
  assert.match(averaged(), /round 1 averages nothing/);
  assert.match(averaged(['b', 1], ['a', 1]), /the update of a is averaged after that of b/);
  assert.match(averaged(['a', 1], ['a', 1]), /the update of a is averaged after that of a/);
  for (const examples of [0, 1.5, 2 ** 53, Number.NaN])
    assert.match(averaged(['a', examples]), /an update of [\d.NaN]+ examples/);
});
