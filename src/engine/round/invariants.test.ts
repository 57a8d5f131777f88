import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { asParticipantId } from '#shared/contract/ids.ts';
import { hashOf, started, trained, type CoordinatorKit } from '#test/support/kits/coordinator-kit.ts';
import { endByFault } from './coordinator/end.ts';
import { checkCoordinator } from './coordinator/invariants.ts';
import type { CoordinatorState, Member } from './coordinator/state.ts';
import { startParticipant } from './participant/machine.ts';
import { checkParticipant } from './participant/invariants.ts';
import type { ParticipantState } from './participant/state.ts';

const now = { monotonicMs: 0, wallMs: 0 };

function withMember(state: CoordinatorState, id: string, change: Partial<Member>): CoordinatorState {
  const member = state.members.get(asParticipantId(id));
  assert.ok(member);
  return { ...state, members: new Map([...state.members, [member.id, { ...member, ...change }]]) };
}

function check(before: CoordinatorState, state: CoordinatorState): void {
  checkCoordinator(before, { state, effects: [], wakeAtMs: state.deadlineMs }, now);
}

describe('rules of the coordinator', () => {
  const counted = (): CoordinatorKit => trained(started(), ['node-1', 'node-2']);
  const broken: Record<string, { readonly of: (state: CoordinatorState) => CoordinatorState; readonly says: RegExp }> =
    {
      'a second update of one participant': {
        of: (state) => {
          const contribution = state.members.get(asParticipantId('node-1'))?.contribution;
          assert.ok(contribution);
          return withMember(state, 'node-1', { contribution: { ...contribution, hash: hashOf('another') } });
        },
        says: /two updates of node-1 count in round 1/,
      },
      'an update that is forgotten': {
        of: (state) => withMember(state, 'node-2', { contribution: null }),
        says: /the update of node-2 in round 1 does not count any more/,
      },
      'an earlier round': { of: (state) => ({ ...state, round: 0 }), says: /round 0 after round 1/ },
      'a round that is left out': { of: (state) => ({ ...state, round: 3 }), says: /round 3 follows round 1/ },
      'a round too many': { of: (state) => ({ ...state, round: 4 }), says: /round 4 of 3/ },
      'a wait beyond its deadline': { of: (state) => ({ ...state, deadlineMs: 0 }), says: /after its deadline/ },
      'a member that nobody knows': {
        of: (state) => ({
          ...state,
          participants: new Map([...state.participants].slice(1)),
          members: new Map(state.members),
        }),
        says: /node-1 takes part in round 1 and is not registered/,
      },
      'a quorum of more than can come': {
        of: (state) => ({
          ...state,
          config: { ...state.config, settings: { ...state.config.settings, quorum: 1.5 } },
          members: new Map(state.members),
        }),
        says: /a quorum of 5 of 3/,
      },
      'an end that nobody is told': {
        of: (state) => ({
          ...state,
          outcome: { status: 'failed', reason: '', roundsCompleted: 0, loss: null, accuracy: null },
        }),
        says: /the run is over and nobody is told/,
      },
    };
  for (const [what, { of, says }] of Object.entries(broken)) {
    test(`${what} is found`, () => {
      const { state } = counted();
      assert.doesNotThrow(() => check(state, { ...state, members: new Map(state.members) }));
      assert.throws(() => check(state, of(state)), { name: 'InvariantError', message: says });
    });
  }

  test('a broken one ends the run from the last good state: told to everybody, with what was broken', () => {
    const { state } = counted();
    const step = endByFault(state, new Error('round 0 after round 1'), now);
    assert.match(step.state.outcome?.reason ?? '', /\(round 0 after round 1\); the run was ended here/);
    const told = step.effects.flatMap((effect) => (effect.kind === 'send' ? [effect.message.kind] : []));
    assert.deepEqual(told, ['training_complete', 'training_complete', 'training_complete']);
    const reports = step.effects.flatMap((effect) => (effect.kind === 'report' ? [effect.type] : []));
    assert.deepEqual(reports, ['notice', 'run_ended']);
    const again = endByFault(step.state, new Error('and again'), now);
    assert.deepEqual(
      again.effects.map(({ kind }) => kind),
      ['report'],
      'a run that is over does not end twice',
    );
  });
});

describe('rules of a participant', () => {
  const { state } = startParticipant({ name: asParticipantId('node-1'), key: 'key', trainer: 'kit' }, now);
  const body = { examples: 1, base: hashOf('base'), loss: 1, accuracy: 1, trainMs: 1, norm: 1 };
  const lastUpdate = { round: 1, hash: hashOf('one'), sizeBytes: 1, body };
  const held = [1, 2, 3].map((round) => ({ hash: hashOf(`m${round}`), round, tensors: [] }));
  const broken: Record<string, { readonly to: Partial<ParticipantState>; readonly says: RegExp }> = {
    'a second update of a round': {
      to: { lastUpdate: { ...lastUpdate, hash: hashOf('another') } },
      says: /two updates of round 1/,
    },
    'more models than are kept': { to: { models: held }, says: /3 global models are held/ },
    'a job that is not the newest': {
      to: { task: { kind: 'train', round: 1, model: null, job: 7 } },
      says: /job 7 runs, and 0 is the newest/,
    },
    'work after the end': {
      to: { phase: 'train', outcome: { status: 'failed', reason: '', roundsCompleted: 0, loss: null, accuracy: null } },
      says: /work goes on after the run/,
    },
  };
  for (const [what, { to, says }] of Object.entries(broken)) {
    test(`${what} is found`, () => {
      const before = { ...state, lastUpdate };
      const step = { state: { ...before, ...to }, effects: [], wakeAtMs: Infinity };
      assert.throws(() => checkParticipant(before, step), { name: 'InvariantError', message: says });
    });
  }
});
