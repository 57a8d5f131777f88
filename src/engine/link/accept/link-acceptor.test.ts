import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Session } from '#engine/transport/transport.ts';
import { failureWords, onTaskFailure, type TaskFailure } from '#shared/base/spawn.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import { MemoryFederation } from '#test/support/kits/memory-federation.ts';
import { batchOf, progressMessage, take } from '#test/support/kits/messages.ts';
import { RecordingReporter } from '#test/support/recorded/recording-reporter.ts';
import { seededIdentity } from '#test/support/seeded-identity.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';
import { PacketLog } from '../records/packet-log.ts';
import { UnprovenRows } from './unproven-rows.ts';

const never = { signal: new AbortController().signal };

function strangerAt(federation: MemoryFederation, name: string): Promise<Session> {
  return federation.network.dial(federation.endpoints, { ...never, run: MemoryFederation.run, participant: name });
}

describe('what a coordinator holds of those who come and go', () => {
  test('hundreds of joins and leaves leave a line each of the newest, and every name can come again', async () => {
    await using federation = await new MemoryFederation().listen();
    const joins = limits.participantsMax + 40;
    for (let i = 0; i < joins; i++) {
      const link = await federation.dial(`p-${i}`);
      await federation.within(5000, link.close('clean', 'left'));
      await federation.clock.advance(1);
    }
    const { links, ended, greeting } = federation.acceptor.held;
    assert.deepEqual([links.length, ended, greeting], [0, limits.participantsMax, 0]);
    const again = await federation.dial('p-0');
    assert.equal(again.status.state, 'ready');
    assert.equal(federation.acceptor.held.links.length, 1);
  });

  test('a link without a session is let go after its window; its owner begins again when it is back', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant, coordinator } = await federation.pair('node-1');
    let again = 0;
    using _listening = participant.onReset(() => void again++);
    await federation.killCoordinator();
    await federation.clock.advance(timing.giveUpAfterMs - 10_000);
    assert.equal(federation.acceptor.held.links.length, 1, 'within the window its place is kept');
    await federation.clock.advance(30_000);
    assert.deepEqual([federation.acceptor.held.links.length, federation.acceptor.held.ended], [0, 1]);
    const end = await coordinator.closed;
    assert.deepEqual([end.code, end.local], ['expired', true]);
    assert.match(end.reason, /not heard of for 10 min/);
    await federation.listen();
    await federation.clock.advanceUntil(() => participant.status.state === 'ready', 60_000);
    assert.equal(again, 1);
    const back = federation.accepted.get('node-1');
    assert.ok(back !== undefined && back !== coordinator);
    await participant.send(progressMessage(3), never);
    const [message] = await federation.within(5000, take(back.messages()[Symbol.asyncIterator](), 1));
    assert.equal(batchOf(message as never), 3);
  });

  test('who proves itself and hangs up before the answer holds its name no longer than the window', async () => {
    const isAnswer = ({ direction, sizeBytes }: { direction: string; sizeBytes: number }): boolean =>
      direction === 'down' && sizeBytes > 150;
    await using federation = await new MemoryFederation({ wire: { breaks: isAnswer } }).listen();
    const end = new AbortController();
    const dialing = federation.dial('node-1', { signal: end.signal, patienceMs: 1000 });
    await assert.rejects(dialing);
    assert.equal(federation.acceptor.held.links.length, 1);
    await federation.clock.advance(timing.giveUpAfterMs + 10);
    assert.equal(federation.acceptor.held.links.length, 0);
  });
});

