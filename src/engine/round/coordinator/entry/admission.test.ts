import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AdmissionPolicy } from '#shared/contract/run/admission.ts';
import { asParticipantId } from '#shared/contract/ids.ts';
import { keyWords } from '#shared/base/text/key-words.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import { CoordinatorKit, hashOf, initialModel, kitSettings } from '#test/support/kits/coordinator-kit.ts';
import { emptyRun, journalRecordSchema, applyRecord, type JournaledRun } from '../run-journal.ts';

const ask: AdmissionPolicy = { rule: 'ask', entries: [] };
const anna = asParticipantId('anna');
const ben = asParticipantId('ben');

function kitWith(admission: AdmissionPolicy, settings = {}): CoordinatorKit {
  return new CoordinatorKit({ minimumParticipants: 2, ...settings }, 100, { admission });
}

/** What a coordinator that is started again finds on its disk. */
function journaledRunOf({ journaled }: CoordinatorKit): JournaledRun {
  return journaled.map((record) => journalRecordSchema.parse(record)).reduce(applyRecord, emptyRun(initialModel));
}

function states(kit: CoordinatorKit): readonly string[] {
  return kit.events('admission').map(({ participant, state }) => `${participant} ${state}`);
}

describe('who asks to be let in', () => {
  test('waits, is told so, and is in no round until somebody has decided', () => {
    const kit = kitWith(ask);
    kit.join('anna');
    assert.deepEqual(states(kit), ['anna waiting']);
    assert.equal(kit.sent('admission', 'anna')[0]?.body.state, 'waiting');
    assert.deepEqual([kit.sent('welcome').length, kit.events('participant_joined').length], [0, 0]);
    kit.pass(500);
    assert.match(kit.events('round_status').at(-1)?.nextAction ?? '', /0 so far; 1 waits to be let in/);
    kit.clear().feed({ kind: 'admit', participant: anna });
    assert.deepEqual([states(kit), kit.sent('welcome', 'anna').length], [['anna admitted'], 1]);
    assert.equal(kit.events('participant_joined')[0]?.participant, 'anna');
    assert.equal(kit.state.asking.size, 0);
  });

  test('may be let in twice at once, from two windows: once is enough, and nothing is wrong', () => {
    const kit = kitWith(ask);
    kit.join('anna');
    for (let times = 0; times < 2; times++) kit.feed({ kind: 'admit', participant: anna, key: 'key-anna' });
    kit.feed({ kind: 'admit', participant: anna });
    assert.deepEqual([states(kit), kit.sent('welcome', 'anna').length], [['anna waiting', 'anna admitted'], 1]);
    assert.deepEqual(kit.events('notice'), []);
    kit.feed({ kind: 'admit', participant: anna, key: 'key-other' });
    assert.match(kit.events('notice')[0]?.text ?? '', /Nobody of the name anna waits/);
  });

  test('is asked about once: a new process and a restarted coordinator remember the answer', () => {
    const kit = kitWith(ask);
    kit.join('anna');
    kit.feed({ kind: 'admit', participant: anna });
    kit.clear().join('anna');
    assert.deepEqual([states(kit), kit.sent('welcome', 'anna').length], [[], 1]);
    const restored = { memory: journaledRunOf(kit), updates: new Map() };
    const again = new CoordinatorKit({ minimumParticipants: 2 }, 100, { admission: ask, restored });
    again.join('anna');
    again.join('ben');
    assert.deepEqual([states(again), again.sent('welcome').length], [['ben waiting'], 1]);
  });

  test('is refused in words, and its key not heard again until that is taken back', () => {
    const kit = kitWith(ask);
    kit.join('anna');
    kit.clear().feed({ kind: 'refuse', participant: anna });
    assert.deepEqual(states(kit), ['anna refused']);
    const [error] = kit.sent('error', 'anna');
    assert.equal(error?.body.code, 'admission_refused');
    assert.match(error.body.reason, /has not let anna in/);
    assert.equal(kit.effect('close_link')[0]?.code, 'admission_refused');
    assert.match(kit.events('participant_refused')[0]?.reason ?? '', /not let anna in/);
    kit.feed({ kind: 'link_closed', link: kit.link('anna'), reason: '', clean: false });
    kit.clear().join('anna');
    assert.deepEqual([states(kit), kit.sent('error', 'anna')[0]?.body.code], [[], 'admission_refused']);
    kit.feed({ kind: 'link_closed', link: kit.link('anna'), reason: '', clean: false });
    kit.feed({ kind: 'admit', participant: anna });
    kit.clear().join('anna');
    assert.equal(kit.sent('welcome', 'anna').length, 1);
    assert.deepEqual(journaledRunOf(kit).admission.refused, []);
  });

  test('goes without an answer, and an answer to a question of another key changes nothing', () => {
    const kit = kitWith(ask);
    kit.join('anna');
    kit.feed({ kind: 'link_closed', link: kit.link('anna'), reason: 'it left', clean: true });
    assert.deepEqual(states(kit), ['anna waiting', 'anna gone']);
    kit.join('anna', { key: 'key-other' });
    kit.clear().feed({ kind: 'admit', participant: anna, key: 'key-anna' });
    assert.deepEqual([kit.sent('welcome').length, kit.state.asking.size], [0, 1]);
    assert.match(kit.events('notice')[0]?.text ?? '', /Nobody of the name anna waits/);
    kit.feed({ kind: 'refuse', participant: ben });
    assert.equal(kit.state.asking.size, 1);
  });

  test('is one of a bounded number', () => {
    const kit = kitWith(ask);
    for (let n = 0; n <= limits.admissionWaitingMax; n++) kit.join(`node-${n}`);
    assert.equal(kit.state.asking.size, limits.admissionWaitingMax);
    assert.match(kit.sent('error')[0]?.body.reason ?? '', /64 others wait to be let in; try again later/);
  });

  test('is not asked about with an invitation of its own, on the list, or by a known key', () => {
    const key = 'ab'.repeat(32);
    const kit = kitWith({ rule: 'ask', entries: ['ben', keyWords(key)] });
    kit.open('anna', undefined, { terms: { generation: 0, name: anna } });
    kit.register('anna');
    kit.join('ben');
    kit.join('carl', { key });
    assert.deepEqual([states(kit), kit.sent('welcome').length], [[], 3]);
  });

  test('tells the end of the run to nobody as a participant', () => {
    const kit = kitWith(ask);
    kit.join('anna');
    kit.clear().feed({ kind: 'stop', reason: 'enough' });
    assert.equal(kit.sent('training_complete').length, 0);
  });
});

