import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeFrame, encodeFrame } from '#engine/framing/frame.ts';
import type { Identity } from '#engine/identity/identity.ts';
import type { IncomingFrame, Session } from '#engine/transport/transport.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { contractVersion } from '#shared/contract/messages.ts';
import { MemoryFederation } from '#test/support/kits/memory-federation.ts';
import { RecordingReporter } from '#test/support/recorded/recording-reporter.ts';
import { seededIdentity } from '#test/support/seeded-identity.ts';
import { sayHello, type DialerHello, type Welcomed } from '../dial/dialer-hello.ts';
import { proveHello, signAnswer, type HelloFacts } from './hello-proof.ts';
import { PacketLog } from '../records/packet-log.ts';
import { Wire } from '../wire.ts';

const never = { signal: new AbortController().signal };
const nothing = { received: 0, transfers: [], done: [], failed: [] };
const [owner, thief] = [seededIdentity('node-1'), seededIdentity('thief')];
const instance = 'ab'.repeat(16);

type Header = Readonly<Record<string, unknown>>;
type Change = (header: Header) => Header;

/** What somebody on the way, or a transport, makes of a session. */
interface Way {
  readonly peerIdentity?: string | null;
  readonly channel?: string;
  readonly up?: Change;
  readonly down?: Change;
}

function over(session: Session, { up, down, ...facts }: Way): Session {
  const changed = (parts: readonly Uint8Array[], change: Change): readonly Uint8Array[] => {
    const frame = decodeFrame(parts);
    assert.ok(frame.ok);
    return encodeFrame(change(frame.value.header));
  };
  async function* frames(): AsyncIterable<IncomingFrame> {
    for await (const frame of session.frames())
      yield down === undefined ? frame : { ...frame, parts: changed(frame.parts, down) };
  }
  const changes: Partial<Session> = {
    ...facts,
    frames,
    send: (frame, options) =>
      session.send(up === undefined ? frame : { ...frame, parts: changed(frame.parts, up) }, options),
  };
  return new Proxy(session, {
    get: (inner, name) => {
      if (name in changes) return changes[name as keyof Session];
      const value: unknown = Reflect.get(inner, name);
      return typeof value === 'function' ? (value.bind(inner) as unknown) : value;
    },
  });
}

/** A coordinator, and hellos that reach it on ways of their own. */
class Door implements AsyncDisposable {
  readonly federation = new MemoryFederation();
  #port = 5000;

  async hello({
    near = {},
    far = {},
    identity = owner,
    ...more
  }: { near?: Way; far?: Way; identity?: Identity } & Partial<Omit<DialerHello, 'identity'>> = {}): Promise<
    Welcomed & { readonly session: Session }
  > {
    const session = over(await this.dial(far), near);
    const context = { participant: 'node-1', protocol: 'memory', stack: 'memory', connection: 1 } as const;
    const log = new PacketLog(new RecordingReporter(), 'participant');
    const wire = new Wire(session, { clock: this.federation.clock, log, context });
    const hello = {
      invitation: this.federation.invitation(),
      identity,
      participant: 'node-1' as never,
      instance,
      nonce: 'cd'.repeat(16),
      resumes: false,
      state: nothing,
      ...more,
    };
    return { ...(await this.federation.within(20_000, sayHello(wire, hello))), session };
  }

