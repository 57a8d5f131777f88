import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { signPass } from '#engine/identity/pass.ts';
import { checkNewcomer } from '#engine/round/coordinator/entry/check-newcomer.ts';
import { noDecisions, withDecision, type Admission } from '#engine/round/admission.ts';
import { limits } from '#shared/contract/limits.ts';
import { asParticipantId } from '#shared/contract/ids.ts';
import type { Pass, PassTerms } from '#shared/contract/app/invitation.ts';
import { MemoryFederation } from '#test/support/kits/memory-federation.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';
import type { LinkCore } from '../link-core.ts';
import { AcceptedNames } from './link-acceptor-names.ts';
import { seededIdentity } from '#test/support/seeded-identity.ts';

const anna = asParticipantId('anna');

function passOf(terms: PassTerms): Pass {
  return { ...terms, signature: signPass(MemoryFederation.identity, MemoryFederation.run, terms) };
}

async function federationWith(of: { admission: Admission }): Promise<MemoryFederation> {
  const federation = new MemoryFederation();
  federation.check = (who) => checkNewcomer(who, of.admission, federation.clock.wallMs());
  return await federation.listen();
}

describe('an invitation of its own', () => {
  test('admits its name until its day, and is told from one for everybody', async () => {
    const of = { admission: noDecisions };
    await using federation = await federationWith(of);
    const until = federation.clock.wallMs() + 60_000;
    const pass = passOf({ generation: 0, name: anna, until });
    await assert.rejects(federation.dial('ben', { pass }), { code: 'invitation_of_another', message: /made for anna/ });
    const link = await federation.dial('anna', { pass });
    assert.equal(link.status.state, 'ready');
    assert.deepEqual(federation.invited, ['anna']);
    await federation.dial('carl');
    assert.deepEqual(federation.invited, ['anna']);
    await federation.clock.advance(61_000);
    const late = passOf({ generation: 0, name: asParticipantId('dora'), until });
    await assert.rejects(federation.dial('dora', { pass: late }), {
      code: 'invitation_expired',
      message: /good until/,
    });
    // Who is in the run stays in it, and comes back.
    federation.network.cut();
    await federation.clock.advanceUntil(() => link.status.connections === 2, 30_000);
  });

  test('is worth nothing with other terms than were signed, or without the signature', async () => {
    await using federation = await federationWith({ admission: noDecisions });
    const { signature } = passOf({ generation: 0, name: anna, until: 1_000 });
    const wrong = { code: 'link_rejected', message: /token of the invitation/ };
    for (const terms of [
      { generation: 0, name: asParticipantId('ben'), until: 1_000 },
      { generation: 0, name: anna, until: 2_000 },
      { generation: 0, name: anna },
      { generation: 1, name: anna, until: 1_000 },
      { generation: 0 },
    ])
      await assert.rejects(federation.dial('ben', { pass: { ...terms, signature } }), wrong);
    const forged = signPass(seededIdentity('thief'), MemoryFederation.run, { generation: 0, name: anna });
    await assert.rejects(federation.dial('anna', { pass: { generation: 0, name: anna, signature: forged } }), wrong);
  });
});

describe('a renewed invitation', () => {
  test('ends the older ones for newcomers alone', async () => {
    const of = { admission: noDecisions };
    await using federation = await federationWith(of);
    const { participant } = await federation.pair('anna');
    of.admission = withDecision(of.admission, { kind: 'renewed', generation: 1 });
    await assert.rejects(federation.dial('ben'), { code: 'invitation_replaced', message: /replaced by a newer one/ });
    const pass = passOf({ generation: 0, name: asParticipantId('ben') });
    await assert.rejects(federation.dial('ben', { pass }), { code: 'invitation_replaced' });
    federation.network.cut();
    await federation.clock.advanceUntil(() => participant.status.connections === 2, 30_000);
    await federation.within(5000, participant.close('clean', 'left'));
    await assert.rejects(federation.dial('anna'), { code: 'invitation_replaced' });
    const link = await federation.dial('ben', { pass: passOf({ generation: 1 }) });
    assert.equal(link.status.state, 'ready');
  });
});

describe('who was sent away or refused', () => {
  test('is told so at the door, under any name, and its name is nobody else’s', async () => {
    const key = seededIdentity('anna').fingerprint;
    const of = {
      admission: withDecision(noDecisions, { kind: 'expelled', id: anna, key, reason: 'noise', drops: false }),
    };
    await using federation = await federationWith(of);
    const out = { code: 'expelled', message: /sent .* away for the rest of this run: noise/ };
    await assert.rejects(federation.dial('anna', { identity: seededIdentity('anna') }), out);
    await assert.rejects(federation.dial('other', { identity: seededIdentity('anna') }), out);
    await assert.rejects(federation.dial('anna', { identity: seededIdentity('other') }), out);
    of.admission = withDecision(of.admission, { kind: 'refused', id: anna, key: seededIdentity('ben').fingerprint });
    await assert.rejects(federation.dial('ben', { identity: seededIdentity('ben') }), {
      code: 'admission_refused',
      message: /has not let ben in/,
    });
  });

  test('has no name to keep', async () => {
    await using federation = await new MemoryFederation().listen();
    const { coordinator } = await federation.pair('anna');
    await federation.within(5000, coordinator.close('admission_refused', 'not let in'));
    const link = await federation.dial('anna', { identity: seededIdentity('other') });
    assert.equal(link.status.state, 'ready');
  });
});