describe('a list', () => {
  test('lets in names and keys, and nobody else', () => {
    const key = 'cd'.repeat(32);
    const kit = kitWith({ rule: 'list', entries: ['anna', key.slice(0, 16)] });
    kit.join('anna');
    kit.join('carl', { key });
    kit.clear().join('mallory');
    assert.match(kit.sent('error', 'mallory')[0]?.body.reason ?? '', /takes those on the coordinator's list/);
    assert.deepEqual([...kit.state.participants.keys()], ['anna', 'carl']);
    const [plan] = kit.sent('run_plan', 'mallory');
    assert.equal(plan?.body.admits, 'list');
  });
});

test('one key has one name, in the run and under a second one', () => {
  const kit = kitWith({ rule: 'anyone', entries: [] });
  kit.join('anna');
  kit.clear().join('ben', { key: 'key-anna' });
  assert.equal(kit.sent('error', 'ben')[0]?.body.code, 'key_has_name');
  kit.say('anna', 'goodbye', { code: 'clean', reason: 'left' });
  kit.clear().join('ben', { key: 'key-anna' });
  assert.equal(kit.sent('welcome', 'ben').length, 1);
});

describe('who is sent away', () => {
  const names = ['anna', 'ben', 'carl'];
  const started = (): CoordinatorKit => {
    const kit = new CoordinatorKit({ minimumParticipants: 3 });
    for (const name of names) kit.join(name);
    return kit;
  };

  test('does not count in the round under way, is told, and the round goes on without', () => {
    const kit = started();
    kit.update('anna');
    kit.update('ben');
    kit.clear().feed({ kind: 'expel', participant: anna, reason: 'sends noise' });
    const told = kit.events('participant_expelled')[0];
    assert.deepEqual([told?.update, told?.round, told?.reason, told?.key], ['dropped', 1, 'sends noise', 'key-anna']);
    assert.match(
      kit.events('participant_left')[0]?.reason ?? '',
      /sent anna away for the rest of this run: sends noise/,
    );
    const [error] = kit.sent('error', 'anna');
    assert.equal(error?.body.code, 'expelled');
    assert.match(error.body.reason, /sends noise; its update of round 1 does not count any more/);
    assert.equal(kit.effect('close_link')[0]?.code, 'expelled');
    kit.clear().update('carl');
    const [average] = kit.effect('aggregate');
    assert.deepEqual(
      average?.contributions.map(({ participant }) => participant),
      ['ben', 'carl'],
    );
    kit.aggregated();
    for (const name of ['ben', 'carl']) kit.evaluate(name);
    assert.deepEqual(kit.state.round, 2);
    assert.deepEqual([...kit.state.members.keys()], ['ben', 'carl']);
  });

  test('is in an average that has begun, and checks no model any more', () => {
    const kit = started();
    for (const name of names) kit.update(name);
    kit.clear().feed({ kind: 'expel', participant: anna, reason: '' });
    assert.equal(kit.events('participant_expelled')[0]?.update, 'kept');
    assert.match(kit.sent('error', 'anna')[0]?.body.reason ?? '', /is in the model already and stays there/);
    kit.aggregated();
    assert.deepEqual(journaledRunOf(kit).members.find(({ id }) => id === 'anna')?.evaluates, 'no');
    kit.clear().evaluate('ben');
    kit.evaluate('carl');
    assert.deepEqual(kit.events('round_ended')[0]?.contributions, names);
  });

  test('stays out by name and by key, over a restart of the coordinator too', () => {
    const kit = started();
    kit.update('anna');
    kit.feed({ kind: 'expel', participant: anna, reason: 'noise' });
    kit.update('ben');
    const memory = journaledRunOf(kit);
    assert.deepEqual(
      memory.members.map(({ id, contribution }) => [id, contribution?.hash ?? null]),
      [
        ['anna', null],
        ['ben', hashOf('ben 1')],
        ['carl', null],
      ],
    );
    assert.deepEqual(
      memory.owners.map(({ id }) => id),
      ['ben', 'carl'],
    );
    const restored = { memory, updates: new Map([[hashOf('ben 1'), []]]) };
    for (const one of [kit, new CoordinatorKit({ minimumParticipants: 3 }, 8, { restored })]) {
      one.clear().join('anna');
      assert.equal(one.sent('error', 'anna')[0]?.body.code, 'expelled');
      one.clear().join('anna', { key: 'key-new' });
      assert.equal(one.sent('error', 'anna')[0]?.body.code, 'expelled');
      one.clear().join('anna-2', { key: 'key-anna' });
      assert.equal(one.sent('error', 'anna-2')[0]?.body.code, 'expelled');
    }
  });

  test('may be away, may wait, and may be nobody', () => {
    const kit = kitWith(ask, kitSettings);
    kit.join('anna');
    kit.clear().feed({ kind: 'expel', participant: anna, reason: '' });
    assert.deepEqual([kit.state.asking.size, kit.events('participant_expelled')[0]?.update], [0, 'none']);
    kit.clear().feed({ kind: 'expel', participant: ben, reason: '' });
    assert.match(kit.events('notice')[0]?.text ?? '', /Nobody of the name ben is here/);
    assert.equal(kit.events('participant_expelled').length, 0);
  });
});

test('a renewed invitation is remembered, told, and only ever newer', () => {
  const kit = new CoordinatorKit();
  kit.feed({ kind: 'renewed', generation: 1 });
  kit.feed({ kind: 'renewed', generation: 1 });
  assert.deepEqual(kit.events('invitation_renewed'), [{ generation: 1 }]);
  assert.equal(journaledRunOf(kit).admission.generation, 1);
  assert.equal(kit.effect('admission').at(-1)?.admission.generation, 1);
});

describe('a renewal', () => {
  test('closes the links of all who have not registered, and lets nobody register over an older invitation', () => {
    const kit = kitWith(ask);
    kit.join('anna');
    kit.feed({ kind: 'admit', participant: anna });
    kit.open('spare');
    kit.join('ben');
    kit.clear().feed({ kind: 'renewed', generation: 1 });
    const closed = kit.effect('close_link');
    assert.deepEqual(
      closed.map(({ link, code }) => [link, code]),
      [kit.link('spare'), kit.link('ben')].map((link) => [link, 'invitation_replaced']),
    );
    assert.deepEqual([states(kit), kit.state.asking.size], [['ben gone'], 0]);
    assert.match(kit.sent('error', 'spare')[0]?.body.reason ?? '', /replaced by a newer one/);
    kit.clear().register('spare');
    assert.equal(kit.sent('error', 'spare')[0]?.body.code, 'invitation_replaced');
    kit.clear().join('carl');
    assert.equal(kit.sent('error', 'carl')[0]?.body.code, 'invitation_replaced');
    kit.open('dora', undefined, { terms: { generation: 1 } });
    kit.register('dora');
    assert.equal(states(kit).at(-1), 'dora waiting');
  });

  test('keeps out nobody who was in the run, also when its place was let go while it slept', () => {
    const kit = kitWith({ rule: 'anyone', entries: [] });
    kit.join('anna');
    kit.feed({ kind: 'renewed', generation: 1 });
    kit.feed({ kind: 'link_closed', link: kit.link('anna'), reason: 'not heard of', clean: false });
    kit.open('anna', undefined, { owns: true });
    kit.clear().register('anna');
    assert.equal(kit.sent('welcome', 'anna').length, 1);
  });

  test('an invitation that was good until a moment is so when somebody registers, not only at the door', () => {
    const kit = kitWith({ rule: 'anyone', entries: [] });
    kit.open('anna', undefined, { terms: { generation: 0, until: kit.wallOriginMs + 5_000 } });
    kit.pass(6_000);
    kit.register('anna');
    assert.equal(kit.sent('error', 'anna')[0]?.body.code, 'invitation_expired');
  });
});

describe('who has opened a link and is not in the run', () => {
  test('is let go when it does not register, and when nobody answers', () => {
    const kit = kitWith(ask, { registrationDeadlineMs: 2 * timing.answerWithinMs });
    kit.open('idle');
    kit.join('anna');
    kit.clear().pass(timing.registerWithinMs - 1_000);
    assert.equal(kit.effect('close_link').length, 0);
    kit.pass(2_000);
    assert.deepEqual(
      kit.effect('close_link').map(({ link, code }) => [link, code]),
      [[kit.link('idle'), 'timeout']],
    );
    kit.feed({ kind: 'link_closed', link: kit.link('idle'), reason: '', clean: false });
    kit.clear().pass(timing.answerWithinMs);
    assert.deepEqual(
      kit.effect('close_link').map(({ link, code }) => [link, code]),
      [[kit.link('anna'), 'admission_refused']],
    );
    assert.match(kit.events('admission')[0]?.reason ?? '', /nobody has answered for 1 h/);
  });

  test('has no name: several ask for one, the first that is let in has it, and the others are told', () => {
    const kit = kitWith(ask);
    kit.join('anna', { key: 'key-1' });
    const first = kit.link('anna');
    kit.join('anna', { key: 'key-2' });
    assert.deepEqual(states(kit), ['anna waiting', 'anna waiting']);
    kit.clear().feed({ kind: 'admit', participant: anna, key: 'key-2' });
    assert.equal(kit.sent('welcome', 'anna').length, 1);
    assert.deepEqual(kit.effect('admitted'), [{ kind: 'admitted', link: kit.link('anna') }]);
    assert.deepEqual(
      kit.effect('close_link').map(({ link, code }) => [link, code]),
      [[first, 'participant_name_taken']],
    );
    kit.clear().feed({ kind: 'link_closed', link: first, reason: '', clean: true });
    assert.deepEqual([kit.events('participant_left').length, kit.state.participants.size], [0, 1]);
  });

  test('asks once however often it registers; the times are counted', () => {
    const kit = kitWith(ask);
    kit.join('anna');
    for (let n = 0; n < 3; n++) {
      kit.pass(2_000);
      kit.register('anna');
    }
    assert.deepEqual(states(kit), ['anna waiting']);
    kit.clear().feed({ kind: 'admit', participant: anna });
    assert.equal(kit.events('admission')[0]?.reason, 'let in (it asked 4 times)');
  });

  test('is not told to be let in when it cannot be', () => {
    const kit = new CoordinatorKit({ minimumParticipants: 2 }, 1, { admission: ask });
    kit.join('anna');
    kit.join('ben');
    kit.feed({ kind: 'admit', participant: ben });
    kit.clear().feed({ kind: 'admit', participant: anna });
    assert.deepEqual(states(kit), ['anna refused']);
    assert.equal(kit.sent('error', 'anna')[0]?.body.code, 'participant_limit');
    assert.deepEqual(
      journaledRunOf(kit).admission.admitted.map(({ id }) => id),
      ['ben'],
    );
  });

  test('of several refusals of a name the latest is taken back', () => {
    const kit = kitWith(ask);
    for (const key of ['key-old', 'key-new']) {
      kit.join('anna', { key });
      kit.feed({ kind: 'refuse', participant: anna });
      kit.feed({ kind: 'link_closed', link: kit.link('anna'), reason: '', clean: false });
    }
    kit.feed({ kind: 'admit', participant: anna });
    assert.deepEqual(
      journaledRunOf(kit).admission.refused.map(({ key }) => key),
      ['key-old'],
    );
  });
});

describe('sending away is about a key', () => {
  const started = (): CoordinatorKit => {
    const kit = new CoordinatorKit({ minimumParticipants: 3 });
    for (const name of ['anna', 'ben', 'carl']) kit.join(name);
    return kit;
  };

  /** anna leaves with an update that counts, and another one comes under the name. */
  const handed = (): CoordinatorKit => {
    const kit = started();
    kit.update('anna');
    kit.say('anna', 'goodbye', { code: 'clean', reason: 'left' });
    kit.feed({ kind: 'link_closed', link: kit.link('anna'), reason: 'left', clean: true });
    kit.join('anna', { key: 'key-2' });
    return kit.clear();
  };

  test('who came later under a name keeps its place, and the update of who left counts', () => {
    const kit = handed();
    kit.feed({ kind: 'expel', participant: anna, key: 'key-2', reason: '' });
    assert.equal(kit.events('participant_expelled')[0]?.update, 'none');
    assert.notEqual(kit.state.members.get(anna)?.contribution, null);
    assert.equal(journaledRunOf(kit).members.find(({ id }) => id === anna)?.contribution?.hash, hashOf('anna 1'));
  });

  test('a name that changed hands is not sent away with who had it, whose update goes and whose key is barred', () => {
    const kit = handed();
    kit.feed({ kind: 'expel', participant: anna, key: 'key-anna', reason: 'noise' });
    const [told] = kit.events('participant_expelled');
    assert.deepEqual([told?.key, told?.update, told?.nameStays], ['key-anna', 'dropped', true]);
    assert.deepEqual([kit.effect('close_link').length, kit.events('participant_left').length], [0, 0]);
    assert.equal(kit.state.participants.get(anna)?.left, null);
    const memory = journaledRunOf(kit);
    assert.deepEqual(
      memory.owners.find(({ id }) => id === anna),
      { id: anna, key: 'key-2' },
    );
    kit.clear().join('anna', { key: 'key-2' });
    assert.equal(kit.sent('welcome', 'anna').length, 1, 'its new process comes back');
    kit.clear().join('other', { key: 'key-anna' });
    assert.equal(kit.sent('error', 'other')[0]?.body.code, 'expelled');
  });

  test('who has just left can be sent away all the same', () => {
    const kit = started();
    kit.say('anna', 'goodbye', { code: 'clean', reason: 'left' });
    kit.clear().feed({ kind: 'expel', participant: anna, key: 'key-anna', reason: '' });
    assert.equal(kit.events('participant_expelled')[0]?.key, 'key-anna');
    kit.clear().join('anna-2', { key: 'key-anna' });
    assert.equal(kit.sent('error', 'anna-2')[0]?.body.code, 'expelled');
  });

  test('who left under the name that was asked about is sent away under the one that it has now, with both updates', () => {
    const kit = started();
    kit.update('anna');
    kit.say('anna', 'goodbye', { code: 'clean', reason: 'left' });
    kit.feed({ kind: 'link_closed', link: kit.link('anna'), reason: 'left', clean: true });
    kit.join('dora', { key: 'key-anna' });
    kit.clear().feed({ kind: 'expel', participant: anna, key: 'key-anna', reason: 'noise' });
    const told = kit.events('participant_expelled').map(({ participant, update }) => [participant, update]);
    assert.deepEqual(told, [
      ['anna', 'dropped'],
      ['dora', 'none'],
    ]);
    assert.deepEqual(
      [...kit.state.participants.values()].filter(({ left }) => left === null).map(({ id }) => id),
      ['ben', 'carl'],
    );
    assert.deepEqual(
      kit.effect('close_link').map(({ link }) => link),
      [kit.link('dora')],
    );
    assert.match(kit.sent('error', 'dora')[0]?.body.reason ?? '', /its update of round 1 does not count any more/);
    kit.clear().join('dora', { key: 'key-other' });
    assert.equal(kit.sent('error', 'dora')[0]?.body.code, 'expelled');
  });

  test('is one record of the journal, with what it means for the run', () => {
    const kit = started();
    kit.update('anna');
    const before = kit.journaled.length;
    kit.clear().feed({ kind: 'expel', participant: anna, reason: 'noise' });
    assert.deepEqual(
      kit.journaled.slice(before).map(({ kind }) => kind),
      ['expelled'],
    );
    const one = journaledRunOf(kit).participants.find(({ id }) => id === anna);
    assert.match(one?.left?.reason ?? '', /sent anna away/);
    assert.deepEqual([one?.left?.clean, one?.counted], [true, 0]);
    assert.deepEqual(
      journaledRunOf(kit).owners.map(({ id }) => id),
      ['ben', 'carl'],
    );
    assert.equal(kit.effect('close_link')[0]?.cut, true);
  });
});
