import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EventData } from '#shared/contract/events.ts';
import { asParticipantId } from '#shared/contract/ids.ts';
import { toyLoaded } from '#test/simulation/toy-model.ts';
import { base, config, plan, ParticipantKit } from '#test/support/kits/participant-kit.ts';
import { endByFault } from './entry.ts';

describe('how a participant comes in', () => {
  test('a coordinator that knows it no longer is told again who it is, but not in a loop', () => {
    const kit = new ParticipantKit().planned();
    for (const nowMs of [10, 1_500, 1_600, 3_000]) {
      kit.nowMs = nowMs;
      kit.hear('error', 0, { code: 'not_registered', reason: 'who are you' });
    }
    assert.equal(kit.sent('register').length, 3);
  });

  test('the plan comes first, then the data is fitted to it, and only then does it say who it is', () => {
    const kit = new ParticipantKit();
    assert.deepEqual([kit.sent('register').length, kit.of('prepare').length], [0, 0]);
    kit.hear('run_plan', 2, { ...plan, round: 2 });
    assert.deepEqual([kit.sent('register').length, kit.of('prepare').length], [0, 1]);
    kit.feed({ kind: 'prepared', loaded: toyLoaded(plan.classes, [1, 1, 3]) });
    assert.deepEqual(
      kit.sent('register').map(({ round, body }) => [round, body.data.classes]),
      [[2, ['a', 'b']]],
    );
    assert.equal(kit.events('data_loaded')[0]?.participant, 'node-1');
  });

  test('after a restart of the coordinator it registers again and loads nothing again', () => {
    const kit = new ParticipantKit().planned();
    kit.feed({ kind: 'link_reset' });
    assert.equal(kit.sent('register').length, 2);
    kit.hear('run_plan', 1, { ...plan, round: 1, phase: 'training', registered: 1 });
    assert.deepEqual([kit.sent('register').length, kit.of('prepare').length], [2, 1], 'once, whichever comes first');
  });

  test('a coordinator that was restarted while data was loading is told when it is loaded', () => {
    const kit = new ParticipantKit();
    kit.hear('run_plan', 0, plan);
    kit.feed({ kind: 'link_reset' });
    kit.hear('run_plan', 0, plan);
    assert.equal(kit.sent('register').length, 0);
    kit.feed({ kind: 'prepared', loaded: toyLoaded(plan.classes, [1, 1, 3]) });
    assert.deepEqual([kit.sent('register').length, kit.of('prepare').length], [1, 1]);
  });

  test('a plan that is told twice while data is loading loads it once, and nobody is told who it is before', () => {
    const kit = new ParticipantKit();
    kit.hear('run_plan', 0, plan);
    kit.hear('run_plan', 1, { ...plan, round: 1 });
    assert.deepEqual([kit.sent('register'), kit.of('prepare').length], [[], 1]);
    kit.feed({ kind: 'prepared', loaded: toyLoaded(plan.classes, [1, 1, 3]) });
    assert.deepEqual(
      kit.sent('register').map(({ round }) => round),
      [1],
      'in the round of the plan that was told last',
    );
  });

  test('says who it is with its own name, key and trainer, and waits then', () => {
    const kit = new ParticipantKit().planned();
    const { data } = kit.state;
    assert.deepEqual(
      kit.sent('register').map(({ round, body }) => [round, body]),
      [[0, { name: 'node-1', key: 'key', data, trainer: 'kit' }]],
    );
    assert.equal(kit.phases.at(-1), 'wait 0');
  });

  test('a coordinator that begins again does not know it: until it is welcomed it is not registered', () => {
    const kit = new ParticipantKit();
    kit.feed({ kind: 'link_reset' });
    assert.deepEqual([kit.sent('register'), kit.state.registered], [[], false]);
    kit.planned();
    kit.hear('welcome', 0, {
      participant: asParticipantId('node-1'),
      runName: 'kit',
      rounds: 3,
      round: 0,
      phase: 'registering',
      minimumParticipants: 1,
      note: 'welcome',
    });
    assert.equal(kit.state.registered, true);
    kit.feed({ kind: 'link_reset' });
    assert.deepEqual([kit.sent('register').length, kit.state.registered], [2, false]);
  });

  test('work that is under way goes on when it introduces itself again', () => {
    const kit = new ParticipantKit().configured();
    kit.train(1);
    kit.model(1, base);
    const before = kit.phases;
    kit.feed({ kind: 'link_reset' });
    assert.deepEqual(kit.phases, before);
    assert.equal(kit.sent('register').length, 2);
    const idle = new ParticipantKit().configured();
    idle.train(1);
    idle.feed({ kind: 'link_reset' });
    assert.deepEqual(idle.phases.slice(-2), ['receive 1', 'wait 0'], 'a task that has not begun is asked for again');
  });

  test('asked who it is before its data is fitted, it has nothing to say', () => {
    const kit = new ParticipantKit();
    kit.hear('run_plan', 0, plan);
    kit.nowMs = 5_000;
    kit.hear('error', 0, { code: 'not_registered', reason: 'who are you' });
    assert.deepEqual([kit.sent('register'), kit.of('end')], [[], []]);
  });

  test('another model than before is another run; other words of the same run are not', () => {
    const kit = new ParticipantKit().planned();
    kit.hear('run_plan', 2, { ...plan, round: 2, registered: 5, software: '2' });
    assert.deepEqual(kit.of('end'), []);
    kit.hear('run_plan', 2, { ...plan, model: { ...plan.model, inputShape: [1, 3, 1] } });
    assert.equal(kit.of('end')[0]?.outcome.error?.code, 'run_mismatch');
  });

  test('once there is a plan, neither patience for it nor one that cannot be read ends anything', () => {
    const kit = new ParticipantKit().planned();
    kit.feed({ kind: 'no_plan', waitedMs: 30_000 });
    kit.feed({ kind: 'unreadable_plan', code: 'header_invalid', reason: 'late' });
    assert.deepEqual(kit.of('end'), []);
  });

  test('a step that could not be done ends it, with the fault, and once', () => {
    const kit = new ParticipantKit().configured();
    const now = { monotonicMs: 1, wallMs: 1 };
    const fault = new Error('x'.repeat(501));
    const { state, effects, wakeAtMs } = endByFault(kit.state, fault, now);
    assert.deepEqual([state.outcome?.status, wakeAtMs], ['failed', Infinity]);
    assert.equal(state.outcome?.error?.message.length, 500);
    const [notice] = effects.flatMap((effect) =>
      effect.kind === 'report' && effect.type === 'notice' ? [effect.data as EventData<'notice'>] : [],
    );
    assert.deepEqual(
      [notice?.level, notice?.text, notice?.participant, notice?.error],
      ['error', state.outcome?.error?.message, 'node-1', state.outcome?.error],
    );
    assert.equal(effects.filter(({ kind }) => kind === 'end').length, 1);
    const again = endByFault(state, fault, now);
    assert.deepEqual([again.state.outcome, again.effects.map(({ kind }) => kind)], [state.outcome, ['report']]);
  });

  test('what it ends with is a report of this layer that trying again does not help', () => {
    const kit = new ParticipantKit();
    kit.feed({ kind: 'no_plan', waitedMs: 1_499 });
    const error = kit.of('end')[0]?.outcome.error;
    assert.ok(error !== undefined);
    const { message, ...rest } = error;
    assert.match(message, / for 1 s; it hangs/);
    assert.deepEqual(rest, {
      code: 'timeout',
      layer: 'round',
      retryable: false,
      context: { participant: 'node-1' },
      causes: [],
    });
  });

  const refusals: Record<
    string,
    { readonly act: (kit: ParticipantKit) => void; readonly code: string; readonly says: RegExp }
  > = {
    'data that does not fit': {
      act: (kit) => {
        kit.hear('run_plan', 0, plan);
        const error = { code: 'classes_unknown', layer: 'data', message: 'no "Happy" here' } as const;
        kit.feed({ kind: 'misfit', error: { ...error, retryable: false, context: {}, causes: [] } });
      },
      code: 'classes_unknown',
      says: /no "Happy" here/,
    },
    'a plan that nobody here approved': {
      act: (kit) => {
        kit.hear('run_plan', 0, plan);
        const error = {
          code: 'plan_refused',
          layer: 'round',
          message: 'the plan was not approved: not /home/lab',
        } as const;
        kit.feed({ kind: 'misfit', error: { ...error, retryable: false, context: {}, causes: [] } });
        assert.deepEqual(
          kit.sent('error').map(({ body }) => body),
          [{ code: 'plan_refused', reason: 'the plan was not approved: not (a path)' }],
          'its coordinator is answered, and learns no path',
        );
      },
      code: 'plan_refused',
      says: /the plan was not approved/,
    },
    'the same run with other work': {
      act: (kit) => kit.planned().hear('run_plan', 0, { ...plan, localEpochs: plan.localEpochs + 1 }),
      code: 'run_mismatch',
      says: /another plan than the one that was approved/,
    },
    'no plan in good time': {
      act: (kit) => kit.feed({ kind: 'no_plan', waitedMs: 30_000 }),
      code: 'timeout',
      says: /has not told what its run is about for 30 s/,
    },
    'a plan that cannot be read': {
      act: (kit) =>
        kit.feed({ kind: 'unreadable_plan', code: 'header_invalid', reason: 'body of run_plan is not valid at model' }),
      code: 'header_invalid',
      says: /plan of the run cannot be used: body of run_plan is not valid at model/,
    },
    'another plan than before': {
      act: (kit) => kit.planned().hear('run_plan', 0, { ...plan, classes: ['b', 'a'] }),
      code: 'run_mismatch',
      says: /another plan than the one that was approved/,
    },
    'a name that is taken': {
      act: (kit) => kit.planned().hear('error', 0, { code: 'participant_name_taken', reason: 'node-1 is taken' }),
      code: 'participant_name_taken',
      says: /is taken/,
    },
  };
  for (const [what, { act, code, says }] of Object.entries(refusals)) {
    test(`${what}: it ends, with a code`, () => {
      const kit = new ParticipantKit();
      act(kit);
      const [end] = kit.of('end');
      assert.deepEqual([end?.outcome.status, end?.outcome.error?.code], ['failed', code]);
      assert.match(end?.outcome.reason ?? '', says);
    });
  }
});

