import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { batchOf, modelMessage, progressMessage, take } from '#test/support/kits/messages.ts';
import { TcpPath, UdpPath } from '#test/support/network-path.ts';
import { QuicFederation, type Dialed } from '#test/support/brokers/quic-federation.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';

const never = new AbortController().signal;
const MB = 1_000_000;
const modelBytes = 32 * MB;
const noAnswer = 'No answer over UDP: none in 2.5 s; over TCP now, and UDP is tried again';

function portOf(endpoints: readonly Endpoint[], provider: Endpoint['provider']): number {
  return endpoints.find((endpoint) => endpoint.provider === provider)?.port ?? 0;
}

/** Sends a model up, lets `disturb` act when part of it has passed, and checks that it comes whole and once. */
async function sendThrough(
  { near, far }: Dialed,
  passed: Promise<void>,
  disturb: () => void | Promise<void>,
): Promise<void> {
  const received = far.messages()[Symbol.asyncIterator]();
  const model = modelMessage(modelBytes);
  const sent = await near.send({ ...model, kind: 'global_model' }, { signal: never });
  await passed;
  await disturb();
  const [message] = await take(received, 1);
  assert.equal(Buffer.compare(message?.payload as Uint8Array, model.payload?.bytes as Uint8Array), 0);
  await sent.acknowledged;
  // The next one to come is the next one sent: the model came once.
  await near.send(progressMessage(7), { signal: never });
  const [next] = await take(received, 1);
  assert.equal(batchOf(next as never), 7);
}

/** Where the last announcement of the model went on. */
function resumedAt({ reports }: Dialed): number {
  const note = reports.ofKind('global_model').findLast(({ status }) => status === 'ok')?.note ?? '';
  return Number(/^resumed at byte (\d+)/.exec(note)?.[1] ?? 0);
}

function told({ reports }: Dialed): { readonly stack: string; readonly fallback: string | undefined } | undefined {
  const ready = reports.ofType('link_state').findLast(({ state }) => state === 'ready');
  return ready === undefined ? undefined : { stack: ready.stack, fallback: ready.fallback };
}

