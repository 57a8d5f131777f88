import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  CoordinatorKit,
  finishRound,
  hashOf,
  initialModel,
  kitSettings,
  started,
  three,
  trained,
} from '#test/support/kits/coordinator-kit.ts';

describe('what is told at the door', () => {
  test('the plan, whole', () => {
    const kit = started().clear();
    const link = kit.open('late');
    const { name: runName, seed: _, evaluationDeadlineMs: _e, registrationDeadlineMs: _r, ...settings } = kitSettings;
    const { config } = kit.state;
    assert.deepEqual(kit.effect('send'), [
      {
        kind: 'send',
        link,
        message: {
          kind: 'run_plan',
          round: 1,
          body: {
            runName,
            ...settings,
            model: config.model,
            parameters: 8,
            classes: ['a', 'b'],
            baselineAccuracy: 0.5,
            registered: 3,
            round: 1,
            phase: 'distributing',
            nameTaken: false,
            software: 'kit',
          },
        },
      },
    ]);
  });

  test('the run, as it starts', () => {
    const { name, rounds, minimumParticipants, quorum, seed, weightCap, normClip } = kitSettings;
    const [run] = new CoordinatorKit().events('run_started');
    assert.deepEqual(run, {
      name,
      rounds,
      minimumParticipants,
      quorum,
      seed,
      weightCap,
      normClip,
      baselineAccuracy: 0.5,
      classes: ['a', 'b'],
    });
  });

  test('welcome and configuration, whole', () => {
    const kit = new CoordinatorKit();
    kit.open('node-1');
    kit.clear().register('node-1');
    const { localEpochs, batchSize, learningRate, optimizer, seed } = kitSettings;
    assert.deepEqual(kit.sent('welcome')[0]?.body, {
      participant: 'node-1',
      runName: 'kit',
      rounds: 3,
      round: 0,
      phase: 'registering',
      minimumParticipants: 3,
      note: 'welcome',
    });
    assert.deepEqual(kit.sent('training_config')[0]?.body, {
      model: kit.state.config.model,
      localEpochs,
      batchSize,
      learningRate,
      optimizer,
      seed,
    });
    const [joined] = kit.events('participant_joined');
    assert.deepEqual(joined, {
      participant: 'node-1',
      key: 'key-node-1',
      keyProved: true,
      address: '127.0.0.1:1',
      protocol: 'memory',
      stack: 'memory',
      data: {
        source: 'kit',
        examples: 100,
        heldOut: 10,
        shape: [1, 1, 3],
        classes: ['a', 'b'],
        classCounts: [50, 50],
        skipped: 0,
      },
      trainer: 'kit',
      fromRound: 1,
      counted: 0,
    });
    assert.deepEqual(kit.journaled.at(-1), {
      kind: 'participant',
      participant: {
        id: 'node-1',
        key: 'key-node-1',
        data: joined?.data,
        trainer: 'kit',
        fromRound: 1,
        lastCounted: null,
        misses: 0,
        counted: 0,
        left: null,
      },
    });
  });

  test('who comes late is welcomed for the next round, and one that comes back for its own', () => {
    const kit = started();
    kit.clear().join('late');
    assert.deepEqual(
      [kit.sent('welcome')[0]?.body.note, kit.events('participant_joined')[0]?.fromRound],
      ['round 1 is under way: you take part from round 2', 2],
    );
    kit.clear().join('node-2');
    assert.deepEqual(
      [kit.sent('welcome')[0]?.body.note, kit.events('participant_joined')[0]?.fromRound],
      ['welcome', 1],
    );
  });

  test('refusals, in words', () => {
    const said = (kit: CoordinatorKit): unknown => kit.sent('error').map(({ body }) => [body.code, body.reason]);
    const kit = started().clear();
    kit.join('node-1', { key: 'another' });
    assert.deepEqual(said(kit), [
      ['participant_name_taken', 'another participant already takes part as node-1; choose another name'],
    ]);
    const full = new CoordinatorKit({}, 1);
    full.join('node-1');
    full.join('node-2');
    assert.deepEqual(said(full), [['participant_limit', 'the run has its 1 participants']]);
    full.clear().pass(1_000);
    full.register('node-1');
    assert.deepEqual(said(full), [], 'who is in already is not one more');
    const other = started().clear();
    other.open('mallory');
    const data = {
      source: 'kit',
      examples: 1,
      heldOut: 0,
      shape: [1, 1, 3],
      classes: ['a', 'b'],
      classCounts: [1, 0],
      skipped: 0,
    };
    other.say('mallory', 'register', { name: 'node-1' as never, key: 'k', data, trainer: 'kit' });
    assert.deepEqual(said(other), [['sender_mismatch', 'mallory registers as node-1']]);
    assert.deepEqual(other.events('participant_refused'), [
      { name: 'node-1', key: 'k', address: '127.0.0.1:1', reason: 'mallory registers as node-1' },
    ]);
    other.clear().say('mallory', 'goodbye', { code: 'left', reason: '' });
    other.say('mallory', 'error', { code: 'internal', reason: '' });
    assert.deepEqual(said(other), [], 'whoever leaves unregistered needs no answer');
    other.say('mallory', 'pause', { reason: '' }, { round: 4 });
    assert.deepEqual(said(other), [['not_registered', 'mallory sent pause before it registered']]);
    other.clear().say('node-1', 'pause', { reason: '' }, { sender: 'node-2' });
    assert.deepEqual(said(other), [['sender_mismatch', 'a message of node-2 came over the link of node-1']]);
    other.clear().feed({ kind: 'message', link: 999, header: { kind: 'register' } as never });
    assert.deepEqual(
      other.effects.filter(({ kind }) => kind !== 'report'),
      [],
      'a link that is closed has nobody to be answered',
    );
  });
});

