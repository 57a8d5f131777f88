import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { noDecisions } from '#engine/round/admission.ts';
import { checkNewcomer } from '#engine/round/coordinator/entry/check-newcomer.ts';
import { asParticipantId } from '#shared/contract/ids.ts';
import { seededRandom } from '#shared/base/random.ts';
import { MemoryFederation } from '#test/support/kits/memory-federation.ts';
import { batchOf, progressMessage, take } from '#test/support/kits/messages.ts';
import { runPlan } from '#test/support/kits/run-plan.ts';
import { seededEntropy } from '#test/support/seeded-entropy.ts';
import { seededIdentity } from '#test/support/seeded-identity.ts';
import { lookAt, type Seen } from './look.ts';

const never = new AbortController().signal;

function look(federation: MemoryFederation, name: string, token = MemoryFederation.token): Promise<Seen> {
  return federation.within(
    20_000,
    lookAt({
      invitation: federation.invitation({ token }),
      identity: seededIdentity('looker'),
      name: asParticipantId(name),
      transport: federation.network,
      clock: federation.clock,
      entropy: seededEntropy(seededRandom(`look of ${name}`)),
      signal: federation.clock.deadline(6_000, never),
    }),
  );
}

/** Answers each look as a coordinator does; returns the names that were asked about. */
function answering(federation: MemoryFederation, nameTaken = false): string[] {
  const asked: string[] = [];
  federation.onLook = (link, asks) => {
    asked.push(asks);
    void link.send({ kind: 'run_plan', round: 0, body: runPlan({ nameTaken }) }, { signal: never });
  };
  return asked;
}

describe('a look at a run', () => {
  test('hears what the run is about and how far away it is, and no event of the coordinator tells of it', async () => {
    await using federation = await new MemoryFederation({ wire: { delayMs: () => 20 } }).listen();
    const asked = answering(federation, true);
    const seen = await look(federation, 'lab-2');
    assert.deepEqual(seen.plan, runPlan({ nameTaken: true }));
    assert.deepEqual(asked, ['lab-2']);
    assert.ok(Math.abs(seen.roundTripMs - 40) < 1, `round trip ${seen.roundTripMs} ms`);
    assert.ok(Math.abs(seen.clockAheadMs) < 1, `one clock, and ${seen.clockAheadMs} ms apart`);
    await federation.clock.advance(1_000);
    assert.deepEqual(federation.coordinatorReports.events, []);
    assert.deepEqual(federation.acceptor.held.links, []);
    assert.equal(federation.acceptor.refusedSessions, 0);
  });

  test('under the name of a participant that is there it takes nothing away', async () => {
    await using federation = await new MemoryFederation().listen();
    answering(federation);
    const { participant, coordinator } = await federation.pair('lab-2');
    await look(federation, 'lab-2');
    await federation.clock.advance(30_000);
    const up = coordinator.messages()[Symbol.asyncIterator]();
    await participant.send(progressMessage(5), { signal: never });
    assert.deepEqual((await federation.within(1_000, take(up, 1))).map(batchOf), [5]);
    assert.deepEqual([participant.status.connections, participant.status.state], [1, 'ready']);
  });

  test('hears that a name is somebody’s who is away, and not whose; and nothing at all with an older invitation', async () => {
    await using federation = await new MemoryFederation().listen();
    const kept: boolean[] = [];
    federation.onLook = (link, _asks, somebodys) => {
      kept.push(somebodys);
      void link.send({ kind: 'run_plan', round: 0, body: runPlan({}) }, { signal: never });
    };
    await federation.pair('lab-2');
    await look(federation, 'lab-2');
    await look(federation, 'lab-3');
    assert.deepEqual(kept, [true, false]);
    federation.check = (who) => checkNewcomer(who, { ...noDecisions, generation: 1 }, 0);
    await assert.rejects(look(federation, 'lab-2'), { code: 'invitation_replaced' });
  });

  test('without the token of the invitation it hears nothing', async () => {
    await using federation = await new MemoryFederation().listen();
    const asked = answering(federation);
    await assert.rejects(look(federation, 'lab-2', 'another-token-of-sixteen'), { code: 'link_rejected' });
    assert.deepEqual(asked, []);
  });

  test('a run that is over says so', async () => {
    await using federation = await new MemoryFederation().listen();
    const closing = federation.acceptor.close('complete', 'all 3 rounds are done');
    await federation.within(5_000, closing);
    await assert.rejects(look(federation, 'lab-2'), { code: 'run_over' });
  });

  test('a coordinator that says nothing of its run ends the look in time, and is let go itself', async () => {
    await using federation = await new MemoryFederation().listen();
    await assert.rejects(look(federation, 'lab-2'), { message: /what the run is about/ });
    await federation.clock.advance(11_000);
    assert.equal(federation.network.openSessions, 0);
  });
});
