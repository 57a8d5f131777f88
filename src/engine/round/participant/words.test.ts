import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  base,
  config,
  next,
  ParticipantKit,
  plan,
  statusBody,
  summaryBody,
} from '#test/support/kits/participant-kit.ts';
import { toyLoaded } from '#test/simulation/toy-model.ts';
import { hashOf } from '#test/support/kits/coordinator-kit.ts';

/** Registered, configured, and asked to train from `base` in round 1: job 1 runs. */
function training(): ParticipantKit {
  const kit = new ParticipantKit().planned();
  kit.hear('welcome', 0, {
    participant: 'node-1' as never,
    runName: 'kit',
    rounds: 3,
    round: 0,
    phase: 'registering',
    minimumParticipants: 1,
    note: '',
  });
  kit.hear('training_config', 0, config);
  kit.hear('global_model', 1, { purpose: 'train' }, { hash: base });
  kit.hear('start_training', 1, { deadlineMs: 1000, base });
  return kit;
}

const result = { examples: 5, loss: 1, accuracy: 0.5, trainMs: 9, norm: 2 };

function trained(kit = training(), hash = hashOf('update')): ParticipantKit {
  kit.feed({ kind: 'trained', job: kit.state.jobs, hash, sizeBytes: 32, result } as never);
  return kit;
}

function phases(kit: ParticipantKit): unknown {
  return kit.events('participant_phase').map(({ phase, round }) => `${phase} ${round}`);
}

