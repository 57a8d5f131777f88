import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { timing } from '#shared/contract/limits.ts';
import { MemoryFederation } from '#test/support/kits/memory-federation.ts';
import { batchOf, progressMessage, take } from '#test/support/kits/messages.ts';
import { seededIdentity } from '#test/support/seeded-identity.ts';
import type { Link } from '../link.ts';

const never = { signal: new AbortController().signal };
const thief = seededIdentity('thief');
const taken = { code: 'participant_name_taken', message: /belongs to another key/ };

/** Both ends go on with each other over the same link. */
async function goesOn(federation: MemoryFederation, name: string, from: Pick<Link, 'send'>): Promise<void> {
  await federation.within(20_000, from.send(progressMessage(7), never));
  const link = federation.accepted.get(name);
  assert.ok(link);
  const [message] = await federation.within(20_000, take(link.messages()[Symbol.asyncIterator](), 1));
  assert.equal(batchOf(message as never), 7);
}

describe('a name belongs to the key that took it', () => {
  test('another key is refused while its owner is here, and while it is silent', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant } = await federation.pair('node-1');
    await assert.rejects(federation.dial('node-1', { identity: thief }), taken);
    federation.network.cut();
    // Longer than any sign of life is waited for, and its owner does not dial again yet.
    const hold = federation.network.hold({ direction: 'up' });
    await federation.clock.advance(timing.peerSilentMs + 1000);
    hold[Symbol.dispose]();
    await assert.rejects(federation.dial('node-1', { identity: thief }), taken);
    await goesOn(federation, 'node-1', participant);
    assert.equal(participant.status.state, 'ready');
  });

  test('another key is refused even when the place of its owner is not kept any more', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant } = await federation.pair('node-1');
    await federation.killCoordinator();
    await federation.clock.advance(timing.giveUpAfterMs + 60_000);
    assert.equal(federation.acceptor.held.links.length, 0);
    await federation.listen();
    await assert.rejects(federation.dial('node-1', { identity: thief }), taken);
    await federation.clock.advanceUntil(() => participant.status.state === 'ready', 60_000);
    await goesOn(federation, 'node-1', participant);
  });

  test('its owner takes it back at once after a kill, however alive the former process seems', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant: former, coordinator } = await federation.pair('node-1');
    await federation.clock.advance(100);
    const again = await federation.dial('node-1');
    assert.equal((await coordinator.closed).code, 'superseded');
    assert.equal(again.status.state, 'ready');
    // The former one, were it still alive, does not take it back and forth.
    const end = await federation.within(60_000, former.closed);
    assert.deepEqual([end.code, end.local], ['participant_name_taken', true]);
    assert.match(end.reason, /another process with the same key/);
    assert.equal(again.status.connections, 1);
    await goesOn(federation, 'node-1', again);
  });

  test('when its owner has left, another key gets it, and it is told', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant } = await federation.pair('node-1');
    await federation.within(5000, participant.close('clean', 'left'));
    const notices = federation.coordinatorReports.ofType('notice');
    const { length: before } = notices;
    const second = await federation.dial('node-1', { identity: thief });
    assert.equal(second.status.state, 'ready');
    const told = federation.coordinatorReports.ofType('notice').slice(before);
    assert.deepEqual(
      told.map(({ level, participant: about }) => [level, about]),
      [['warning', 'node-1']],
    );
    assert.match(told[0]?.text ?? '', /node-1 has another key than before: .* left the run/);
    // From now on it is the other one's.
    await assert.rejects(federation.dial('node-1'), taken);
    await goesOn(federation, 'node-1', second);
  });

  test('the same key that comes back after it has left is no news', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant } = await federation.pair('node-1');
    await federation.within(5000, participant.close('clean', 'left'));
    await federation.dial('node-1');
    assert.deepEqual(federation.coordinatorReports.ofType('notice'), []);
  });

  test('a coordinator that is started again knows whose the names are', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant } = await federation.pair('node-1');
    const { fingerprint: key } = seededIdentity('node-1');
    federation.restartCoordinator([{ name: 'node-1', key }]);
    await assert.rejects(federation.dial('node-1', { identity: thief }), taken);
    await federation.clock.advanceUntil(() => participant.status.state === 'ready', 60_000);
    await goesOn(federation, 'node-1', participant);
  });

  test('what each end knows of the other is the key that signs', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant, coordinator } = await federation.pair('node-1');
    assert.equal(coordinator.status.peerKey, seededIdentity('node-1').fingerprint);
    assert.equal(participant.status.peerKey, MemoryFederation.identity.fingerprint);
  });
});