describe('a QUIC link and the network under it', { concurrency: 3 }, () => {
  test('the coordinator knows the key of whose link it is, as `register` names it', async () => {
    await using federation = await QuicFederation.open();
    const { near, far } = await federation.dial(federation.endpoints());
    assert.equal(near.status.stack, 'quinn');
    assert.equal(far.status.peerKey, federation.identity.fingerprint);
  });

  test('a NAT that gives the flow another port in mid-transfer: the link goes on in another session', async (t) => {
    await using federation = await QuicFederation.open();
    await using path = await UdpPath.open(portOf(federation.endpoints(), 'quinn'));
    const dialed = await federation.dial(federation.endpoints({ udp: path.port }));
    await sendThrough(dialed, path.meter.passed(8 * MB), () => path.rebind());
    assert.ok(path.flows >= 2);
    assert.equal(told(dialed)?.stack, 'quinn');
    // The addon's server has migration switched off, so today it is another session.
    const { connections } = dialed.near.status;
    t.diagnostic(`${connections} connection(s), resumed at ${resumedAt(dialed)} of ${modelBytes} bytes`);
    assert.equal(connections, 2);
    assert.ok(resumedAt(dialed) > 0, 'from where it was');
  });

  test('over TCP an address that is gone ends the session; the next goes on where the last was', async (t) => {
    await using federation = await QuicFederation.open();
    await using path = await TcpPath.open(portOf(federation.endpoints(), 'webtransport'));
    const [, webTransport] = federation.endpoints({ tcp: path.port });
    const dialed = await federation.dial([webTransport as Endpoint]);
    await sendThrough(dialed, path.meter.passed(20 * MB), () => path.cut());
    assert.equal(dialed.near.status.connections, 2);
    t.diagnostic(`resumed at ${resumedAt(dialed)} of ${modelBytes} bytes`);
    assert.ok(resumedAt(dialed) > 0);
    assert.equal(told(dialed)?.fallback, undefined);
  });

  test('UDP swallowed from the start: the link opens over TCP, and its state says why', async () => {
    await using federation = await QuicFederation.open();
    await using hole = await UdpPath.open(portOf(federation.endpoints(), 'quinn'));
    hole.swallows = true;
    const dialed = await federation.dial(federation.endpoints({ udp: hole.port }));
    assert.deepEqual(told(dialed), { stack: 'webtransport-h2', fallback: noAnswer });
    // Silent once more while TCP answers: now it is known.
    await dialed.reports.until(() => told(dialed)?.fallback?.startsWith('UDP blocked: TCP answers') === true);
    const notices = dialed.reports.ofType('notice').map(({ text }) => text);
    assert.deepEqual([notices[0], notices.length], [noAnswer, 2]);
    assert.match(notices[1] ?? '', /^UDP blocked: TCP answers and UDP does not/);
  });

  test('nobody answered over UDP yet: it is found soon, and nobody has called it blocked', async () => {
    await using federation = await QuicFederation.open();
    await using late = await UdpPath.open(portOf(federation.endpoints(), 'quinn'));
    late.swallows = true;
    const dialed = await federation.dial(federation.endpoints({ udp: late.port }));
    late.swallows = false;
    await dialed.reports.until(() => told(dialed)?.stack === 'quinn');
    assert.equal(told(dialed)?.fallback, undefined);
    assert.equal(dialed.near.status.connections, 2);
    assert.doesNotMatch(
      dialed.reports
        .ofType('notice')
        .map(({ text }) => text)
        .join(),
      /blocked/,
    );
  });

  test('UDP swallowed in mid-transfer: it goes on over TCP where it was; UDP again when that is back', async (t) => {
    await using federation = await QuicFederation.open();
    await using path = await UdpPath.open(portOf(federation.endpoints(), 'quinn'));
    const dialed = await federation.dial(federation.endpoints({ udp: path.port }));
    assert.deepEqual(told(dialed), { stack: 'quinn', fallback: undefined });
    await sendThrough(dialed, path.meter.passed(20 * MB), () => void (path.swallows = true));
    assert.deepEqual(told(dialed), { stack: 'webtransport-h2', fallback: noAnswer });
    t.diagnostic(`resumed at ${resumedAt(dialed)} of ${modelBytes} bytes`);
    assert.ok(resumedAt(dialed) > 0);
    assert.match(
      dialed.reports.ofType('link_state').find(({ state }) => state === 'lost')?.reason ?? '',
      /nothing heard for|not acknowledged|nothing acknowledged/,
    );

    path.swallows = false;
    dialed.near.dropSession('the network changed');
    await dialed.reports.until(() => told(dialed)?.stack === 'quinn');
    assert.equal(told(dialed)?.fallback, undefined);
    await dialed.near.send(progressMessage(8), { signal: never });
    const [message] = await take(dialed.far.messages()[Symbol.asyncIterator](), 1);
    assert.equal(batchOf(message as never), 8);
  });

  test('a wall clock that jumps either way is nothing to a link', async () => {
    let jumpMs = 0;
    const clock: Clock = { ...systemClock, wallMs: () => systemClock.wallMs() + jumpMs };
    await using federation = await QuicFederation.open(clock);
    const dialed = await federation.dial(federation.endpoints(), clock);
    const received = dialed.far.messages()[Symbol.asyncIterator]();
    for (const [index, hours] of [0, 30, -30].entries()) {
      jumpMs = hours * 3_600_000;
      const heartbeats = dialed.reports.ofKind('heartbeat').length;
      await dialed.near.send(progressMessage(index), { signal: never });
      const [message] = await take(received, 1);
      assert.equal(batchOf(message as never), index);
      // Two each way are sent and checked under the new time.
      await dialed.reports.until((reports) => reports.ofKind('heartbeat').length >= heartbeats + 4);
    }
    assert.deepEqual([dialed.near.status.state, dialed.near.status.connections], ['ready', 1]);
  });
});