describe('a coordinator that asks for work without end', () => {
  const lots = { examples: 60_000 };
  const endOf = (kit: ParticipantKit): unknown => {
    const { code, message } = kit.of('end')[0]?.outcome.error ?? {};
    return [code, message];
  };

  test('in its plan: nothing is registered and nothing trained, and its user hears what was asked', () => {
    const kit = new ParticipantKit();
    kit.hear('run_plan', 0, { ...plan, localEpochs: 1000 });
    kit.feed({ kind: 'prepared', loaded: toyLoaded(plan.classes, [1, 1, 3], lots) });
    assert.deepEqual(endOf(kit), [
      'data_too_large',
      'This run asks for 1,000 passes over your 60,000 examples in each round, 60,000,000 examples in all, and at most 20,000,000 ' +
        'are trained on for a coordinator. Ask whoever coordinates it for fewer local epochs, or join with less data.',
    ]);
    assert.equal(kit.sent('register').length, 0);
  });

  test('only once it comes back after a restart', () => {
    const kit = new ParticipantKit();
    kit.hear('run_plan', 0, { ...plan, localEpochs: 300 });
    kit.feed({ kind: 'prepared', loaded: toyLoaded(plan.classes, [1, 1, 3], lots) });
    assert.equal(kit.sent('register').length, 1, '18 million are fine');
    kit.hear('run_plan', 0, { ...plan, localEpochs: 400 });
    assert.match(String(endOf(kit)), /^run_mismatch,.*another plan than the one that was approved/);
  });

  test('beside its plan: what is trained is what people saw before they joined', () => {
    for (const [asked, words] of [
      [{ localEpochs: 2 }, 'the coordinator asks for localEpochs 2, and its plan says 1'],
      [{ batchSize: 1 }, 'the coordinator asks for batchSize 1, and its plan says 8'],
      [{ model: { ...config.model, numClasses: 3 } }, 'the coordinator asks for model {'],
    ] as const) {
      const kit = new ParticipantKit().planned();
      kit.hear('training_config', 0, { ...config, ...asked });
      const [code, message] = endOf(kit) as [string, string];
      assert.deepEqual([code, message.slice(0, words.length)], ['run_mismatch', words]);
      assert.equal(kit.state.training, null);
    }
  });
});
