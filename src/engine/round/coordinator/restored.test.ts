import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { asParticipantId, type Hash } from '#shared/contract/ids.ts';
import type { ParameterSet } from '#shared/tensor/parameter-set.ts';
import {
  CoordinatorKit,
  finishRound,
  hashOf,
  initialModel,
  started,
  three,
  trained,
} from '#test/support/kits/coordinator-kit.ts';
import { restoredState, returnMs } from './restored.ts';
import { emptyRun, journalRecordSchema, applyRecord, type JournalRecord, type JournaledRun } from './run-journal.ts';

const begun = { kind: 'round', round: 1, startedAt: 1_000_000, members: [] } as const;

function roundAge(record: unknown, wallMs: number): number {
  const memory = applyRecord(emptyRun(hashOf('base')), journalRecordSchema.parse(record));
  const state = restoredState({ memory, updates: new Map() }, 3, { monotonicMs: 50, wallMs });
  return 50 - state.roundSinceMs;
}

test('a round that a former process began has lasted since then, not since the restart', () => {
  assert.equal(roundAge(begun, 1_037_000), 37_000);
});

test('where its beginning is not known, or the clock was set back, it counts from the restart', () => {
  const { startedAt: _, ...unknown } = begun;
  assert.equal(roundAge(unknown, 1_037_000), 0);
  assert.equal(roundAge(begun, 900_000), 0);
});

test('in how many rounds a participant counted outlives the coordinator, without an update whose bytes are lost', () => {
  const kit = started({ rounds: 5 });
  finishRound(kit);
  finishRound(kit);
  kit.update('node-1');
  const memory = kit.journaled
    .map((record) => journalRecordSchema.parse(JSON.parse(JSON.stringify(record))))
    .reduce(applyRecord, emptyRun(hashOf('initial')));
  const countedWith = (updates: ReadonlyMap<Hash, ParameterSet>): number[] =>
    [...restoredState({ memory, updates }, 5, { monotonicMs: 0, wallMs: 0 }).participants.values()].map(
      ({ counted }) => counted,
    );
  assert.deepEqual(countedWith(new Map([[hashOf('node-1 3'), []]])), [3, 2, 2]);
  assert.deepEqual(countedWith(new Map()), [2, 2, 2]);
  kit.clear().join('node-1');
  assert.equal(kit.events('participant_joined')[0]?.counted, 3, 'told to who begins to look now');
});

const none: ReadonlyMap<Hash, ParameterSet> = new Map();

/** What is on disk of a run up to the last record of this kind. */
function journaledRunOf(kit: CoordinatorKit, upTo?: JournalRecord['kind']): JournaledRun {
  const last = upTo === undefined ? kit.journaled.length : kit.journaled.findLastIndex(({ kind }) => kind === upTo) + 1;
  assert.ok(last > 0, `nothing of kind ${upTo} was remembered`);
  return kit.journaled.slice(0, last).reduce(applyRecord, emptyRun(initialModel));
}

function restart(
  memory: JournaledRun,
  { updates = none, rounds = 3 }: { readonly updates?: ReadonlyMap<Hash, ParameterSet>; readonly rounds?: number } = {},
): CoordinatorKit {
  return new CoordinatorKit({ rounds }, 8, { restored: { memory, updates } });
}

/** Between round 1 and round 2. */
function between(rounds = 3): JournaledRun {
  const kit = started({ rounds });
  finishRound(kit);
  return journaledRunOf(kit, 'closed');
}

const standing = ({ state: { phase, round } }: CoordinatorKit): string => `${phase} ${round}`;