  /** A session that the acceptor sees as `far` says. */
  async dial(far: Way): Promise<Session> {
    const { network, acceptor } = this.federation;
    const where = { host: 'coordinator', port: this.#port++ };
    const about = { ...never, run: MemoryFederation.run };
    await network.listen({
      ...about,
      ...where,
      onSession: (session) => acceptor.accept(over(session, far)),
      onRefused: () => undefined,
    });
    return network.dial([{ protocol: 'memory', provider: 'memory', ...where }], { ...about, participant: 'node-1' });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.federation[Symbol.asyncDispose]();
  }
}

describe('who dials', () => {
  test('goes on with its link on whatever transport, by the same key', async () => {
    await using door = new Door();
    const proved = { peerIdentity: owner.peerId };
    const first = await door.hello({ far: proved });
    const { epoch } = first;
    const second = await door.hello({ resumes: true, epoch });
    const third = await door.hello({ resumes: true, epoch, far: { channel: 'ee' }, near: { channel: 'ee' } });
    assert.deepEqual([second.epoch, third.epoch], [epoch, epoch]);
  });

  test('is not let on with a link by all that its owner has said, over any transport, without its key', async () => {
    await using door = new Door();
    const { epoch } = await door.hello({ far: { peerIdentity: owner.peerId } });
    const stolen = { identity: thief, resumes: true, epoch };
    for (const peerIdentity of [null, thief.peerId])
      await assert.rejects(door.hello({ ...stolen, far: { peerIdentity } }), { code: 'participant_name_taken' });
    assert.equal((await door.hello({ resumes: true, epoch })).epoch, epoch, 'its owner is');
  });

  test('must sign as its connection has proved', async () => {
    await using door = new Door();
    await assert.rejects(door.hello({ far: { peerIdentity: thief.peerId } }), {
      code: 'link_rejected',
      message: /its connection proved/,
    });
    assert.equal((await door.hello({ far: { peerIdentity: owner.peerId } })).peer.received, 0);
  });

  test('is who it says it is: naming the peer id of another is refused', async () => {
    await using door = new Door();
    const up: Change = (header) => (header['t'] === 'hello' ? { ...header, peer: owner.peerId } : header);
    await assert.rejects(door.hello({ identity: thief, near: { up } }), { code: 'identity_mismatch' });
    assert.deepEqual([...door.federation.accepted.keys()], []);
    for (const peer of ['', 'nobody', `${owner.peerId}1`, 'x'.repeat(100)]) {
      const named: Change = (header) => (header['t'] === 'hello' ? { ...header, peer } : header);
      await assert.rejects(door.hello({ near: { up: named } }), RoundscopeError, peer);
    }
    assert.deepEqual([...door.federation.accepted.keys()], []);
  });

  const changes: Readonly<Record<string, Header>> = {
    'what it has received': { state: { ...nothing, received: 5 } },
    'the life of the coordinator that it means': { epoch: 'ee'.repeat(16) },
    'whether it has been here before': { resumes: true },
    'its name': { participant: 'node-2' },
    'its instance': { instance: 'ef'.repeat(16) },
    'its nonce': { nonce: 'ef'.repeat(16) },
    'whether it only looks': { look: 'node-3' },
  };
  for (const [what, change] of Object.entries(changes)) {
    test(`cannot have ${what} changed on the way`, async () => {
      await using door = new Door();
      const up: Change = (header) => (header['t'] === 'hello' ? { ...header, ...change } : header);
      // The coordinator refuses, of a hello that is not the one that was said: its refusal is not believed either.
      await assert.rejects(door.hello({ near: { up } }), { code: 'identity_mismatch' });
      assert.deepEqual([...door.federation.accepted.keys()], []);
      const rejected = door.federation.coordinatorReports.ofKind('connection_close').at(-1);
      assert.match(rejected?.note ?? '', /changed on the way/);
    });
  }

  test('is passed on over no other session: what both ends of one have is signed too', async () => {
    await using door = new Door();
    await assert.rejects(door.hello({ near: { channel: 'aa' }, far: { channel: 'bb' } }), {
      code: 'identity_mismatch',
    });
    assert.deepEqual([...door.federation.accepted.keys()], []);
  });

  test('a proof overheard on one session is worth nothing on another', async () => {
    await using door = new Door();
    const overheard: Header[] = [];
    const listen: Change = (header) => {
      overheard.push(header);
      return header;
    };
    await door.hello({ near: { up: listen } });
    const replay: Change = (header) => (header['t'] === 'proof' ? (overheard[1] as Header) : header);
    assert.equal(overheard[1]?.['t'], 'proof');
    await assert.rejects(door.hello({ near: { up: replay } }), { code: 'link_rejected' });
  });

  test('without the token of the invitation its key is worth nothing, and it is told so', async () => {
    await using door = new Door();
    const invitation = door.federation.invitation({ token: 'another-token-of-sixteen' });
    await assert.rejects(door.hello({ invitation }), { code: 'link_rejected', message: /token of the invitation/ });
  });

  test('an older version is told that it is one, and a newer one is too', async () => {
    await using door = new Door();
    for (const [version, older] of [
      [contractVersion - 1, 'participant'],
      [contractVersion + 1, 'coordinator'],
    ] as const) {
      const up: Change = ({ peer: _, ...header }) => ({ ...header, version });
      await assert.rejects(door.hello({ near: { up } }), {
        code: 'version_unsupported',
        message: new RegExp(`the ${older} is older`),
      });
    }
  });
});

/** Somebody with the invitation who plays the coordinator: what it answers to a hello that it has heard. */
async function answeredBy(
  answer: (facts: HelloFacts) => Header,
  asked: { challenged?: boolean } = {},
): Promise<Welcomed> {
  const federation = new MemoryFederation();
  const { challenged = true } = asked;
  const challenge = 'ab'.repeat(16);
  await federation.network.listen({
    ...never,
    run: MemoryFederation.run,
    host: 'coordinator',
    port: 4433,
    onRefused: () => undefined,
    onSession: (session) =>
      void (async () => {
        const frames = session.frames()[Symbol.asyncIterator]();
        const heard = decodeFrame((await frames.next()).value?.parts ?? []);
        assert.ok(heard.ok);
        const hello = heard.value.header as unknown as HelloFacts['hello'];
        const say = (header: Header): Promise<unknown> =>
          session.send({ lane: 'control', parts: encodeFrame(header) }, never);
        if (challenged) await say({ t: 'challenge', nonce: challenge });
        if (challenged) await frames.next();
        const coordinator = MemoryFederation.identity.peerId;
        await say({ t: 'hello_ack', ...answer({ hello, challenge, coordinator, channel: '' }) });
      })(),
  });
  const session = await federation.network.dial(federation.endpoints, {
    ...never,
    run: MemoryFederation.run,
    participant: 'node-1',
  });
  const context = { participant: 'node-1', protocol: 'memory', stack: 'memory', connection: 1 } as const;
  const log = new PacketLog(new RecordingReporter(), 'participant');
  const wire = new Wire(session, { clock: federation.clock, log, context });
  const about = { invitation: federation.invitation(), participant: 'node-1' as never, instance, nonce: instance };
  return federation.within(20_000, sayHello(wire, { ...about, identity: owner, resumes: false, state: nothing }));
}

describe('who answers', () => {
  const accepted = { accepted: true, state: nothing, epoch: 'ee'.repeat(16) } as const;
  const over = { accepted: false, code: 'run_over', reason: 'go home', retry: false, status: 'completed' } as const;
  const impostor = { code: 'identity_mismatch', message: /could not prove to be the coordinator of the invitation/ };

  test('is believed when it signs as whom the invitation names, in what it grants and in what it refuses', async () => {
    const sign = (answer: typeof accepted | typeof over) => (facts: HelloFacts) => ({
      ...answer,
      signature: signAnswer(facts, answer, MemoryFederation.identity),
    });
    assert.deepEqual(await answeredBy(sign(accepted)), { peer: nothing, epoch: accepted.epoch });
    await assert.rejects(answeredBy(sign(over)), { code: 'run_over', context: { status: 'completed' } });
  });

  test('an insider is not the coordinator, whatever it grants or refuses', async () => {
    for (const answer of [accepted, over]) {
      const by = (identity: Identity) => (facts: HelloFacts) => ({
        ...answer,
        signature: signAnswer(facts, answer, identity),
      });
      await assert.rejects(answeredBy(by(thief)), impostor);
      const honest = MemoryFederation.identity;
      const changed = answer.accepted
        ? { ...accepted, state: { ...nothing, received: 3 } }
        : { ...over, status: 'failed' };
      await assert.rejects(
        answeredBy((facts) => ({ ...changed, signature: signAnswer(facts, answer, honest) })),
        impostor,
      );
      // The participant's own proof comes back.
      await assert.rejects(
        answeredBy((facts) => ({ ...answer, signature: proveHello(facts, MemoryFederation.token, honest).signature })),
        impostor,
      );
    }
    await assert.rejects(
      answeredBy(() => over),
      impostor,
    );
    await assert.rejects(
      answeredBy(() => over, { challenged: false }),
      impostor,
    );
  });

  test('without a proof only another version or another run is said', async () => {
    for (const code of ['version_unsupported', 'run_mismatch'] as const)
      await assert.rejects(
        answeredBy(() => ({ ...over, code, status: undefined }), { challenged: false }),
        { code },
      );
  });

  test('the connection must have proved the coordinator, where it proves anybody', async () => {
    await using door = new Door();
    const near = { peerIdentity: thief.peerId };
    await assert.rejects(door.hello({ near }), { code: 'identity_mismatch', message: /its connection proved/ });
    await door.hello({ near: { peerIdentity: MemoryFederation.identity.peerId } });
  });

  test('an impostor is final for who has never been in', async () => {
    await using federation = await new MemoryFederation().listen();
    const coordinator = seededIdentity('somebody else');
    await assert.rejects(federation.dial('node-1', { coordinator, patienceMs: 60_000 }), impostor);
    assert.equal(federation.clock.pendingTimers, 0);
  });
});

test('no two sets of facts are signed alike', () => {
  const hello = {
    version: contractVersion,
    run: 'r' as never,
    participant: 'p' as never,
    instance,
    peer: owner.peerId,
    nonce: 'cd'.repeat(16),
    pass: { generation: 0 },
    resumes: false,
    state: nothing,
  };
  const facts: HelloFacts = { hello, challenge: '', coordinator: 'c', channel: '' };
  const others: HelloFacts[] = [
    facts,
    { ...facts, challenge: 'x' },
    { ...facts, channel: 'x' },
    { ...facts, coordinator: 'c","x' },
    { ...facts, hello: { ...hello, run: 'r","p' as never } },
    ...[{ resumes: true }, { epoch: 'x' }, { look: 'x' as never }, { version: 9 }, { pass: { generation: 1 } }].map(
      (more) => ({
        ...facts,
        hello: { ...hello, ...more },
      }),
    ),
    ...[{ received: 1 }, { done: ['a' as never] }, { transfers: [{ id: 'a' as never, bytes: 0 }] }].map((more) => ({
      ...facts,
      hello: { ...hello, state: { ...nothing, ...more } },
    })),
  ];
  const proofs = others.map((one) => proveHello(one, MemoryFederation.token, owner).mac);
  assert.equal(new Set(proofs).size, others.length);
});
