import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { workerPath } from '#engine/host/entries.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { limits } from '#shared/contract/limits.ts';
import { seededIdentity } from '#test/support/seeded-identity.ts';
import { missingLibrary } from '#test/support/brokers/cyclone.ts';
import { buildPeer, findTools, Peer, type BuiltPeer } from '#test/support/brokers/dds-peer.ts';
import { bytesIn } from '../../framing/parts.ts';
import type { IncomingFrame, ListenOptions, Session } from '../transport.ts';
import { DdsTransport } from './dds-transport.ts';
import { domainConfig } from './domain-config.ts';
import { freePortPair } from './places.ts';

const run = 'r-interop';
const token = 'a-token-of-this-run';
const signal = new AbortController().signal;
const participant = 'node-c';
const coordinator = seededIdentity('dds-interop');
const host = '127.0.0.1';
const sizes = [1000, 1_000_000, 50_000_000];
/** Against hanging. */
const patience = { timeout: 60_000 };

const tools = findTools();
const skip = (await missingLibrary()) || ('missing' in tools && tools.missing);

function transport(lossPerMille: number): DdsTransport {
  return new DdsTransport({
    clock: systemClock,
    entropy: systemEntropy,
    identity: coordinator,
    worker: workerPath('dds'),
    lossPerMille,
  });
}

/** Both ends of a session, one of them the C program. */
interface Joined {
  readonly session: Session;
  readonly peer: Peer;
}

/** A coordinator of ours, until the test is over. */
async function ours(
  owned: AsyncDisposableStack,
  onRefused: ListenOptions['onRefused'],
  lossPerMille = 0,
): Promise<{ readonly port: number; readonly opened: Promise<Session> }> {
  const opened = Promise.withResolvers<Session>();
  const options = { signal, run, token, host, port: 0, onSession: opened.resolve, onRefused };
  const listener = owned.use(await transport(lossPerMille).listen(options));
  return { port: listener.endpoints[0]?.port ?? 0, opened: opened.promise };
}

/** The C program joins our coordinator, which was there before it. */
async function cParticipant(built: BuiltPeer, lossPerMille: number, owned: AsyncDisposableStack): Promise<Joined> {
  const { port, opened } = await ours(owned, () => undefined, lossPerMille);
  const config = domainConfig({ domain: 0, address: host, port: null, peers: [{ host, port }], lossPerMille });
  const peer = owned.use(new Peer(built, { role: 'participant', config, run, participant, token, coordinator }));
  return { session: await Promise.race([opened, failed(peer)]), peer };
}

/** We join a coordinator that is the C program. */
async function cCoordinator(built: BuiltPeer, lossPerMille: number, owned: AsyncDisposableStack): Promise<Joined> {
  const port = await freePortPair(host, 0);
  const config = domainConfig({ domain: 0, address: host, port, peers: [], lossPerMille });
  const peer = owned.use(new Peer(built, { role: 'coordinator', config, run, participant, token, coordinator }));
  await peer.said('listening');
  const endpoints = [
    { protocol: 'dds', provider: 'dds', host, port, domain: 0, identity: coordinator.peerId },
  ] as const;
  return {
    session: owned.use(await transport(lossPerMille).dial(endpoints, { signal, run, participant, token })),
    peer,
  };
}

async function failed(peer: Peer): Promise<never> {
  const { code, stderr } = await peer.exit;
  throw new Error(`the peer ended with ${code}: ${stderr}`);
}

function model(size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >>> 8) * 7 + size) & 0xff;
  return bytes;
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function send(session: Session, lane: `bulk:${string}`, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.byteLength; at += limits.chunkBytes) {
    const part = bytes.subarray(at, at + limits.chunkBytes);
    await session.send({ lane, parts: [part], last: at + part.byteLength === bytes.byteLength }, { signal });
  }
}

