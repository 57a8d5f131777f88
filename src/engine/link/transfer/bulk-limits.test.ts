import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { limits, timing } from '#shared/contract/limits.ts';
import type { Message, Outgoing } from '#shared/contract/messages.ts';
import { MemoryFederation } from '#test/support/kits/memory-federation.ts';
import { modelMessage, take } from '#test/support/kits/messages.ts';
import { LinkCore } from '../link-core.ts';

const never = { signal: new AbortController().signal };
const model = 200_000;

function update(bytes = model, round = 1): Outgoing {
  const { payload } = modelMessage(bytes, round);
  assert.ok(payload);
  const body = { examples: 1, base: payload.hash, loss: 1, accuracy: 0.5, trainMs: 1, norm: 1 };
  return { kind: 'model_update', round, body, payload };
}

function held(federation: MemoryFederation, name: string): number {
  const core = federation.accepted.get(name);
  assert.ok(core instanceof LinkCore);
  return [...core.inbox.open()].length;
}

describe('what a peer may send in bulk', () => {
  test('before it takes part: nothing; the session ends, and not a byte is kept', async () => {
    await using federation = await new MemoryFederation().listen();
    federation.expected = null;
    const { participant } = await federation.pair('mallory');
    const { acknowledged } = await participant.send(update(), never);
    acknowledged.catch(() => undefined);
    const refused = (): boolean =>
      federation.coordinatorReports
        .ofType('link_state')
        .some(({ reason }) => /not_registered: model_update came before its sender takes part/.test(reason));
    assert.ok(await federation.clock.advanceUntil(refused, 5_000));
    assert.equal(federation.acceptor.room.takenBytes, 0);
    assert.equal(held(federation, 'mallory'), 0);
  });

  test('longer than a model of the run, or a kind that is not sent this way: refused, and its sender is told', async () => {
    await using federation = await new MemoryFederation().listen();
    federation.expected = { kinds: ['model_update'], bytesMax: model };
    const { participant, coordinator } = await federation.pair('node-1');
    const larger = await participant.send(update(model + 1), never);
    await assert.rejects(federation.within(5_000, larger.acknowledged), /payload_too_large/);
    const other = await participant.send(modelMessage(10), never);
    await assert.rejects(federation.within(5_000, other.acknowledged), /header_invalid/);
    assert.equal(federation.acceptor.room.takenBytes, 0);
    // What is right still comes.
    await participant.send(update(model, 2), never);
    const [message] = await federation.within(5_000, take(coordinator.messages()[Symbol.asyncIterator](), 1));
    assert.equal(message?.header.round, 2);
    const told = federation.coordinatorReports.ofKind('model_update').map(({ note }) => note);
    assert.match(told.join(), /payload_too_large: model_update of 200001 bytes; a model of this run has 200000/);
  });

  test('a coordinator that sends more than a model of its plan is refused by the participant', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant, coordinator } = await federation.pair('node-1');
    participant.expect({ kinds: ['global_model'], bytesMax: model });
    const { acknowledged } = await coordinator.send(modelMessage(model + 1), never);
    await assert.rejects(federation.within(5_000, acknowledged), /payload_too_large/);
  });

  test('what has come of a transfer goes a minute after its session; its sender begins it again and it arrives', async () => {
    const wire = { delayMs: ({ lane }: { lane: string }) => (lane === 'control' ? 1 : 200) };
    await using federation = await new MemoryFederation({ wire }).listen();
    const { participant, coordinator } = await federation.pair('node-1');
    const big = 40 * limits.chunkBytes;
    const arrived = take(coordinator.messages()[Symbol.asyncIterator](), 1);
    await participant.send(update(big), never);
    // So much that its sender knows of it: it has to forget that, too.
    const known = (): boolean =>
      federation.participantReports
        .ofKind('ack')
        .some(({ header, side }) => side === 'received' && /"bytes":[1-9]/.test(header));
    assert.ok(await federation.clock.advanceUntil(known, 10_000));
    const hold = federation.network.hold({ participant: 'node-1' });
    federation.network.cut();
    await federation.clock.advance(timing.partialTransferMs - 1_000);
    assert.equal(held(federation, 'node-1'), 1, 'kept for a session that resumes soon');
    await federation.clock.advance(2_000);
    assert.deepEqual([held(federation, 'node-1'), federation.acceptor.room.takenBytes], [0, 0]);
    const dropped = federation.coordinatorReports.packets.find(({ status }) => status === 'aborted');
    assert.match(dropped?.note ?? '', /^\d+ of \d+ bytes let go: there was no session for 60 s$/);
    hold[Symbol.dispose]();
    const [message] = await federation.within(60_000, arrived);
    assert.equal(message?.payload?.byteLength, big);
  });

  test('of who is sent away it goes at once, and nothing else of it is taken', async () => {
    const wire = { delayMs: ({ lane }: { lane: string }) => (lane === 'control' ? 1 : 200) };
    await using federation = await new MemoryFederation({ wire }).listen();
    const { participant } = await federation.pair('node-1');
    const { acknowledged } = await participant.send(update(40 * limits.chunkBytes), never);
    assert.ok(await federation.clock.advanceUntil(() => federation.acceptor.room.takenBytes > 0, 10_000));
    federation.coming.get('node-1')?.cut('sent away');
    assert.deepEqual([held(federation, 'node-1'), federation.acceptor.room.takenBytes], [0, 0]);
    await assert.rejects(federation.within(10_000, acknowledged), /expelled/);
    const dropped = federation.coordinatorReports.packets.find(({ status }) => status === 'aborted');
    assert.match(dropped?.note ?? '', /bytes let go: sent away$/);
    const another = await participant.send(update(), never);
    await assert.rejects(federation.within(10_000, another.acknowledged), /header_invalid/);
    assert.equal(participant.status.reconnects, 0);
  });

  test('more at once than there is room for: all arrive, one after another, and who waits is told and not given up', async () => {
    const names = ['node-1', 'node-2', 'node-3'];
    await using federation = await new MemoryFederation({ incomingBytesMax: model }).listen();
    const pairs = [];
    for (const name of names) pairs.push(await federation.pair(name));
    // Whoever works on the first one takes longer than any limit of silence or of sending.
    const came: string[] = [];
    let most = 0;
    const reading = pairs.map(async ({ coordinator }, index) => {
      for await (const { header } of coordinator.messages() as AsyncIterable<Message>) {
        came.push(header.sender);
        if (index === 0) await federation.clock.sleep(40_000, never);
        return;
      }
    });
    for (const { participant } of pairs) await participant.send(update(), never);
    const done = Promise.all(reading).then(() => true);
    let over = false;
    void done.then(() => (over = true));
    while (!over) {
      most = Math.max(most, federation.acceptor.room.takenBytes);
      await federation.clock.advance(100);
      assert.ok(federation.clock.monotonicMs() < 200_000, `came: ${came.join()}`);
    }
    assert.deepEqual(came, names);
    assert.equal(most, model);
    assert.equal(federation.acceptor.room.waited, 2);
    for (const { participant } of pairs) assert.equal(participant.status.reconnects, 0, participant.status.reason);
    const reasons = federation.participantReports.ofType('link_state').map(({ reason }) => reason);
    assert.ok(reasons.some((reason) => reason.startsWith('the other end has no room for more right now')));
    const unread = federation.coordinatorReports.ofType('link_state').filter((state) => state.unread === true);
    assert.deepEqual(new Set(unread.map(({ participant }) => participant)), new Set(['node-2', 'node-3']));
    const notices = federation.coordinatorReports.ofType('notice').map(({ text }) => text);
    assert.match(notices.join(), /^Updates wait for memory: 1 on their way have 1 MiB of the 1 MiB/);
    const counters = federation.coordinatorReports.ofType('link_stats').flatMap((stats) => stats.counters);
    assert.ok(counters.some(({ name, value }) => name === 'link.waited_for_room' && value === 1));
  });

  test('somebody who announces, sends a part and stops keeps nobody out', async () => {
    const big = 10 * limits.chunkBytes;
    const wire = { delayMs: ({ lane }: { lane: string }) => (lane === 'control' ? 1 : 100) };
    await using federation = await new MemoryFederation({ wire, incomingBytesMax: big }).listen();
    const mallory = await federation.pair('mallory');
    const honest = await federation.pair('node-1');
    await mallory.participant.send(update(big), never);
    assert.ok(await federation.clock.advanceUntil(() => federation.acceptor.room.takenBytes === big, 5_000));
    federation.network.hold({ participant: 'mallory' });
    const arrived = take(honest.coordinator.messages()[Symbol.asyncIterator](), 1);
    await honest.participant.send(update(big), never);
    const [message] = await federation.within(timing.sendTimeoutMs + 20_000, arrived);
    assert.equal(message?.header.sender, 'node-1');
    assert.equal(honest.participant.status.reconnects, 0);
    assert.equal(federation.acceptor.room.evicted, 1);
  });
});