describe('a name', () => {
  test('that comes back with its key keeps what it counted; with another it is another participant', () => {
    const kit = started();
    finishRound(kit);
    kit.update('node-1');
    kit.clear().join('node-1');
    assert.deepEqual(
      [kit.events('participant_joined')[0]?.counted, kit.state.participants.get('node-1' as never)?.lastCounted?.round],
      [2, 2],
    );
    assert.deepEqual(
      kit.sent('update_ack', 'node-1').map(({ body }) => body),
      [{ accepted: true, contribution: hashOf('node-1 2'), order: 1 }],
      'its process may not have heard',
    );
    kit.feed({ kind: 'link_closed', link: kit.link('node-2'), reason: 'has to go', clean: true });
    kit.clear().join('node-2', { key: 'another' });
    assert.deepEqual(
      [kit.events('participant_joined')[0]?.counted, kit.events('participant_joined')[0]?.fromRound],
      [0, 3],
    );
    const { misses, lastCounted } = kit.state.participants.get('node-2' as never) ?? {};
    assert.deepEqual([misses, lastCounted], [0, null]);
    assert.equal(kit.state.members.get('node-2' as never)?.failure, 'another participant took over the name');
    assert.equal(kit.sent('start_training', 'node-2').length, 0);
  });

  test('that registers twice over one link is asked again and loses nothing of its progress', () => {
    const kit = started();
    kit.say('node-1', 'training_progress', { epoch: 1, epochs: 1, batch: 2, batches: 4, loss: 1 });
    kit.clear().pass(1_000);
    kit.register('node-1');
    assert.equal(kit.state.members.get('node-1' as never)?.progress?.batch, 2);
    assert.equal(kit.effect('close_link').length, 0);
    assert.equal(kit.sent('start_training', 'node-1').length, 1);
    kit.update('node-1');
    kit.clear().pass(1_000);
    kit.register('node-1');
    assert.equal(kit.sent('update_ack').length, 0, 'the same process has its answer already');
    kit.clear().join('node-2');
    assert.deepEqual(
      [kit.state.members.get('node-2' as never)?.progress, kit.state.members.get('node-2' as never)?.delivered],
      [null, false],
    );
    assert.deepEqual(
      kit.effect('close_link').map(({ code, reason }) => [code, reason]),
      [['replaced', 'node-2 registered again over a new link']],
    );
  });

  test('that is back in an evaluation is asked for it, once it owes it', () => {
    const kit = trained(started());
    kit.aggregated();
    kit.clear().join('node-1');
    assert.equal(kit.sent('start_evaluation', 'node-1').length, 1);
    assert.equal(kit.sent('start_training', 'node-1').length, 0);
    kit.evaluate('node-1');
    kit.clear().join('node-1');
    assert.equal(kit.sent('start_evaluation', 'node-1').length, 0);
  });

  test('that leaves before the run begins is gone; one of the round stays until that is over', () => {
    const kit = new CoordinatorKit();
    kit.join('node-1');
    kit.say('node-1', 'goodbye', { code: 'left', reason: '' });
    assert.equal(kit.state.participants.size, 0);
    assert.deepEqual(kit.events('participant_left'), [{ participant: 'node-1', reason: 'left', clean: true }]);
    const run = started();
    run.feed({ kind: 'link_closed', link: run.link('node-1'), reason: 'cut', clean: false });
    assert.deepEqual(run.state.participants.get('node-1' as never)?.left, { reason: 'cut', clean: false });
    assert.deepEqual(run.events('participant_left'), [{ participant: 'node-1', reason: 'cut', clean: false }]);
    run.say('node-2', 'goodbye', { code: 'left', reason: 'x' });
    run.clear().feed({ kind: 'link_closed', link: run.link('node-2'), reason: 'cut', clean: false });
    assert.equal(run.events('participant_left').length, 0, 'it has left once');
    run.feed({ kind: 'link_closed', link: 999, reason: 'cut', clean: false });
    run.update('node-3');
    run.aggregated();
    run.evaluate('node-3');
    assert.deepEqual([...run.state.participants.keys()], ['node-3']);
  });
});

