import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeFrame } from '#engine/framing/frame.ts';
import { encodeMessageHeader } from '#engine/codec/message-codec.ts';
import type { Session } from '#engine/transport/transport.ts';
import { limits } from '#shared/contract/limits.ts';
import { contractVersion, type MessageHeader } from '#shared/contract/messages.ts';
import { MemoryFederation } from '#test/support/kits/memory-federation.ts';
import { batchOf, modelMessage, progressMessage, take } from '#test/support/kits/messages.ts';
import { RecordingReporter } from '#test/support/recorded/recording-reporter.ts';
import { seededIdentity } from '#test/support/seeded-identity.ts';
import { PacketLog } from '../records/packet-log.ts';
import { sayHello } from '../dial/dialer-hello.ts';
import { Wire } from '../wire.ts';

const never = { signal: new AbortController().signal };
const nothing = { received: 0, transfers: [], done: [], failed: [] };

function prefixOf(headerBytes: number, bodyBytes: number): Uint8Array {
  const bytes = Buffer.alloc(12);
  bytes.set([0x52, 0x53, 1, 0]);
  bytes.writeUInt32LE(headerBytes, 4);
  bytes.writeUInt32LE(bodyBytes, 8);
  return bytes;
}

/** A session of somebody who does not play by the rules. */
function rawDial(federation: MemoryFederation, participant = 'mallory'): Promise<Session> {
  return federation.network.dial(federation.endpoints, { ...never, run: MemoryFederation.run, participant });
}

async function rawSend(session: Session, ...frames: readonly (readonly Uint8Array[])[]): Promise<void> {
  for (const parts of frames) await session.send({ lane: 'control', parts }, never);
}

/** Opens a link properly up to `ready`, with the session still in our hands. */
async function acceptedWire(federation: MemoryFederation, participant: string): Promise<Wire> {
  const session = await rawDial(federation, participant);
  const context = { participant, protocol: 'memory', stack: 'memory', connection: 1 } as const;
  const wire = new Wire(session, {
    clock: federation.clock,
    log: new PacketLog(new RecordingReporter(), 'participant'),
    context,
  });
  const hello = {
    invitation: federation.invitation(),
    identity: seededIdentity(participant),
    participant: participant as never,
    instance: 'ab'.repeat(16),
    nonce: 'cd'.repeat(16),
    resumes: false,
    state: nothing,
  };
  await federation.within(1000, sayHello(wire, hello));
  return wire;
}

/** Somebody else's link, which must not notice anything. */
async function withBystander(federation: MemoryFederation, attack: () => Promise<void>): Promise<void> {
  const { participant, coordinator } = await federation.pair('bystander');
  await attack();
  await participant.send(progressMessage(5), never);
  const [message] = await federation.within(1000, take(coordinator.messages()[Symbol.asyncIterator](), 1));
  assert.equal(batchOf(message as never), 5);
  assert.deepEqual([participant.status.connections, participant.status.reconnects], [1, 0]);
}

function messageFrame(seq: number, header: Partial<MessageHeader>): readonly Uint8Array[] {
  const whole = {
    version: contractVersion,
    run: MemoryFederation.run,
    sender: 'mallory',
    kind: 'training_progress',
    round: 1,
    id: `m.${seq}`,
    sentAt: 1,
    body: { epoch: 1, epochs: 1, batch: seq, batches: 9, loss: 1 },
    ...header,
  } as MessageHeader;
  return encodeFrame({ t: 'message', seq, ack: 0, header: encodeMessageHeader(whole) });
}

async function closedWith(session: Session, code: string, pattern: RegExp): Promise<void> {
  const closed = await session.closed;
  assert.equal(closed.code, code);
  assert.match(closed.reason, pattern);
}