describe('what a participant does', () => {
  test('is one phase after the other', () => {
    const kit = trained();
    assert.deepEqual(phases(kit), ['wait 0', 'train 1', 'send 1']);
    assert.deepEqual(
      kit.of('train').map(({ job, round, model }) => [job, round, model.hash]),
      [[1, 1, base]],
    );
    assert.deepEqual(kit.events('participant_phase')[1], {
      participant: 'node-1',
      round: 1,
      phase: 'train',
      modelHash: base,
    });
    assert.deepEqual(kit.events('training_done'), [
      {
        participant: 'node-1',
        round: 1,
        loss: 1,
        accuracy: 0.5,
        examples: 5,
        durationMs: 9,
        norm: 2,
        modelHash: hashOf('update'),
      },
    ]);
    const [update] = kit.sent('model_update');
    assert.deepEqual([update?.round, update?.body, update?.model], [1, { ...result, base }, hashOf('update')]);
    assert.deepEqual(kit.state.pendingUpdates, [{ round: 1, hash: hashOf('update'), sizeBytes: 32 }]);
  });

  test('an acknowledgement is told once, and what is refused is told with its reason', () => {
    const kit = trained();
    const ack = { accepted: true, contribution: hashOf('update'), order: 2 } as const;
    kit.hear('update_ack', 2, ack);
    kit.hear('update_ack', 1, { ...ack, contribution: hashOf('other') });
    assert.equal(kit.events('update_acknowledged').length, 0, 'of another round or update');
    kit.hear('update_ack', 1, ack);
    kit.hear('update_ack', 1, ack);
    assert.deepEqual(kit.events('update_acknowledged'), [
      {
        participant: 'node-1',
        round: 1,
        contribution: hashOf('update'),
        accepted: true,
        reason: '',
        order: 2,
        sizeBytes: 32,
      },
    ]);
    assert.deepEqual(
      kit.of('forget_update').map(({ hash }) => hash),
      [hashOf('update')],
    );
    assert.deepEqual([kit.state.phase, kit.state.phaseRound, kit.events('notice').length], ['wait', 1, 0]);
    const refused = trained();
    refused.hear('update_ack', 1, {
      accepted: false,
      contribution: hashOf('update'),
      code: 'update_not_finite',
      reason: 'NaN',
    });
    const [notice] = refused.events('notice');
    assert.deepEqual(
      [notice?.level, notice?.text, notice?.error?.code, notice?.error?.context],
      ['warning', 'the update of round 1 was refused: NaN', 'update_not_finite', { participant: 'node-1', round: 1 }],
    );
    const unsaid = trained();
    unsaid.hear('update_ack', 1, { accepted: false, contribution: hashOf('update') });
    assert.deepEqual(
      [
        unsaid.events('notice')[0]?.text,
        unsaid.events('notice')[0]?.error?.code,
        unsaid.events('update_acknowledged')[0]?.order,
      ],
      ['the update of round 1 was refused: no reason given', 'internal', null],
    );
  });

  test('an update that was on its way when its round ended is taken back', () => {
    const kit = trained();
    kit.hear('round_summary', 1, summaryBody);
    assert.deepEqual(
      kit.of('withdraw_updates').map(({ last }) => last),
      [1],
    );
    kit.feed({ kind: 'withdrawn', round: 1, hash: hashOf('update'), reason: 'round 1 is over' } as never);
    assert.deepEqual(
      kit.events('update_acknowledged').map(({ accepted, reason }) => [accepted, reason]),
      [[false, 'round 1 is over']],
    );
    const early = trained();
    early.hear('round_status', 1, statusBody);
    assert.equal(early.of('withdraw_updates').length, 0, 'its round goes on');
    early.hear('round_status', 2, statusBody);
    assert.equal(early.of('withdraw_updates').length, 1, 'another round runs');
  });

  test('work of a round that is over is given up', () => {
    const kit = training();
    kit.hear('round_status', 1, statusBody);
    assert.equal(kit.of('abort_work').length, 0);
    kit.hear('round_summary', 1, summaryBody);
    assert.deepEqual(
      kit.of('abort_work').map(({ job, reason }) => [job, reason]),
      [[1, 'round 1 is over']],
    );
    assert.deepEqual([kit.state.task, kit.state.phase, kit.state.phaseRound], [null, 'wait', 1]);
  });

  test('an older request does nothing, the same one nothing twice', () => {
    const kit = training();
    kit.hear('start_training', 1, { deadlineMs: 1000, base });
    kit.hear('start_training', 0, { deadlineMs: 1000, base });
    kit.hear('start_evaluation', 0, { deadlineMs: 1000, model: base });
    assert.deepEqual([kit.of('train').length, kit.of('abort_work').length, kit.state.task?.round], [1, 0, 1]);
    kit.hear('start_evaluation', 1, { deadlineMs: 1000, model: next });
    assert.deepEqual(
      kit.of('abort_work').map(({ reason }) => reason),
      ['round 1 is evaluated now'],
    );
    kit.hear('start_training', 2, { deadlineMs: 1000, base: next });
    assert.equal(kit.of('abort_work').length, 1, 'nothing ran any more');
    kit.hear('global_model', 2, { purpose: 'train' }, { hash: next });
    kit.hear('start_training', 3, { deadlineMs: 1000, base });
    assert.equal(kit.of('abort_work').at(-1)?.reason, 'round 3 trains now');
  });

  test('an evaluation answers, and answers again', () => {
    const kit = training();
    kit.hear('global_model', 1, { purpose: 'evaluate' }, { hash: next });
    kit.hear('start_evaluation', 1, { deadlineMs: 1000, model: next });
    assert.deepEqual(
      kit.of('evaluate').map(({ job, round, model }) => [job, round, model.hash]),
      [[2, 1, next]],
    );
    const measures = { loss: 1, accuracy: 0.5, examples: 3 };
    kit.feed({ kind: 'evaluated', job: 1, result: measures } as never);
    assert.equal(kit.sent('evaluation_result').length, 0, 'of a job that was given up');
    kit.feed({ kind: 'evaluated', job: 2, result: measures } as never);
    assert.deepEqual(
      kit.sent('evaluation_result').map(({ round, body }) => [round, body]),
      [[1, measures]],
    );
    assert.deepEqual([kit.state.phase, kit.state.phaseRound, kit.state.task], ['wait', 1, null]);
    kit.hear('start_evaluation', 1, { deadlineMs: 1000, model: next });
    assert.equal(kit.sent('evaluation_result').length, 2);
    kit.hear('start_evaluation', 1, { deadlineMs: 1000, model: base });
    assert.equal(kit.of('evaluate').length, 2, 'another model is another question');
  });
});

