import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { echoQueueOf, endedOf, exchangeOf, inboxOf, sessionQueues, undeliverableOf } from './names.ts';
import { coordinatorRights, participantRights, type Rights } from './rights.ts';

const run = 'r-7.3a';
const session = 'ab'.repeat(16);

/** Names as participants may have them, the like of each other among them. */
const name = fc.oneof(
  fc.stringMatching(/^[a-z0-9][a-z0-9_.-]{0,5}$/),
  fc.constantFrom('a', 'a.b', 'ab', `a.${session}`, `a.${session}.up`, `a.${session}.up.control`),
);

function namesOf(participant: string): readonly string[] {
  const claim = { run, participant, session };
  const { in: heard, out } = sessionQueues(claim, 'up');
  return [exchangeOf(claim), echoQueueOf(claim), out.control, out.bulk, out.will, heard.control, heard.bulk];
}

function may(rights: Rights, what: keyof Rights, resource: string): boolean {
  return new RegExp(rights[what]).test(resource);
}

test('a participant may do what it does in its sessions, and nothing with the names of any other', () => {
  fc.assert(
    fc.property(name, name, (own, other) => {
      fc.pre(own !== other);
      const rights = participantRights(run, own);
      for (const resource of namesOf(own)) {
        assert.ok(may(rights, 'configure', resource), resource);
        assert.ok(may(rights, 'read', resource), resource);
        assert.equal(may(rights, 'write', resource), !resource.includes('.down.'), resource);
      }
      for (const resource of namesOf(other))
        for (const what of ['configure', 'write', 'read'] as const) assert.ok(!may(rights, what, resource), resource);
    }),
    { numRuns: 500 },
  );
});

test('of what the run has for all it may ask, and see that the run is over', () => {
  const rights = participantRights(run, 'anna');
  const on = (resource: string): readonly boolean[] =>
    (['configure', 'write', 'read'] as const).map((what) => may(rights, what, resource));
  assert.deepEqual(on(inboxOf(run)), [false, true, false]);
  assert.deepEqual(on(undeliverableOf(run)), [false, true, false]);
  assert.deepEqual(on(endedOf(run)), [false, false, true]);
  for (const resource of ['', 'amq.default', 'amq.topic', 'amq.gen-x', inboxOf('r-7x3a'), `${inboxOf(run)}.0.echo`])
    assert.deepEqual(on(resource), [false, false, false], resource);
});

test('a dot in a name is a dot, and a name in the middle of another is none', () => {
  const [own = ''] = namesOf('a.b');
  const rights = participantRights(run, 'a.b');
  assert.ok(!may(rights, 'configure', own.replace('a.b', 'axb')));
  assert.ok(!may(rights, 'configure', own.replace('r-7.3a', 'r-7x3a')));
  assert.ok(!may(rights, 'configure', `x${own}`));
  assert.ok(!may(rights, 'configure', `${own}.x`));
  assert.ok(!may(rights, 'configure', `${own}\n`));
});

test('the coordinator may do all in its run, and nothing in another', () => {
  const rights = coordinatorRights(run);
  for (const resource of ['amq.default', ...namesOf('anna'), inboxOf(run)])
    assert.ok(may(rights, 'configure', resource), resource);
  for (const resource of ['amq.topic', inboxOf('r-7x3a'), `x${inboxOf(run)}`])
    assert.ok(!may(rights, 'read', resource), resource);
});