describe('before the hello is done', () => {
  const attacks: Record<
    string,
    { readonly bytes: () => readonly Uint8Array[]; readonly code: string; readonly reason: RegExp }
  > = {
    'garbage bytes': {
      bytes: () => [Buffer.from('GET / HTTP/1.1\r\n\r\n')],
      code: 'frame_malformed',
      reason: /frame prefix/,
    },
    'a length of 4 GB': {
      bytes: () => [prefixOf(20, 0xffff_ffff)],
      code: 'frame_too_large',
      reason: /exceeds the limit/,
    },
    'a JSON bomb': {
      bytes: () => [prefixOf(60_000, 0), Buffer.from('['.repeat(30_000) + ']'.repeat(30_000))],
      code: 'frame_malformed',
      reason: /nested deeper/,
    },
    'a frame cut short': {
      bytes: () => [prefixOf(100, 0), Buffer.from('{"t":"hello"')],
      code: 'frame_truncated',
      reason: /ends after/,
    },
    'the wrong types': {
      bytes: () => encodeFrame({ t: 'hello', version: 'one' }),
      code: 'header_invalid',
      reason: /hello is not valid at version/,
    },
    'a message before hello': { bytes: () => messageFrame(1, {}), code: 'frame_malformed', reason: /instead of hello/ },
  };
  for (const [name, { bytes, code, reason }] of Object.entries(attacks)) {
    test(`${name}: that session is closed with code and reason, the others go on`, async () => {
      await using federation = await new MemoryFederation().listen();
      await withBystander(federation, async () => {
        const session = await rawDial(federation);
        await rawSend(session, bytes());
        await federation.within(1000, closedWith(session, code, reason));
      });
      assert.equal(federation.acceptor.refusedSessions, 1);
    });
  }

  test('a name of who speaks in a recording is refused at the hello too, in any letter case', async () => {
    await using federation = await new MemoryFederation().listen();
    await withBystander(federation, async () => {
      for (const name of ['coordinator', 'Coordinator', 'service', 'Trainer', 'BROKER', 'relay'])
        await assert.rejects(acceptedWire(federation, name), /cannot be a participant's name/, name);
    });
    assert.deepEqual([...federation.accepted.keys()], ['bystander']);
  });

  test('slow-loris: who does not say hello in time is let go', async () => {
    await using federation = await new MemoryFederation().listen();
    const session = await rawDial(federation);
    await federation.clock.advance(9900);
    assert.equal(federation.network.openSessions, 1);
    await federation.clock.advance(200);
    await closedWith(session, 'hello_timeout', /no hello within 10 s/);
  });

  test('sessions without a hello are bounded: who has waited longest goes', async () => {
    await using federation = await new MemoryFederation().listen();
    const { unauthenticatedSessionsMax: max } = limits;
    const sessions = [];
    for (let i = 0; i <= max; i++) sessions.push(await rawDial(federation, `m${i}`));
    await federation.within(1000, closedWith(sessions[0] as Session, 'refused', /had waited longest/));
    assert.equal(federation.network.openSessions, max);
  });

  test('a wrong token is refused in words, on both sides', async () => {
    await using federation = await new MemoryFederation().listen();
    await assert.rejects(federation.dial('node-1', { token: 'not-the-token-of-this-run' }), {
      code: 'link_rejected',
      message: /token of the invitation/,
    });
    assert.equal(federation.accepted.size, 0);
    const rejected = federation.coordinatorReports.ofKind('connection_close').at(-1);
    assert.deepEqual([rejected?.status, rejected?.participant], ['rejected', '']);
  });

  test('nobody can be the coordinator', async () => {
    await using federation = await new MemoryFederation().listen();
    await assert.rejects(federation.dial('coordinator'), { code: 'participant_name_taken' });
  });
});

describe('after the hello', () => {
  test('a hundred thousand tiny frames: closed for their rate, the others go on', async () => {
    await using federation = await new MemoryFederation().listen();
    await withBystander(federation, async () => {
      const wire = await acceptedWire(federation, 'mallory');
      const tiny = encodeFrame({ t: 'x' });
      const flood = (async () => {
        for (let i = 0; i < 100_000; i++) await wire.session.send({ lane: 'control', parts: tiny }, never);
      })();
      await assert.rejects(federation.within(5000, flood), { code: 'session_closed' });
      await closedWith(wire.session, 'rate_exceeded', /frames a second/);
    });
    assert.match(federation.accepted.get('mallory')?.status.reason ?? '', /rate_exceeded/);
  });

  test('a message in the name of another is dropped and answered, and the session goes on', async () => {
    await using federation = await new MemoryFederation().listen();
    const wire = await acceptedWire(federation, 'mallory');
    await rawSend(
      wire.session,
      messageFrame(1, { sender: 'node-1' as never }),
      messageFrame(2, { run: 'run-2' as never }),
      messageFrame(3, {}),
    );
    const link = federation.accepted.get('mallory');
    const [message] = await federation.within(
      1000,
      take((link as NonNullable<typeof link>).messages()[Symbol.asyncIterator](), 1),
    );
    assert.equal(batchOf(message as never), 3);
    const answers = federation.coordinatorReports
      .ofKind('error')
      .map(({ header }) => (JSON.parse(header) as { header: { body: { code: string } } }).header.body.code);
    assert.deepEqual(answers, ['sender_mismatch', 'run_mismatch']);
  });

  test('an unknown kind of message and an unknown kind of frame are reported and survived', async () => {
    await using federation = await new MemoryFederation().listen();
    const wire = await acceptedWire(federation, 'mallory');
    await rawSend(
      wire.session,
      messageFrame(1, { kind: 'telepathy' as never }),
      encodeFrame({ t: 'future' }),
      messageFrame(2, {}),
    );
    const link = federation.accepted.get('mallory');
    const [message] = await federation.within(
      1000,
      take((link as NonNullable<typeof link>).messages()[Symbol.asyncIterator](), 1),
    );
    assert.equal(batchOf(message as never), 2);
    const rejected = federation.coordinatorReports.packets
      .filter(({ status }) => status === 'rejected')
      .map(({ kind }) => kind);
    assert.deepEqual(rejected, ['telepathy', 'future']);
  });

  test('more transfers at once than allowed close the session', async () => {
    await using federation = await new MemoryFederation().listen();
    const wire = await acceptedWire(federation, 'mallory');
    const { payload } = modelMessage(1000);
    for (let i = 0; i < 2; i++) {
      const header = {
        ...{
          version: contractVersion,
          run: MemoryFederation.run,
          sender: 'mallory',
          kind: 'global_model',
          round: 1,
          id: `t.${i}`,
          sent_at: 1,
        },
        ...{ body: { purpose: 'train' }, payload: { hash: payload?.hash, length: 1000, encoding: 'safetensors' } },
      };
      await wire.session.send(
        { lane: `bulk:t.${i}`, parts: encodeFrame({ t: 'message', transfer: `t.${i}`, offset: 0, ack: 0, header }) },
        never,
      );
    }
    await federation.within(1000, closedWith(wire.session, 'rate_exceeded', /more than 1 transfer at once/));
  });

  test('a payload that is not what its hash says is refused, and its sender is told', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant, coordinator } = await federation.pair('node-1');
    const model = modelMessage(100_000);
    const other = modelMessage(100_000, 2);
    const lying = {
      ...model,
      payload: { bytes: model.payload?.bytes as Uint8Array, hash: other.payload?.hash as never },
    };
    const { acknowledged } = await participant.send(lying, never);
    await assert.rejects(federation.within(5000, acknowledged), {
      code: 'transfer_failed',
      message: /payload_hash_mismatch/,
    });
    assert.equal(coordinator.status.state, 'ready');
    assert.equal(participant.status.unacknowledged, 0);
  });

  test('an acknowledgement of what was never sent closes the session', async () => {
    await using federation = await new MemoryFederation().listen();
    const wire = await acceptedWire(federation, 'mallory');
    await rawSend(wire.session, encodeFrame({ t: 'ack', state: { ...nothing, received: 1_000_000 } }));
    await federation.within(1000, closedWith(wire.session, 'frame_malformed', /never sent/));
  });
});