/** A model to the peer, which must say what it got, and one back, of which each bit is turned. */
async function exchange({ session, peer }: Joined, size: number, frames: AsyncIterator<unknown>): Promise<void> {
  const bytes = model(size);
  const lane = `bulk:model-${size}` as const;
  const sending = send(session, lane, bytes);
  const received: Uint8Array[] = [];
  let told = '';
  while (bytesIn(received) < size || told === '') {
    const next = (await frames.next()) as IteratorResult<IncomingFrame>;
    assert.ok(next.done !== true, `the session ended: ${peer.lines.join(' | ')}`);
    const frame = next.value;
    if (frame.lane === 'control') told = Buffer.concat(frame.parts).toString();
    else {
      assert.equal(frame.lane, lane);
      received.push(...frame.parts);
    }
  }
  await sending;
  assert.equal(told, `${lane} ${size} ${hash(bytes)}`);
  assert.equal(hash(Buffer.concat(received)), hash(Buffer.from(bytes.map((byte) => byte ^ 0xff))));
}

describe('dds with a peer in C, built from the same IDL', { skip }, () => {
  let built: BuiltPeer;
  before(async () => {
    assert.ok(!('missing' in tools));
    built = await buildPeer(tools);
  });
  after(() => built[Symbol.asyncDispose]());

  for (const [what, join] of [
    ['as a participant', cParticipant],
    ['as the coordinator', cCoordinator],
  ] as const) {
    for (const lossPerMille of [0, 50]) {
      const weather = lossPerMille === 0 ? '' : `, ${lossPerMille / 10} % of all datagrams lost both ways`;
      test(`${what}: 1 KB, 1 MB and 50 MB there and back${weather}`, patience, async () => {
        await using owned = new AsyncDisposableStack();
        const joined = await join(built, lossPerMille, owned);
        const frames = joined.session.frames()[Symbol.asyncIterator]();
        for (const size of sizes) await exchange(joined, size, frames);
        // Who comes later is told what was announced before it came.
        if (join === cParticipant) assert.equal(await joined.peer.said('online'), `online ${run}`);
        await joined.session.close('clean', 'the run is over');
        assert.match(await joined.peer.said('closed'), /"code":"clean","reason":"the run is over"/);
        assert.deepEqual(await joined.peer.exit, { code: 0, stderr: '' });
      });
    }

    test(`${what}, killed: the session is lost, and says that the peer is no longer there`, patience, async () => {
      await using owned = new AsyncDisposableStack();
      const joined = await join(built, 0, owned);
      joined.peer.kill('SIGKILL');
      const end = await joined.session.closed;
      assert.deepEqual([end.code, end.local], ['lost', false]);
      assert.match(end.reason, /no longer there/);
    });
  }

  for (const [fault, words] of [
    [
      'type',
      /roundscope_session_\w+ with type roundscope::Sample, which here is roundscope::Announce.*roundscope\.idl/,
    ],
    ['quality', /its reliability does not suit .*roundscope\.idl/],
  ] as const) {
    test(`a participant whose topics have another ${fault} is named, and the others go on`, patience, async () => {
      await using owned = new AsyncDisposableStack();
      const refused = Promise.withResolvers<string>();
      const { port } = await ours(owned, ({ reason }) => refused.resolve(reason));
      const config = domainConfig({ domain: 0, address: host, port: null, peers: [{ host, port }] });
      owned.use(new Peer(built, { role: 'participant', config, run, participant, token, coordinator, fault }));
      assert.match(await refused.promise, words);
      const endpoints = [
        { protocol: 'dds', provider: 'dds', host, port, domain: 0, identity: coordinator.peerId },
      ] as const;
      const session = await transport(0).dial(endpoints, { signal, run, participant: 'node-1', token });
      await session.close('clean', 'it could be opened');
    });

    test(`a coordinator whose topics have another ${fault} is an error that says so`, patience, async () => {
      await using owned = new AsyncDisposableStack();
      const port = await freePortPair(host, 0);
      const config = domainConfig({ domain: 0, address: host, port, peers: [] });
      const peer = owned.use(
        new Peer(built, { role: 'coordinator', config, run, participant, token, coordinator, fault }),
      );
      await peer.said('unfit');
      const endpoints = [
        { protocol: 'dds', provider: 'dds', host, port, domain: 0, identity: coordinator.peerId },
      ] as const;
      await assert.rejects(transport(0).dial(endpoints, { signal, run, participant: 'node-1', token }), (error) => {
        assert.ok(error instanceof RoundscopeError, String(error));
        assert.equal(error.code, 'version_unsupported');
        assert.match(error.message, words);
        return true;
      });
    });
  }
});