describe('a coordinator that goes on with a run', () => {
  test('stands in the round that was under way, or in the one that is due', () => {
    assert.equal(standing(restart(emptyRun(initialModel))), 'registering 0');
    const kit = started();
    assert.equal(standing(restart(journaledRunOf(kit, 'round'))), 'training 1');
    trained(kit).aggregated();
    assert.equal(standing(restart(journaledRunOf(kit, 'aggregated'))), 'evaluating 1');
    assert.equal(standing(restart(between())), 'registering 2');
    assert.equal(standing(restart(between(1), { rounds: 1 })), 'registering 1', 'no round follows the last one');
  });

  test('each phase has its whole time again', () => {
    const deadline = (memory: JournaledRun): number => restart(memory).state.deadlineMs;
    const kit = started();
    assert.equal(deadline(journaledRunOf(kit, 'round')), 20_000);
    trained(kit).aggregated();
    assert.equal(deadline(journaledRunOf(kit, 'aggregated')), 10_000);
    assert.equal(deadline(between()), 30_000);
  });

  test('says where it takes the run up, with the updates that it has still', () => {
    const kit = started();
    finishRound(kit);
    kit.update('node-1');
    kit.update('node-2');
    const memory = journaledRunOf(kit);
    const updates = new Map([[hashOf('node-1 2'), []]]);
    assert.deepEqual(restart(memory, { updates }).events('run_resumed'), [
      {
        round: 2,
        roundsCompleted: 1,
        selected: three,
        modelHash: hashOf('model 1'),
        updates: [
          {
            participant: 'node-1',
            contribution: hashOf('node-1 2'),
            examples: 100,
            loss: 1,
            accuracy: 0.5,
            norm: 1,
            sizeBytes: 32,
          },
        ],
        last: memory.last,
      },
    ]);
    assert.equal(memory.last?.round, 1);
    assert.deepEqual(new CoordinatorKit().events('run_resumed'), [], 'one that begins has nothing to take up');
  });

  test('nobody has a link, holds a model or pauses, and how the last round ended is told to all', () => {
    const memory = between();
    const { participants, ends } = restart(memory).state;
    assert.deepEqual(
      [...participants.values()].map(({ id, link, holds, paused, toldRound, counted, lastCounted }) => [
        id,
        link,
        holds,
        paused,
        toldRound,
        counted,
        lastCounted,
      ]),
      three.map((id) => [id, 0, null, false, 0, 1, { round: 1, hash: hashOf(`${id} 1`) }]),
    );
    assert.ok(memory.last !== null);
    const { round, ...body } = memory.last;
    assert.deepEqual(ends, [{ round, body, weights: new Map() }]);
    const kit = restart(memory);
    kit.join('node-1');
    assert.deepEqual(
      kit.sent('round_summary', 'node-1').map((message) => message.round),
      [1],
    );
    assert.deepEqual(restart(journaledRunOf(started())).state.ends, [], 'no round has ended yet');
  });

  test('a participant was told of all rounds but the last one that ended', () => {
    const kit = started();
    finishRound(kit);
    finishRound(kit);
    const { participants } = restart(journaledRunOf(kit, 'closed')).state;
    assert.deepEqual(
      [...participants.values()].map(({ toldRound }) => toldRound),
      [1, 1, 1],
    );
  });

  test('of a member nothing is known to have arrived, and its time begins now', () => {
    const { members } = restart(journaledRunOf(started())).state;
    assert.deepEqual(
      [...members.values()].map((member) => member),
      three.map((id) => ({
        id,
        key: `key-${id}`,
        awaited: true,
        startedMs: 0,
        awaitsModel: false,
        delivered: false,
        progress: null,
        transfer: null,
        contribution: null,
        refusal: null,
        failure: null,
        evaluation: null,
        evaluates: 'no',
      })),
    );
  });

  test('an update whose bytes are lost is asked for again, one that is here is not', () => {
    const before = trained(started(), ['node-1', 'node-2']);
    const parameters: ParameterSet = [];
    const kit = restart(journaledRunOf(before), { updates: new Map([[hashOf('node-1 1'), parameters]]) });
    const found = [...kit.state.members.values()].map(({ contribution }) => contribution?.hash ?? null);
    assert.deepEqual(found, [hashOf('node-1 1'), null, null]);
    assert.equal(kit.state.members.get(asParticipantId('node-1'))?.contribution?.parameters, parameters);
    const counted = [...kit.state.participants.values()].map((one) => [one.counted, one.lastCounted?.hash ?? null]);
    assert.deepEqual(counted, [
      [1, hashOf('node-1 1')],
      [0, null],
      [0, null],
    ]);
    for (const name of three) kit.join(name);
    const asked = three.map((name) => kit.sent('start_training', name).length);
    assert.deepEqual(asked, [0, 1, 1]);
    kit.update('node-2');
    assert.equal(kit.sent('update_ack', 'node-2').at(-1)?.body.accepted, true);
    assert.equal(kit.state.participants.get(asParticipantId('node-2'))?.counted, 1);
  });

  test('a count of an older version that knows no updates does not fall below none', () => {
    const memory = journaledRunOf(trained(started(), ['node-1']));
    const participants = memory.participants.map((one) => ({ ...one, counted: 0 }));
    const kit = restart({ ...memory, participants });
    assert.equal(kit.state.participants.get(asParticipantId('node-1'))?.counted, 0);
  });

  test('once the round is evaluated its updates are needed no more: they count without their bytes', () => {
    const before = trained(started());
    before.aggregated();
    before.evaluate('node-1');
    const kit = restart(journaledRunOf(before));
    assert.deepEqual(
      [...kit.state.members.values()].map(({ contribution, evaluation, evaluates, awaited }) => [
        contribution?.weighed,
        contribution?.parameters,
        evaluation,
        evaluates,
        awaited,
      ]),
      three.map((id) => [
        { share: 1 / 3, clipped: 1 },
        [],
        id === 'node-1' ? { loss: 1, accuracy: 0.5, examples: 10, claimed: 10 } : null,
        'awaited',
        true,
      ]),
    );
    assert.deepEqual(
      [...kit.state.participants.values()].map(({ counted }) => counted),
      [1, 1, 1],
    );
  });

  test('a journal that tells no claims claimed what counts, and one that tells no weights knows none', () => {
    const before = trained(started());
    before.aggregated();
    before.evaluate('node-1', { examples: 7 });
    const memory = journaledRunOf(before);
    const members = memory.members.map(({ contribution, evaluation, ...member }) => ({
      ...member,
      contribution: contribution && { ...contribution, examples: 60, claimed: undefined, weighed: undefined },
      evaluation: evaluation && { ...evaluation, claimed: undefined },
    }));
    const { contribution, evaluation } = [...restart({ ...memory, members }).state.members.values()][0] ?? {};
    assert.deepEqual([contribution?.claimed, contribution?.weighed, evaluation?.claimed], [60, null, 7]);
    const more = memory.members.map(({ contribution: own, evaluation: checked, ...member }) => ({
      ...member,
      contribution: own && { ...own, examples: 60, claimed: 90 },
      evaluation: checked && { ...checked, claimed: 11 },
    }));
    const told = [...restart({ ...memory, members: more }).state.members.values()][0];
    assert.deepEqual([told?.contribution?.claimed, told?.evaluation?.claimed], [90, 11]);
  });
});

