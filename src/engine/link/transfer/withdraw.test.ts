import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LinkCore } from '../link-core.ts';
import { MemoryFederation } from '#test/support/kits/memory-federation.ts';
import { modelMessage, progressMessage, take } from '#test/support/kits/messages.ts';
import type { Outgoing } from '#shared/contract/messages.ts';
import { seededRandom } from '#shared/base/random.ts';
import { supersedes } from '#shared/contract/run/supersedes.ts';

const never = new AbortController().signal;
const chunk = 64 * 1024;

function model(round: number, chunks: number, purpose: 'train' | 'evaluate' = 'evaluate'): Outgoing {
  return { ...modelMessage(chunks * chunk, round), round, body: { purpose } };
}

function update(round: number, chunks: number): Outgoing {
  const { payload } = modelMessage(chunks * chunk, round);
  assert.ok(payload);
  const body = { examples: 1, base: payload.hash, loss: 1, accuracy: 0.5, trainMs: 1, norm: 1 };
  return { kind: 'model_update', round, body, payload };
}

/** A wire on which each bulk frame takes a while, so that a transfer can be met in its middle. */
function slowFederation(): Promise<MemoryFederation> {
  return new MemoryFederation({ wire: { delayMs: ({ lane }) => (lane === 'control' ? 1 : 200) } }).listen();
}

function openTransfers(federation: MemoryFederation, side: 'up' | 'down'): number {
  const core = side === 'up' ? federation.accepted.get('node-1') : null;
  return core instanceof LinkCore ? [...core.inbox.open()].length : 0;
}