describe('who holds a model', () => {
  test('is not sent it again', () => {
    const kit = started();
    finishRound(kit);
    assert.deepEqual(
      kit.sent('start_training', 'node-1').map(({ round, body }) => [round, body]),
      [
        [1, { deadlineMs: 20_000, base: initialModel }],
        [2, { deadlineMs: 20_000, base: hashOf('model 1') }],
      ],
    );
    assert.deepEqual(
      kit.sent('start_evaluation', 'node-1').map(({ round, body }) => [round, body]),
      [[1, { deadlineMs: 10_000, model: hashOf('model 1') }]],
    );
    assert.equal(kit.state.members.get('node-1' as never)?.awaitsModel, false);
    kit.feed({ kind: 'delivered', link: kit.link('node-1'), message: 'global_model', round: 2 });
    assert.equal(
      kit.state.members.get('node-1' as never)?.delivered,
      false,
      'it waits for the word, not for the model',
    );
    kit.feed({ kind: 'delivered', link: kit.link('node-1'), message: 'start_training', round: 1 });
    assert.equal(kit.state.members.get('node-1' as never)?.delivered, false, 'of another round');
    kit.feed({ kind: 'delivered', link: 999, message: 'start_training', round: 2 });
    kit.feed({ kind: 'delivered', link: kit.link('node-1'), message: 'start_training', round: 2 });
    assert.equal(kit.state.members.get('node-1' as never)?.delivered, true);
    assert.equal(kit.state.phase, 'distributing');
    for (const name of three.slice(1))
      kit.feed({ kind: 'delivered', link: kit.link(name), message: 'start_training', round: 2 });
    assert.equal(kit.state.phase, 'training', 'all have what they need');
  });
  test('and one that works shows that it has come', () => {
    const kit = started();
    kit.say('node-1', 'training_progress', { epoch: 1, epochs: 1, batch: 1, batches: 4, loss: 1 }, { round: 2 });
    assert.deepEqual([kit.state.phase, kit.state.members.get('node-1' as never)?.progress], ['distributing', null]);
    kit.pass(500);
    kit.say('node-1', 'training_progress', { epoch: 1, epochs: 1, batch: 1, batches: 4, loss: 1 });
    const member = kit.state.members.get('node-1' as never);
    assert.deepEqual([kit.state.phase, member?.delivered, member?.progress?.atMs], ['training', true, 500]);
    assert.equal(kit.state.deadlineMs, 20_500, 'the time for training begins then');
  });
});