describe('who took part when the coordinator died', () => {
  test('is waited for before a round starts, for so long and no longer', () => {
    const kit = restart(between());
    kit.join('node-1');
    kit.join('node-2');
    kit.pass(returnMs - 1);
    assert.equal(standing(kit), 'registering 2');
    kit.pass(1);
    assert.equal(standing(kit), 'distributing 2');
    assert.deepEqual(kit.events('round_started').at(-1)?.selected, ['node-1', 'node-2']);
  });

  test('the round starts as soon as all are back', () => {
    const kit = restart(between());
    for (const name of three) {
      assert.equal(standing(kit), 'registering 2');
      kit.join(name);
    }
    assert.deepEqual(kit.events('round_started').at(-1)?.selected, three);
  });

  test('is waited for also when its user would begin with those who are here: the run has begun already', () => {
    const kit = restart(between());
    kit.join('node-1');
    kit.feed({ kind: 'start_now' });
    assert.equal(standing(kit), 'registering 2');
  });

  test('the time in which the coordinator stood still does not count', () => {
    const kit = restart(between());
    kit.join('node-1');
    kit.nowMs = 5_000;
    kit.feed({ kind: 'event_loop_stall', ms: 5_000 });
    kit.pass(returnMs - 1);
    assert.equal(standing(kit), 'registering 2');
    kit.pass(1);
    assert.equal(standing(kit), 'distributing 2');
  });

  test('is asked to evaluate though it is not back yet, as long as it may come', () => {
    const asked = (afterMs: number): string[] => {
      const before = trained(started({ trainingDeadlineMs: 60_000 }), ['node-1', 'node-2']);
      const updates = new Map(['node-1 1', 'node-2 1'].map((name) => [hashOf(name), []]));
      const kit = new CoordinatorKit({ trainingDeadlineMs: 60_000 }, 8, {
        restored: { memory: journaledRunOf(before), updates },
      });
      kit.join('node-1');
      kit.join('node-3');
      kit.pass(afterMs);
      kit.update('node-3');
      kit.aggregated();
      return [...kit.state.members.values()].map(({ evaluates }) => evaluates);
    };
    assert.deepEqual(asked(returnMs - 1), ['awaited', 'awaited', 'awaited']);
    assert.deepEqual(asked(returnMs), ['awaited', 'no', 'awaited']);
  });

  test('who had left by then is not asked to evaluate', () => {
    const before = started();
    before.say('node-3', 'goodbye', { code: 'left', reason: '' });
    before.update('node-1');
    const kit = restart(journaledRunOf(before), { updates: new Map([[hashOf('node-1 1'), []]]) });
    kit.join('node-2');
    kit.update('node-2');
    kit.aggregated();
    assert.deepEqual(
      [...kit.state.members.values()].map(({ evaluates }) => evaluates),
      ['awaited', 'awaited', 'no'],
    );
  });

  test('a run that never lost its coordinator waits for nobody who is away', () => {
    const kit = trained(started());
    kit.down('node-3');
    kit.pass(10_001);
    kit.aggregated();
    assert.deepEqual(
      [...kit.state.members.values()].map(({ evaluates }) => evaluates),
      ['awaited', 'awaited', 'no'],
    );
  });
});

