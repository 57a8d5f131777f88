import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { RoundscopeError } from '#shared/base/errors.ts';
import { seededRandom } from '#shared/base/random.ts';
import { asParticipantId, asRunId } from '#shared/contract/ids.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import { workerPath } from '#engine/host/entries.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { signedPass } from '#engine/identity/pass.ts';
import { DialingLink } from '#engine/link/dial/dialing-link.ts';
import { LinkAcceptor } from '#engine/link/accept/link-acceptor.ts';
import type { Link } from '#engine/link/link.ts';
import { anyBulk, modelMessage, take } from '#test/support/kits/messages.ts';
import { RecordingReporter } from '#test/support/recorded/recording-reporter.ts';
import { dialingTransport, listeningTransport, type TransportParts } from '../registry.ts';
import type { Listener, Session, Transport } from '../transport.ts';
import { ChosenRoute } from './route.ts';
import { SeveralTransports } from './several-transport.ts';

const signal = new AbortController().signal;
const run = asRunId('r-several');
const token = 'several-token-0123456789';

function parts(identity = createIdentity()): TransportParts {
  return {
    clock: systemClock,
    entropy: systemEntropy,
    identity,
    workerOf: workerPath,
  };
}

function listen(plan: string, options: { readonly port?: number; readonly left?: Protocol[] } = {}) {
  const onUnavailable = (protocol: Protocol): void => void options.left?.push(protocol);
  const sessions: Session[] = [];
  const listening = listeningTransport(plan, 'same', { ...parts(), onUnavailable }).listen({
    signal,
    run,
    token,
    host: '127.0.0.1',
    port: options.port ?? 0,
    onSession: (session) => sessions.push(session),
    onRefused: () => undefined,
  });
  return { listening, sessions };
}

function dial(endpoints: readonly Endpoint[], take: Protocol, onFallback?: (reason: string) => void): Promise<Session> {
  const transport = dialingTransport(() => take, { control: 'same', endpoints }, parts());
  return transport.dial(endpoints, {
    signal,
    run,
    token,
    participant: 'node-1',
    observer: { onFallback: ({ from, to, reason }) => onFallback?.(`${from} > ${to}: ${reason}`) },
  });
}

/** A UDP port that is taken and answers nothing. */
async function silentPort(): Promise<{ readonly port: number } & AsyncDisposable> {
  const hole = createSocket('udp4').bind(0, '127.0.0.1');
  await once(hole, 'listening');
  return {
    port: hole.address().port,
    [Symbol.asyncDispose]: async () => void (await new Promise<void>((resolve) => hole.close(() => resolve()))),
  };
}

describe('several transports as one', () => {
  test('the coordinator offers each, and a participant gets the one that it chooses', async () => {
    const { listening } = listen('mqtt,grpc,quic');
    await using listener = await listening;
    assert.deepEqual([...new Set(listener.endpoints.map(({ protocol }) => protocol))], ['mqtt', 'grpc', 'quic']);
    for (const protocol of ['mqtt', 'grpc', 'quic'] as const) {
      await using session = await dial(listener.endpoints, protocol);
      assert.equal(session.protocol, protocol);
    }
  });

  test('one that does not answer costs its share of the time, and the next is taken, with the reason told', async () => {
    const { listening } = listen('mqtt,quic');
    await using listener = await listening;
    await using hole = await silentPort();
    const endpoints = listener.endpoints.map((endpoint) =>
      endpoint.protocol === 'quic' ? { ...endpoint, port: hole.port } : endpoint,
    );
    const told: string[] = [];
    await using session = await dial(endpoints, 'quic', (reason) => told.push(reason));
    assert.equal(session.protocol, 'mqtt');
    assert.match(told.at(-1) ?? '', /^quinn > mqtt\.js: ./);
  });

  test('a word that the run is over is not hidden by another way on which nobody answers', async () => {
    const asked: Protocol[] = [];
    const way = (protocol: Protocol, error: RoundscopeError): Transport => ({
      protocol,
      dial: async () => {
        asked.push(protocol);
        throw error;
      },
      listen: () => assert.fail('nobody listens here'),
    });
    const endpoint = { provider: 'any', host: '127.0.0.1', port: 1 };
    for (const code of ['run_over', 'link_rejected', 'identity_mismatch'] as const) {
      asked.length = 0;
      const said = new RoundscopeError(code, { layer: 'transport', message: code });
      const silence = new RoundscopeError('connect_refused', { layer: 'transport', message: 'no', retryable: true });
      const transport = new SeveralTransports({
        transports: [way('mqtt', said), way('quic', silence), way('grpc', silence)],
        clock: systemClock,
        route: new ChosenRoute(() => 'quic'),
      });
      const endpoints = (['mqtt', 'quic', 'grpc'] as const).map((protocol) => ({ ...endpoint, protocol }));
      await assert.rejects(transport.dial(endpoints as Endpoint[], { signal, run, token, participant: 'node-1' }), {
        code,
      });
      assert.deepEqual(asked, ['quic', 'mqtt'], 'what comes after the word is not asked');
    }
  });

  test('what auto cannot offer is left out and named; what was asked for by name is an error', async () => {
    await using taken = await silentPort();
    const left: Protocol[] = [];
    // The first transport of the plan gets the port itself.
    await assert.rejects(listen('quic,mqtt', { port: taken.port }).listening, { code: 'port_in_use' });
    const listener = await listen('auto', { port: taken.port, left }).listening;
    await using _listener: Listener = listener;
    assert.ok(left.includes('quic'));
    assert.ok(listener.endpoints.every(({ protocol }) => protocol !== 'quic'));
    assert.ok(listener.endpoints.some(({ protocol }) => protocol === 'mqtt'));
  });

  test('control over mqtt goes with one transport only', () => {
    assert.throws(() => listeningTransport('quic,grpc', 'mqtt', { ...parts(), onUnavailable: () => undefined }), {
      code: 'settings_invalid',
    });
  });
});