describe('what a participant says of trouble', () => {
  test('work that fails, without paths to the coordinator', () => {
    const kit = training();
    kit.feed({ kind: 'work_failed', job: 9, code: 'training_failed', reason: 'x' } as never);
    assert.equal(kit.sent('error').length, 0);
    kit.feed({ kind: 'work_failed', job: 1, code: 'data_missing', reason: 'no /home/me/data' } as never);
    assert.deepEqual(
      kit.sent('error').map(({ round, body }) => [round, body]),
      [[1, { code: 'data_missing', reason: 'training of round 1 failed: its data cannot be read any more' }]],
    );
    assert.equal(kit.events('notice')[0]?.text, 'training of round 1 failed: no /home/me/data');
    assert.deepEqual([kit.state.task, kit.state.phase], [null, 'wait']);
    const evaluating = training();
    evaluating.hear('start_evaluation', 1, { deadlineMs: 1, model: base });
    evaluating.feed({ kind: 'work_failed', job: 2, code: 'training_failed', reason: 'r'.repeat(600) } as never);
    const [error] = evaluating.sent('error');
    assert.match(error?.body.reason ?? '', /^evaluation of round 1 failed: r+$/);
    assert.equal(error?.body.reason.length, 500);
    for (const code of ['data_invalid', 'data_too_large', 'classes_unknown'] as const) {
      const one = training();
      one.feed({ kind: 'work_failed', job: 1, code, reason: 'secret' } as never);
      assert.doesNotMatch(one.sent('error')[0]?.body.reason ?? 'secret', /secret/, code);
    }
  });
  test('a model that cannot be used, with the message that it answers', () => {
    const kit = training();
    kit.hear(
      'global_model',
      2,
      { purpose: 'train' },
      { hash: next, finding: { ok: false, code: 'payload_malformed', reason: 'z'.repeat(600) } },
    );
    const [error] = kit.sent('error');
    assert.deepEqual(
      [error?.round, error?.replyTo, error?.body.code, error?.body.reason.length],
      [2, 'm', 'payload_malformed', 500],
    );
    assert.match(error?.body.reason ?? '', /^the global model of round 2 is unusable: z/);
    assert.equal(kit.events('notice')[0]?.error?.code, 'payload_malformed');
    assert.equal(kit.state.models.length, 1);
  });
  test('refusals that end it, and those that do not', () => {
    const after = (code: string): ParticipantKit => {
      const kit = training();
      kit.hear('error', 1, { code: code as never, reason: 'no' });
      return kit;
    };
    for (const code of [
      'participant_name_taken',
      'participant_limit',
      'key_mismatch',
      'data_invalid',
      'run_over',
      'run_mismatch',
      'link_rejected',
      'version_unsupported',
    ]) {
      const [end] = after(code).of('end');
      assert.deepEqual(
        [end?.outcome.status, end?.outcome.reason, end?.outcome.error?.code, end?.outcome.error?.context],
        ['failed', 'no', code, { participant: 'node-1' }],
        code,
      );
    }
    const kit = after('internal');
    assert.deepEqual(
      [kit.of('end').length, kit.events('notice')[0]?.text, kit.state.registered],
      [0, 'the coordinator says: no', true],
    );
    assert.equal(kit.sent('register').length, 1);
  });
  test('the end, however it comes', () => {
    const ended = (act: (kit: ParticipantKit) => void): unknown => {
      const kit = training();
      act(kit);
      const [end] = kit.of('end');
      assert.deepEqual(
        kit.of('abort_work').map(({ job, reason }) => [job, reason]),
        [[1, end?.outcome.reason]],
      );
      assert.deepEqual([kit.state.phase, kit.state.phaseRound, kit.state.task], ['idle', 1, null]);
      kit.effects = [];
      kit.hear('start_training', 2, { deadlineMs: 1, base });
      assert.deepEqual(kit.effects, [], 'nothing follows');
      return end?.outcome;
    };
    const nothing = { roundsCompleted: 0, loss: null, accuracy: null };
    assert.deepEqual(
      ended((kit) => kit.feed({ kind: 'stop', reason: 'by hand' } as never)),
      { status: 'interrupted', reason: 'by hand', ...nothing },
    );
    assert.deepEqual(
      ended((kit) => kit.feed({ kind: 'link_closed', reason: 'cut' } as never)),
      { status: 'failed', reason: 'the link to the coordinator is closed: cut', ...nothing },
    );
    assert.deepEqual(
      ended((kit) => kit.feed({ kind: 'link_closed', reason: 'cut', status: 'unreachable' } as never)),
      { status: 'unreachable', reason: 'cut', ...nothing },
    );
    assert.deepEqual(
      ended((kit) => kit.hear('goodbye', 1, { code: 'left', reason: '' } as never)),
      { status: 'interrupted', reason: 'the coordinator left: left', ...nothing },
    );
    assert.deepEqual(
      ended((kit) => kit.hear('goodbye', 1, { code: 'left', reason: 'shut down' } as never)),
      { status: 'interrupted', reason: 'the coordinator left: shut down', ...nothing },
    );
    const reached = { roundsCompleted: 2, loss: 0.5, accuracy: 0.9 };
    assert.deepEqual(
      ended((kit) => kit.hear('training_complete', 1, { status: 'completed', reason: 'done', ...reached })),
      { status: 'completed', reason: 'done', ...reached },
    );
  });
  test('no plan, or one that cannot be read, matters only before there is one', () => {
    const kit = training();
    kit.feed({ kind: 'no_plan', waitedMs: 30_000 });
    kit.feed({ kind: 'unreadable_plan', code: 'header_invalid', reason: 'x' } as never);
    assert.equal(kit.of('end').length, 0);
    const none = new ParticipantKit();
    none.feed({ kind: 'no_plan', waitedMs: 29_600 });
    assert.match(none.of('end')[0]?.outcome.reason ?? '', /for 30 s; it hangs, or/);
  });
  test('another model in the plan of a coordinator that is back is another run', () => {
    const kit = training();
    kit.hear('run_plan', 1, { ...plan, round: 9, registered: 3 });
    assert.deepEqual([kit.of('end').length, kit.state.plan?.round], [0, 9]);
    kit.hear('run_plan', 1, { ...plan, model: { ...plan.model, numClasses: 3 } });
    assert.equal(kit.of('end')[0]?.outcome.error?.code, 'run_mismatch');
  });
});