describe('a mistake that one session brings to light', () => {
  test('ends that session and is told; the others go on', async () => {
    await using federation = await new MemoryFederation().listen();
    const session = await strangerAt(federation, 'node-9');
    const broken = new Proxy(session, {
      get: (target, name) => {
        if (name === 'frames') throw new TypeError('frames is not what it seems');
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const told: TaskFailure[] = [];
    using _listening = onTaskFailure((failure) => told.push(failure));
    federation.acceptor.accept(broken);
    const end = await federation.within(5000, session.closed);
    assert.equal(end.code, 'internal');
    assert.deepEqual(told.map(failureWords), ['Serving a session failed: frames is not what it seems']);
    assert.equal((await federation.dial('node-1')).status.state, 'ready');
  });
});

describe('what somebody says who has not proved itself', () => {
  test('is recorded under no name, with the address it came from', async () => {
    await using federation = await new MemoryFederation().listen();
    await federation.pair('node-1');
    await assert.rejects(federation.dial('node-1', { token: 'not-the-token-of-this-run' }));
    await assert.rejects(federation.dial('coordinator'));
    const { packets, events } = federation.coordinatorReports;
    const early = packets.filter(({ kind }) => ['hello', 'challenge', 'proof'].includes(kind));
    assert.equal(early.length, 9);
    for (const packet of early) {
      assert.equal(packet.participant, '');
      assert.notEqual(packet.peer, '');
    }
    const named = packets.filter(({ participant }) => participant !== '').map(({ participant }) => participant);
    assert.deepEqual(new Set(named), new Set(['node-1']));
    const told = events.flatMap(({ data }) => ('participant' in data ? [data.participant as string] : []));
    assert.deepEqual(new Set(told), new Set(['node-1']));
  });

  test('a flood of silent sessions leaves a participant its way back', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant } = await federation.pair('node-1');
    for (let i = 0; i < 3 * limits.unauthenticatedSessionsMax; i++) await strangerAt(federation, `m-${i}`);
    await federation.clock.advance(10);
    assert.ok(federation.acceptor.held.greeting <= limits.unauthenticatedSessionsMax);
    federation.network.cut();
    const flood = Promise.all(
      Array.from({ length: 2 * limits.unauthenticatedSessionsMax }, (_, i) => strangerAt(federation, `n-${i}`)),
    );
    await federation.within(1000, flood);
    await federation.clock.advanceUntil(() => participant.status.reconnects === 1, 5000);
    assert.equal(participant.status.state, 'ready');
  });

  test('a whole class behind one address, all there before the first says hello, is let in', async () => {
    await using federation = await new MemoryFederation().listen();
    const names = Array.from({ length: 128 }, (_, n) => `pupil-${n}`);
    const silent = await Promise.all(names.map((name) => strangerAt(federation, `silent ${name}`)));
    assert.equal(federation.acceptor.held.greeting, names.length);
    for (const name of names) assert.equal((await federation.dial(name)).status.state, 'ready');
    assert.equal(federation.acceptor.refusedSessions, 0);
    assert.equal(federation.acceptor.held.links.length, names.length);
    await federation.within(5000, Promise.all(silent.map((session) => session.close('clean', 'over'))));
  });

  test('is known by a key of the run, and by where a participant is; not by a name, nor before it has registered', async () => {
    await using federation = await new MemoryFederation().listen();
    const standing = (address: string, identity: string | null = null): string =>
      federation.acceptor.standing({ address, identity });
    await federation.pair('node-1');
    const { peerId } = seededIdentity('node-1');
    assert.equal(standing('192.0.2.1:1', peerId), 'participant');
    assert.equal(standing('192.0.2.1:1'), 'stranger');
    // In memory an address is what the dialer says of itself, as at a broker.
    assert.equal(standing('memory:node-1'), 'namesake');
    federation.admits = false;
    await federation.dial('node-2');
    assert.equal(standing('memory:node-2'), 'stranger');
    assert.equal(standing('192.0.2.1:1', seededIdentity('node-2').peerId), 'stranger');
  });
});

describe('the budget of rows for those who are not let in', () => {
  test('is a rate and a sum; what is beyond is counted and told, and who is let in costs nothing', async () => {
    const clock = new VirtualClock();
    const reporter = new RecordingReporter();
    const rows = new UnprovenRows(reporter, clock);
    const log = new PacketLog(rows, 'coordinator');
    const context = { protocol: 'quic', stack: 'quinn', connection: 1 } as const;
    const stranger = { ...context, participant: '', from: '192.0.2.1:5' };
    const { unprovenRowsBurstMax: burst, unprovenRowsPerSecondMax: perSecond, unprovenRowsMax: sum } = limits;
    for (let i = 0; i < burst + 50; i++) log.frame(stranger, { side: 'received', kind: 'hello' });
    assert.equal(reporter.packets.length, burst);
    assert.deepEqual(reporter.ofType('peers_unrecorded'), [{ packets: 1, refusals: 0 }], 'told at once');
    await clock.advance(10_000);
    assert.deepEqual(reporter.ofType('peers_unrecorded').at(-1), { packets: 50, refusals: 0 });
    // A participant's own packets are never counted against it.
    for (let i = 0; i < 1000; i++)
      log.frame({ ...context, participant: 'node-1' }, { side: 'received', kind: 'heartbeat' });
    assert.equal(reporter.packets.length, burst + 1000);
    for (let second = 0; second < (2 * sum) / perSecond; second++) {
      await clock.advance(1000);
      for (let i = 0; i < perSecond; i++) rows.refused({ address: '192.0.2.1:5', reason: 'garbage' });
    }
    const recorded = reporter.packets.filter(({ participant }) => participant === '').length;
    assert.equal(recorded + reporter.ofType('participant_refused').length, sum);
    log.connection({ ...context, participant: 'node-1' }, 'connection_open', { local: false, note: '' });
    await clock.advance(1000);
    for (let i = 0; i < 10; i++) log.frame(stranger, { side: 'received', kind: 'hello' });
    assert.equal(reporter.packets.filter(({ participant }) => participant === '').length, recorded + 3);
    rows[Symbol.dispose]();
    const all = reporter.ofType('peers_unrecorded').at(-1);
    assert.deepEqual(all, { packets: 50 + 7, refusals: 2 * sum - (sum - burst) });
    assert.equal(clock.pendingTimers, 0);
  });
});