test('a transfer that one transport began goes on over another where it was', { timeout: 60_000 }, async () => {
  const reports = { participant: new RecordingReporter(), coordinator: new RecordingReporter() };
  const { promise: accepted, resolve } = Promise.withResolvers<Link>();
  const [coordinating, identity] = [createIdentity(), createIdentity()];
  await using acceptor = new LinkAcceptor({
    run,
    token,
    identity: coordinating,
    clock: systemClock,
    entropy: systemEntropy,
    reporter: reports.coordinator,
    onLink: resolve,
  });
  await using listener = await listeningTransport('quic,mqtt,grpc', 'same', {
    ...parts(coordinating),
    onUnavailable: () => undefined,
  }).listen({
    signal,
    run,
    token,
    host: '127.0.0.1',
    port: 0,
    onSession: (session) => acceptor.accept(session),
    onRefused: () => undefined,
  });
  const { endpoints } = listener;
  const course: Protocol[] = ['quic', 'mqtt', 'grpc'];
  let opened = 0;
  const transport = dialingTransport(() => course[opened++] ?? 'quic', { control: 'same', endpoints }, parts(identity));
  await using link = await DialingLink.open({
    identity,
    invitation: {
      run,
      token,
      identity: coordinating.peerId,
      endpoints: [...endpoints],
      pass: signedPass(coordinating, run, { generation: 0 }),
    },
    participant: asParticipantId('node-1'),
    transport,
    clock: systemClock,
    random: seededRandom('several'),
    entropy: systemEntropy,
    reporter: reports.participant,
    signal,
  });
  const coordinator = await accepted;
  coordinator.expect(anyBulk);
  const received = (): number =>
    reports.coordinator
      .ofKind('chunk')
      .filter(({ side, status }) => side === 'received' && status === 'ok')
      .reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);
  const total = 48 * 1024 * 1024;
  const model = modelMessage(total);
  const message = take(coordinator.messages()[Symbol.asyncIterator](), 1);
  await link.send(model, { signal });
  // Twice in mid-transfer: quic to mqtt, mqtt to grpc.
  for (const [index, share] of [0.25, 0.5].entries()) {
    // A burst may bring more than its share, so each session must be there, and have carried something, before it is cut.
    const before = received();
    const carries = (): boolean =>
      link.status.state === 'ready' && link.status.connections === index + 1 && received() > before;
    while (!carries() || received() < share * total) await new Promise((next) => setImmediate(next));
    link.dropSession('the network has changed');
  }
  const [got] = await message;
  assert.equal(Buffer.compare(got?.payload as Uint8Array, model.payload?.bytes as Uint8Array), 0);
  assert.deepEqual([link.status.protocol, link.status.connections], ['grpc', 3]);
  const bytes = received();
  assert.ok(bytes <= total * 1.1, `${bytes} bytes were received for ${total}`);
  assert.equal(reports.coordinator.ofKind('global_model').filter(({ status }) => status === 'duplicate').length, 0);
});