describe('an evaluation', () => {
  test('counts once, in its phase and round, and as numbers', () => {
    const kit = trained(started());
    kit.evaluate('node-1');
    assert.equal(kit.events('evaluation_received').length, 0, 'not yet');
    kit.aggregated();
    kit.evaluate('node-1', { round: 2 });
    kit.evaluate('node-1', { loss: Number.NaN });
    assert.deepEqual(
      [kit.events('evaluation_received').length, kit.state.members.get('node-1' as never)?.failure],
      [0, 'its evaluation is not a finite number'],
    );
    kit.evaluate('node-2', { accuracy: Infinity });
    assert.equal(kit.state.members.get('node-2' as never)?.failure, 'its evaluation is not a finite number');
    kit.evaluate('node-3', { loss: 2, accuracy: 0.25, examples: 7 });
    assert.deepEqual(kit.events('evaluation_received'), [
      { participant: 'node-3', round: 1, loss: 2, accuracy: 0.25, examples: 7, claimed: 7 },
    ]);
    assert.deepEqual([kit.state.round, kit.state.loss, kit.state.accuracy], [2, 2, 0.25]);
  });
  test('of numbers that no evaluation has is none', () => {
    const failure = (measures: { loss?: number; accuracy?: number }): unknown => {
      const kit = trained(started());
      kit.aggregated();
      kit.evaluate('node-1', measures);
      return kit.state.members.get('node-1' as never)?.failure;
    };
    for (const fits of [{ accuracy: 0 }, { accuracy: 1 }, { loss: 0 }, { loss: 1e6 }])
      assert.equal(failure(fits), null);
    assert.equal(failure({ accuracy: -0.1 }), 'its evaluation says an accuracy of -0.1, which is not from 0 to 1');
    assert.equal(failure({ accuracy: 1.1 }), 'its evaluation says an accuracy of 1.1, which is not from 0 to 1');
    assert.equal(failure({ loss: -1 }), 'its evaluation says a loss of -1, which no loss is');
    assert.equal(failure({ loss: 1_000_001 }), 'its evaluation says a loss of 1000001, which no loss is');
  });
  test('is not asked of who has nothing to check with, pauses or is away', () => {
    const kit = new CoordinatorKit({ minimumParticipants: 4 });
    for (const name of three) kit.join(name);
    kit.join('node-4', { heldOut: 0 });
    for (const name of [...three, 'node-4']) if (name !== 'node-2') kit.update(name);
    kit.say('node-3', 'pause', { reason: '' });
    kit.down('node-1');
    kit.pass(20_000);
    kit.clear().aggregated();
    const asked = { 'node-1': 'no', 'node-2': 'asked', 'node-3': 'no', 'node-4': 'no' };
    assert.deepEqual(
      kit.journaled.findLast(({ kind }) => kind === 'aggregated'),
      {
        kind: 'aggregated',
        model: hashOf('model 1'),
        evaluates: Object.entries(asked).map(([id, evaluates]) => ({ id, evaluates })),
        missing: ['node-2'],
        weights: ['node-1', 'node-3', 'node-4'].map((id) => ({ id, share: 1 / 3, clipped: 1 })),
      },
    );
    assert.equal(kit.sent('start_evaluation').length, 1);
    assert.equal(kit.state.round, 2, 'nobody is waited for');
  });
});