describe('a name before anybody is let in under it', () => {
  const ben = seededIdentity('ben');

  test('is nobody’s: the first that is let in has it, however long another has held a link', async () => {
    const federation = new MemoryFederation();
    federation.admits = false;
    await using _open = await federation.listen();
    await federation.dial('anna', { identity: seededIdentity('squatter') });
    const { identity } = { identity: seededIdentity('anna') };
    const owner = await federation.dial('anna', { identity });
    federation.coming.get('anna')?.admit();
    assert.equal(owner.status.state, 'ready');
    await assert.rejects(federation.dial('anna', { identity: ben }), { code: 'participant_name_taken' });
    // What the squatter’s link does from here on takes nothing from the owner.
    federation.network.cut();
    await federation.clock.advanceUntil(() => owner.status.connections === 2, 30_000);
  });

  test('is free at once when a link ends that was never let in, and its key is free for another name', async () => {
    const federation = new MemoryFederation();
    federation.admits = false;
    await using _open = await federation.listen();
    const identity = seededIdentity('anna');
    await federation.dial('anna', { identity });
    const other = await federation.dial('anna-2', { identity });
    assert.equal(other.status.state, 'ready');
    assert.deepEqual(
      federation.acceptor.held.links.map(({ participant }) => participant),
      ['anna-2'],
    );
  });

  test('an owner is known at the door, and a link that was only open is not', async () => {
    const known: boolean[] = [];
    const federation = new MemoryFederation();
    federation.admits = false;
    federation.check = (who) => {
      known.push(who.known);
      return null;
    };
    await using _open = await federation.listen();
    const identity = seededIdentity('anna');
    await federation.dial('anna', { identity });
    await federation.dial('anna', { identity });
    federation.coming.get('anna')?.admit();
    await federation.dial('anna', { identity });
    assert.deepEqual(known, [false, false, true]);
  });

  test('has few places, which those who are in the run do not need', async () => {
    const federation = new MemoryFederation();
    federation.admits = false;
    await using _open = await federation.listen();
    await federation.dial('first');
    federation.coming.get('first')?.admit();
    for (let n = 0; n < limits.unregisteredLinksMax; n++) await federation.dial(`p-${n}`);
    const owner = await federation.dial('first');
    assert.equal(owner.status.state, 'ready', 'who is in the run comes back');
    let told = 0;
    federation.clock.timer(5000, () => {
      const { packets } = federation.coordinatorReports;
      told = packets.filter(({ note }) => /participant_limit.*about to join/.test(note)).length;
      federation.coming.get('p-0')?.admit();
    });
    const late = await federation.dial('late', { patienceMs: 60_000 });
    assert.equal(late.status.state, 'ready', 'as soon as there is room');
    assert.ok(told > 1, `told ${told} times that it may try again`);
  });
});

test('where many of one address are not in the run, they make room for somebody from elsewhere', () => {
  const closed: string[] = [];
  const clock = new VirtualClock();
  const names = new AcceptedNames({ clock, resumeMs: 1_000 });
  const add = (name: string, address: string): void => {
    const core = {
      ended: null,
      closed: new Promise(() => undefined),
      close: async () => void closed.push(name),
      finish: () => undefined,
    } as unknown as LinkCore;
    names.add({ name, core, instance: name, epoch: name, key: name, peer: name }, address);
  };
  for (let n = 0; n < limits.unregisteredLinksMax - 1; n++) add(`p-${n}`, '10.0.0.1:1');
  add('other', '10.0.0.2:1');
  assert.ok(!names.makeRoomFor('10.0.0.1:2'));
  assert.ok(names.makeRoomFor('10.0.0.3:1'));
  assert.deepEqual(closed, [`p-${limits.unregisteredLinksMax - 2}`]);
});

test('one key has one name at a time', async () => {
  await using federation = await new MemoryFederation().listen();
  const identity = seededIdentity('anna');
  const link = await federation.dial('anna', { identity });
  await assert.rejects(federation.dial('ben', { identity }), { code: 'key_has_name', message: /as anna already/ });
  await federation.within(5000, link.close('clean', 'left'));
  await federation.dial('ben', { identity });
});
