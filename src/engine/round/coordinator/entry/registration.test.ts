import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  CoordinatorKit,
  finishRound,
  hashOf,
  initialModel,
  started,
  three,
} from '#test/support/kits/coordinator-kit.ts';

describe('registration', () => {
  test('welcome and configuration answer it, and round 1 starts with the last that is needed', () => {
    const kit = new CoordinatorKit();
    kit.join('node-1');
    kit.join('node-2');
    assert.equal(kit.state.phase, 'registering');
    assert.equal(kit.sent('start_training').length, 0);
    kit.join('node-3');
    assert.deepEqual(kit.events('round_started'), [{ round: 1, selected: three, modelHash: initialModel }]);
    for (const name of three) {
      assert.equal(kit.sent('welcome', name).length, 1);
      assert.equal(kit.sent('training_config', name)[0]?.body.localEpochs, 2);
      assert.deepEqual(
        kit.sent('global_model', name).map(({ body, model }) => [body.purpose, model]),
        [['train', initialModel]],
      );
      assert.deepEqual(kit.sent('start_training', name)[0]?.body, { deadlineMs: 20_000, base: initialModel });
    }
  });

  test('too few by the deadline: stalled, with the names of those who came', () => {
    const kit = new CoordinatorKit();
    kit.join('node-2');
    kit.pass(30_000);
    assert.deepEqual(
      [kit.state.outcome?.status, kit.state.outcome?.reason],
      ['stalled', '1 of 3 participants registered within 30 s: node-2'],
    );
  });

  test('a message before registration is answered with not_registered, heartbeats are not', () => {
    const kit = new CoordinatorKit();
    kit.open('node-1');
    kit.say('node-1', 'heartbeat', { progress: 1 });
    kit.update('node-1');
    assert.deepEqual(
      kit.sent('error', 'node-1').map(({ body }) => body.code),
      ['not_registered'],
    );
    assert.equal(kit.events('update_received').length, 0);
  });

  test('who introduces itself over and over is heard once a second: the rest costs no record on disk', () => {
    const kit = new CoordinatorKit();
    kit.open('node-1');
    for (let i = 0; i < 100; i++) kit.register('node-1');
    assert.equal(kit.sent('welcome', 'node-1').length, 1);
    assert.equal(kit.events('participant_joined').length, 1);
    const errors = kit.sent('error', 'node-1').map(({ body }) => body);
    assert.equal(errors.length, 99);
    assert.deepEqual([...new Set(errors.map(({ code }) => code))], ['rate_exceeded']);
    assert.match(errors[0]?.reason ?? '', /registered twice within 1 s; the first one counts/);
    kit.pass(1_000);
    kit.register('node-1');
    assert.equal(kit.sent('welcome', 'node-1').length, 2);
  });

  test('who does not approve the plan is shown with its reason, once, and waited for by nobody', () => {
    const kit = new CoordinatorKit({ minimumParticipants: 2 });
    kit.join('node-1');
    kit.open('node-2', 'key-node-2');
    const reason = 'the plan was not approved: it asks for 5 epochs';
    kit.say('node-2', 'error', { code: 'plan_refused', reason });
    assert.deepEqual(
      kit.events('participant_refused').map(({ name, reason: why, declined }) => [name, why, declined]),
      [['node-2', reason, true]],
    );
    assert.equal(kit.effect('close_link').length, 1);
    assert.equal(kit.events('participant_joined').length, 1);
  });

  test('a message in the name of another is refused', () => {
    const kit = started().clear();
    kit.say('node-1', 'evaluation_result', { loss: 0, accuracy: 1, examples: 9 }, { sender: 'node-2' });
    assert.deepEqual(
      kit.sent('error', 'node-1').map(({ body }) => body.code),
      ['sender_mismatch'],
    );
  });

  test('a key that is not the one its link proved is refused, and the run goes on', () => {
    const kit = new CoordinatorKit({ minimumParticipants: 2 });
    kit.join('node-1');
    kit.open('node-2', 'key-of-mallory');
    kit.register('node-2', { key: 'key-node-2' });
    const [refusal] = kit.sent('error', 'node-2');
    assert.equal(refusal?.body.code, 'key_mismatch');
    assert.match(refusal.body.reason, /registers with key key-node-2…, but its link proved key-of-mallo…/);
    assert.deepEqual(
      kit.effect('close_link').map(({ link, code }) => [link, code]),
      [[kit.link('node-2'), 'key_mismatch']],
    );
    assert.deepEqual(
      kit.events('participant_refused').map(({ name, key }) => [name, key]),
      [['node-2', 'key-node-2']],
    );
    kit.feed({ kind: 'link_closed', link: kit.link('node-2'), reason: 'turned away', clean: false });
    kit.join('node-3');
    assert.deepEqual(kit.sent('error', 'node-1'), []);
    assert.equal(kit.sent('start_training', 'node-1').length, 1);
  });

  test('one more than the limit is refused and let go', () => {
    const kit = new CoordinatorKit({ minimumParticipants: 9 }, 2);
    for (const name of three) kit.join(name);
    assert.deepEqual(
      kit.sent('error', 'node-3').map(({ body }) => body.code),
      ['participant_limit'],
    );
    assert.deepEqual(
      kit.effect('close_link').map(({ link, code }) => [link, code]),
      [[kit.link('node-3'), 'participant_limit']],
    );
    assert.equal(kit.events('participant_refused')[0]?.name, 'node-3');
  });

  const misfits: Record<string, { readonly data: { shape?: number[]; classes?: string[] }; readonly says: RegExp }> = {
    'another shape': { data: { shape: [1, 8, 8] }, says: /uses 3 × 1 grey images, but kit has 8 × 8 grey ones/ },
    'other names': { data: { classes: ['x', 'y'] }, says: /classes are a, b, but kit was registered with x, y/ },
    'another order': { data: { classes: ['b', 'a'] }, says: /registered with b, a/ },
    'fewer classes': { data: { classes: ['b'] }, says: /registered with b;/ },
  };
  for (const [what, { data, says }] of Object.entries(misfits)) {
    test(`${what}: data that is not fitted to the run is refused at the door`, () => {
      const kit = new CoordinatorKit();
      kit.open('node-1');
      kit.register('node-1', data);
      const [refusal] = kit.sent('error', 'node-1');
      assert.equal(refusal?.body.code, 'data_invalid');
      assert.match(refusal?.body.reason ?? '', says);
      assert.deepEqual(
        kit.effect('close_link').map(({ code }) => code),
        ['data_invalid'],
      );
      assert.equal(kit.state.participants.size, 0);
      for (const name of three) kit.join(name);
      assert.equal(kit.events('round_started').length, 1);
    });
  }

  test('the plan is the first word on a link, and says where the run stands', () => {
    const kit = new CoordinatorKit();
    kit.open('node-1');
    const [first] = kit.effect('send');
    assert.equal(first?.message.kind, 'run_plan');
    const [told] = kit.sent('run_plan', 'node-1');
    assert.deepEqual(
      [told?.body.classes, told?.body.parameters, told?.body.registered, told?.body.phase],
      [['a', 'b'], 8, 0, 'registering'],
    );
    for (const name of three) kit.join(name);
    kit.open('late');
    const later = kit.sent('run_plan', 'late')[0]?.body;
    assert.deepEqual([later?.registered, later?.round, later?.phase], [3, 1, 'distributing']);
    assert.deepEqual(kit.events('run_started')[0]?.classes, ['a', 'b']);
  });

  test('a name is told to be taken to another key, whether its owner is here or away', () => {
    const kit = started();
    const taken = (peerKey?: string): boolean | undefined => {
      kit.clear().open('node-1', peerKey);
      return kit.sent('run_plan', 'node-1')[0]?.body.nameTaken;
    };
    assert.deepEqual([taken('key-other'), taken()], [true, false]);
    const away = started();
    away.down('node-1');
    away.pass(11_000);
    away.clear().open('node-1', 'key-other');
    assert.equal(away.sent('run_plan', 'node-1')[0]?.body.nameTaken, true);
    kit.open('node-9');
    assert.equal(kit.sent('run_plan', 'node-9')[0]?.body.nameTaken, false);
  });

  test('of a key it is told that its link was signed with it', () => {
    const kit = new CoordinatorKit();
    kit.open('node-1');
    kit.register('node-1');
    assert.deepEqual(
      kit.events('participant_joined').map(({ key, keyProved }) => [key, keyProved]),
      [['key-node-1', true]],
    );
  });

  test('a name is refused to another key, whether its owner is here or away, until it has left', () => {
    const codes = (kit: CoordinatorKit): readonly string[] => kit.sent('error', 'node-1').map(({ body }) => body.code);
    const kit = started().clear();
    const owner = kit.link('node-1');
    kit.join('node-1', { key: 'another' });
    assert.deepEqual(codes(kit), ['participant_name_taken']);
    assert.equal(kit.state.participants.get('node-1' as never)?.link, owner);

    const away = started();
    away.down('node-1');
    away.pass(11_000);
    away.clear().join('node-1', { key: 'another' });
    assert.deepEqual(codes(away), ['participant_name_taken']);

    const left = started();
    left.feed({ kind: 'link_closed', link: left.link('node-1'), reason: 'has to go', clean: true });
    left.clear().join('node-1', { key: 'another' });
    assert.deepEqual(codes(left), []);
    assert.equal(left.events('participant_joined')[0]?.fromRound, 2);
  });

  test('a late joiner is welcomed at once and takes part from the next round, with its model', () => {
    const kit = started().clear();
    kit.join('late');
    assert.match(kit.sent('welcome', 'late')[0]?.body.note ?? '', /from round 2/);
    assert.equal(kit.sent('start_training', 'late').length, 0);
    finishRound(kit);
    assert.deepEqual(kit.state.round, 2);
    assert.deepEqual(kit.events('round_started')[0]?.selected, ['late', ...three]);
    assert.deepEqual(
      kit.sent('global_model', 'late').map(({ round, model }) => [round, model]),
      [[2, hashOf('model 1')]],
    );
    assert.equal(kit.sent('start_training', 'late').length, 1);
  });

  test('a process that was restarted is asked again for what it owes, with the model that it lost', () => {
    const kit = started();
    kit.update('node-1');
    kit.clear().join('node-2');
    assert.deepEqual(
      kit.effect('close_link').map(({ code }) => code),
      ['replaced'],
    );
    assert.equal(kit.sent('global_model', 'node-2').length, 1);
    assert.equal(kit.sent('start_training', 'node-2').length, 1);
    kit.clear().join('node-1');
    assert.equal(kit.sent('start_training', 'node-1').length, 0, 'its update is counted already');
  });

  test('a link that is superseded by a new one of the same name does not end the run', () => {
    const kit = new CoordinatorKit({ minimumParticipants: 1 });
    kit.join('node-1');
    const old = kit.link('node-1');
    kit.open('node-1');
    kit.feed({ kind: 'link_closed', link: old, reason: 'superseded', clean: false });
    assert.equal(kit.state.outcome, null);
    assert.equal(kit.events('participant_left').length, 0);
    kit.register('node-1');
    assert.equal(kit.sent('start_training', 'node-1').length, 1);
  });
});