test('an incoming model shows as receiving, unless something runs or is sent', () => {
  const kit = new ParticipantKit().planned();
  const transfer = {
    kind: 'transfer',
    round: 1,
    of: 'global_model',
    direction: 'down',
    sentBytes: 1,
    totalBytes: 2,
  } as const;
  kit.feed({ ...transfer, direction: 'up' } as never);
  kit.feed({ ...transfer, of: 'other' } as never);
  assert.equal(kit.state.phase, 'wait');
  kit.feed(transfer as never);
  assert.deepEqual([kit.state.phase, kit.state.phaseRound], ['receive', 1]);
  const busy = training();
  busy.feed({ ...transfer, round: 2 } as never);
  assert.equal(busy.state.phase, 'train');
  const sending = trained();
  sending.feed({ ...transfer, round: 2 } as never);
  assert.equal(sending.state.phase, 'send');
});

test('a pause holds work, keeps tasks, and is said again to another life of the coordinator', () => {
  const kit = training();
  const pause = (on: boolean, reason = 'lunch'): void => kit.feed({ kind: 'pause', on, reason });
  pause(false);
  assert.equal(kit.events('participant_paused').length, 0, 'it did not pause');
  pause(true, 'p'.repeat(600));
  pause(true);
  assert.deepEqual(
    kit.of('hold_work').map(({ on }) => on),
    [true],
  );
  assert.equal(kit.events('participant_paused').length, 1);
  assert.deepEqual(
    kit.sent('pause').map(({ round, body }) => [round, body.reason.length]),
    [[1, 500]],
  );
  assert.deepEqual([kit.state.phase, kit.state.phaseRound, kit.state.task?.job], ['idle', 1, 1]);
  kit.feed({ kind: 'link_reset' });
  assert.equal(kit.sent('pause').at(-1)?.body.reason, 'paused by its user');
  assert.equal(kit.state.phase, 'idle', 'its work is under way');
  pause(false);
  assert.deepEqual(
    [kit.state.phase, kit.sent('resume').length, kit.of('train').length],
    ['train', 1, 1],
    'the same job goes on',
  );
  pause(true);
  kit.hear('start_training', 2, { deadlineMs: 1000, base });
  assert.deepEqual([kit.of('train').length, kit.state.phase, kit.state.phaseRound], [1, 'idle', 2]);
  pause(false);
  assert.deepEqual([kit.of('train').length, kit.state.phase], [2, 'train'], 'what was asked meanwhile begins');
  const idle = new ParticipantKit();
  idle.feed({ kind: 'pause', on: true, reason: '' });
  assert.equal(idle.sent('pause').length, 0, 'nobody knows it yet');
  idle.planned();
  assert.equal(idle.sent('pause').length, 1);
  idle.feed({ kind: 'pause', on: false, reason: '' });
  assert.equal(idle.state.phase, 'wait');
});

test('an update of a former process is told when it is sent or checked here, once', () => {
  const kept = { round: 1, hash: hashOf('kept'), sizeBytes: 7, body: { ...result, base } };
  const kit = new ParticipantKit(kept).planned();
  assert.equal(kit.events('training_done').length, 0);
  kit.hear('start_training', 1, { deadlineMs: 1000, base: next });
  assert.equal(kit.sent('model_update').length, 0, 'of another base');
  kit.hear('start_training', 1, { deadlineMs: 1000, base });
  assert.deepEqual([kit.events('training_done').length, kit.sent('model_update').length], [1, 1]);
  kit.hear('start_training', 1, { deadlineMs: 1000 });
  assert.deepEqual([kit.events('training_done').length, kit.sent('model_update').length], [1, 2]);
  const checked = new ParticipantKit(kept);
  checked.feed({ kind: 'prepared', loaded: toyLoaded(plan.classes, plan.model.inputShape) });
  checked.hear('update_ack', 1, { accepted: true, contribution: hashOf('kept') });
  assert.deepEqual(
    [checked.events('training_done').length, checked.events('update_acknowledged')[0]?.sizeBytes],
    [1, 7],
  );
});