describe('a run that had ended, or was about to', () => {
  test('ends in the same way as soon as all are back to hear it', () => {
    const kit = restart(between(1), { rounds: 1 });
    assert.equal(kit.state.outcome, null);
    for (const name of three) kit.join(name);
    assert.deepEqual(kit.state.outcome, {
      status: 'completed',
      reason: 'the round is done',
      roundsCompleted: 1,
      loss: 1,
      accuracy: 0.5,
    });
    for (const name of ['node-1', 'node-2']) assert.equal(kit.sent('training_complete', name).length, 1);
  });

  test('a link alone is not back: the last one to register hears how the last round ended, and then the end', () => {
    const kit = restart(between(1), { rounds: 1 });
    const over = (): string | undefined => kit.state.outcome?.status;
    for (const name of three) {
      kit.open(name);
      assert.equal(over(), undefined, `${name} has not registered`);
      kit.register(name);
    }
    assert.equal(over(), 'completed');
    for (const name of three) {
      const sent = kit.effect('send').filter(({ link }) => link === kit.link(name));
      const kinds = sent.map(({ message }) => message.kind).filter((kind) => kind !== 'round_status');
      assert.deepEqual(kinds.slice(-2), ['round_summary', 'training_complete'], name);
    }
  });

  test('nor is a round begun while somebody is about to register', () => {
    const kit = restart(between());
    for (const name of ['node-1', 'node-2']) kit.join(name);
    kit.open('node-3');
    assert.equal(standing(kit), 'registering 2');
    kit.register('node-3');
    assert.deepEqual(kit.events('round_started').at(-1)?.selected, three);
  });

  test('who opens a link and never registers is waited for like one who is away', () => {
    const kit = restart(between(1), { rounds: 1 });
    for (const name of ['node-1', 'node-2']) kit.join(name);
    const over = (): string | undefined => kit.state.outcome?.status;
    kit.open('node-3');
    kit.pass(returnMs - 1);
    assert.equal(over(), undefined);
    kit.pass(1);
    assert.equal(over(), 'completed');
  });

  test('or when who is away had its time', () => {
    const kit = restart(between(1), { rounds: 1 });
    const over = (): string | undefined => kit.state.outcome?.status;
    kit.join('node-1');
    kit.pass(returnMs - 1);
    assert.equal(over(), undefined);
    kit.pass(1);
    assert.equal(over(), 'completed');
  });

  test('also where who is away has longer than a round has', () => {
    const kit = started();
    kit.feed({ kind: 'stop', reason: 'its user ended it' });
    const again = restart(journaledRunOf(kit));
    assert.ok(again.state.config.settings.trainingDeadlineMs < returnMs);
    const over = (): string | undefined => again.state.outcome?.status;
    again.join('node-1');
    again.pass(returnMs - 1);
    assert.equal(over(), undefined);
    again.pass(1);
    assert.equal(over(), 'interrupted');
  });

  test('how it had ended is in memory, whatever else it could be', () => {
    const kit = started();
    kit.feed({ kind: 'stop', reason: 'its user ended it' });
    const { ended } = journaledRunOf(kit);
    assert.equal(ended?.status, 'interrupted');
    assert.deepEqual(restart(journaledRunOf(kit)).state.ending, ended);
  });

  test('several rounds are all done; before the last one nothing has ended', () => {
    const kit = started({ rounds: 2 });
    finishRound(kit);
    assert.equal(restart(journaledRunOf(kit, 'closed'), { rounds: 2 }).state.ending, null);
    finishRound(kit);
    assert.deepEqual(restart(journaledRunOf(kit, 'closed'), { rounds: 2 }).state.ending, {
      status: 'completed',
      reason: 'all 2 rounds are done',
      roundsCompleted: 2,
      loss: 1,
      accuracy: 0.5,
    });
  });
});