describe('what nobody needs any more', () => {
  test('a newer model replaces older ones: of the same kind, of an earlier round, or checked after it was trained from', () => {
    assert.equal(supersedes(model(2, 1), model(1, 1)), true);
    assert.equal(supersedes(model(1, 1), model(2, 1)), false);
    assert.equal(supersedes(model(1, 1, 'evaluate'), model(1, 1, 'train')), true);
    assert.equal(supersedes(model(1, 1, 'train'), model(1, 1, 'evaluate')), false);
    assert.equal(supersedes(model(1, 1), model(1, 1)), false);
    assert.equal(supersedes(update(2, 1), model(1, 1)), false);
    assert.equal(supersedes(update(3, 1), update(2, 1)), true);
    assert.equal(supersedes(progressMessage(2, 2), progressMessage(1, 1)), false);
  });

  test('models pile up behind a peer that takes none: only the newest goes out, and what was given up is told and counted', async () => {
    await using federation = await new MemoryFederation().listen();
    const { coordinator, participant } = await federation.pair('node-1');
    const down = participant.messages()[Symbol.asyncIterator]();
    // Nobody is there to take anything.
    const hold = federation.network.hold({ participant: 'node-1' });
    await federation.clock.advance(12_000);
    for (let round = 1; round <= 8; round++) await coordinator.send(model(round, 20), { signal: never });
    await coordinator.send(progressMessage(1), { signal: never });
    assert.equal(coordinator.status.unacknowledged, 2, 'the newest model and a word');
    hold[Symbol.dispose]();
    const came = await federation.within(60_000, take(down, 2));
    assert.deepEqual(
      new Set(came.map(({ header }) => `${header.kind} ${header.round}`)),
      new Set(['global_model 8', 'training_progress 1']),
    );
    const given = federation.coordinatorReports.packets.filter(({ status }) => status === 'aborted');
    assert.equal(given.length, 7);
    assert.match(given[0]?.note ?? '', /given up: a newer global_model takes its place; nothing of it was sent/);
    await federation.clock.advance(2_000);
    const counters = federation.coordinatorReports.ofType('link_stats').at(-1)?.counters ?? [];
    assert.deepEqual(counters, [{ name: 'link.withdrawn', value: 7 }]);
  });

  test('one that is half sent ends where it is: its lane closes, the peer lets go of it, and nothing seems stuck', async () => {
    await using federation = await slowFederation();
    const { coordinator, participant } = await federation.pair('node-1');
    const up = coordinator.messages()[Symbol.asyncIterator]();
    const sent = await participant.send(update(1, 400), { signal: never });
    const outcome = assert.rejects(sent.acknowledged, /given up: the round is over/);
    // By the time that its announcement arrives, as much of it is on its way as flow control lets.
    await federation.clock.advanceUntil(() => openTransfers(federation, 'up') === 1, 5_000);
    const gone = participant.withdraw(({ kind, round }) => kind === 'model_update' && round <= 1, 'the round is over');
    assert.deepEqual(
      gone.map(({ round }) => round),
      [1],
    );
    await outcome;
    await federation.clock.advanceUntil(() => openTransfers(federation, 'up') === 0, 60_000);
    assert.equal(openTransfers(federation, 'up'), 0);
    await federation.clock.advance(10_000);
    assert.deepEqual([coordinator.status.state, participant.status.state], ['ready', 'ready']);
    const states = federation.coordinatorReports.ofType('link_state').map(({ reason }) => reason);
    assert.ok(!states.some((reason) => /stuck/.test(reason)), states.join());
    await participant.send(progressMessage(3), { signal: never });
    const [next] = await federation.within(10_000, take(up, 1));
    assert.equal(next?.header.kind, 'training_progress');
  });

  test('given up while there is no session: the peer hears of it with the next one', async () => {
    await using federation = await slowFederation();
    const { coordinator, participant } = await federation.pair('node-1');
    await participant.send(update(1, 400), { signal: never });
    // By the time that its announcement arrives, as much of it is on its way as flow control lets.
    await federation.clock.advanceUntil(() => openTransfers(federation, 'up') === 1, 5_000);
    federation.network.cut();
    assert.equal(participant.withdraw(() => true, 'the round is over').length, 1);
    assert.equal(openTransfers(federation, 'up'), 1, 'it holds what it has, for a session that resumes');
    await federation.clock.advanceUntil(() => openTransfers(federation, 'up') === 0, 30_000);
    assert.equal(openTransfers(federation, 'up'), 0);
    assert.equal(coordinator.status.state, 'ready');
  });

  test('what went out whole is not given up', async () => {
    await using federation = await slowFederation();
    const { coordinator, participant } = await federation.pair('node-1');
    const down = participant.messages()[Symbol.asyncIterator]();
    await coordinator.send(model(1, 1), { signal: never });
    await federation.clock.advance(50);
    await coordinator.send(model(2, 1), { signal: never });
    const came = await federation.within(20_000, take(down, 2));
    assert.deepEqual(
      came.map(({ header }) => header.round),
      [1, 2],
    );
  });

  test('through sessions that break, with models replaced at any moment: the newest always comes, each whole and once', async () => {
    let given = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const random = seededRandom(seed).fork('network');
      const wire = {
        delayMs: ({ lane }: { lane: string }) => (lane === 'control' ? random.int(20) : random.int(300)),
        breaks: () => random.next() < 0.04,
      };
      await using federation = await new MemoryFederation({ seed, wire }).listen();
      const participant = await federation.dial('node-1', { patienceMs: 600_000 });
      const coordinator = federation.accepted.get('node-1');
      assert.ok(coordinator);
      const came: number[] = [];
      void (async () => {
        for await (const { header, payload } of participant.messages()) {
          assert.equal(payload?.byteLength, header.payload?.length);
          came.push(header.round);
        }
      })();
      for (let round = 1; round <= 20; round++) {
        await federation.within(60_000, coordinator.send(model(round, 1 + random.int(30)), { signal: never }));
        await federation.clock.advance(random.int(500));
      }
      await federation.clock.advanceUntil(() => coordinator.status.unacknowledged === 0, 600_000);
      await federation.clock.advance(1_000);
      assert.equal(Math.max(...came), 20, `seed ${seed}: ${came.join()}`);
      assert.equal(new Set(came).size, came.length, `seed ${seed}: ${came.join()}`);
      given += 20 - came.length;
    }
    assert.ok(given > 12, `${given} were given up`);
  });
});
