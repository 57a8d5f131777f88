import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { describe, test } from 'node:test';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { encodeFrame } from '#engine/framing/frame.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { findMosquitto, freePort, startMosquitto } from '#test/support/brokers/mosquitto.ts';
import { missingRabbitmq } from '#test/support/brokers/rabbitmq.ts';
import { AmqpTransport } from './amqp/amqp-transport.ts';
import { GrpcTransport } from './grpc/grpc-transport.ts';
import { MqttTransport } from './mqtt/mqtt-transport.ts';
import { QuicTransport } from './quic/quic-transport.ts';
import type { Listener, Session, Transport } from './transport.ts';

const signal = new AbortController().signal;
const about = { signal, run: 'r-families', token: 'a-token-of-sixteen-or-more' };
const parts = () => ({ clock: systemClock, entropy: systemEntropy, identity: createIdentity() });
const noIpv6 = !Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);

const ways: readonly { readonly name: string; readonly make: () => Transport; readonly missing?: string | false }[] = [
  { name: 'quinn', make: () => new QuicTransport({ ...parts(), providers: ['quinn'] }) },
  { name: 'webtransport', make: () => new QuicTransport({ ...parts(), providers: ['webtransport'] }) },
  { name: 'mqtt', make: () => new MqttTransport(parts()) },
  { name: 'grpc', make: () => new GrpcTransport(parts()) },
  { name: 'amqp', make: () => new AmqpTransport(parts()), missing: missingRabbitmq() },
];

function listen(transport: Transport, host: string, onSession: (session: Session) => void): Promise<Listener> {
  return transport.listen({ ...about, host, port: 0, onSession, onRefused: () => undefined });
}

/** A frame gets from a new session to the listener's end of it. */
async function reaches(
  transport: Transport,
  endpoints: readonly Endpoint[],
  come: () => Promise<Session>,
): Promise<void> {
  const coming = come();
  await using near = await transport.dial(endpoints, { ...about, participant: 'lab-1' });
  await near.send({ lane: 'control', parts: encodeFrame({ six: 6 }) }, { signal });
  const frames = (await coming).frames()[Symbol.asyncIterator]();
  assert.match(Buffer.concat((await frames.next()).value?.parts ?? []).toString(), /"six":6/);
}

// 203.0.113.0/24 and 2001:db8::/32 are kept for documentation (RFC 5737, 3849): no machine has them.
describe('an address that this machine does not have', () => {
  for (const { name, make, missing = false } of ways) {
    for (const [host, all] of [
      ['203.0.113.7', '0.0.0.0'],
      ['2001:db8::7', '::'],
    ] as const) {
      const skip = all === '::' && noIpv6 ? 'this machine has no IPv6' : missing;
      test(`${name} at ${host} names it, and all addresses of its family`, { skip }, () =>
        assert.rejects(
          listen(make(), host, () => assert.fail('nobody can come')),
          {
            code: 'settings_invalid',
            message: `${host} cannot be opened (this machine has no such address). Listen at an address of this machine, or at all of them with ${all}; one of a router or cloud in front of it is announced.`,
          },
        ),
      );
    }
  }
});

describe('addresses of both families', { skip: noIpv6 && 'this machine has no IPv6', concurrency: true }, () => {
  for (const { name, make, missing = false } of ways) {
    test(`${name} at :: answers over IPv6 and IPv4, and tells of both`, { skip: missing }, async () => {
      let arrived = Promise.withResolvers<Session>();
      const come = (): Promise<Session> => (arrived = Promise.withResolvers<Session>()).promise;
      await using listener = await listen(make(), '::', (session) => arrived.resolve(session));
      for (const host of ['::1', '127.0.0.1']) {
        const [endpoint] = listener.endpoints;
        await reaches(make(), [{ ...(endpoint as Endpoint), host }], come);
      }
      const told = new Set(listener.endpoints.map(({ host }) => host));
      const outside = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
      for (const family of ['IPv4', 'IPv6']) {
        const own = outside.filter((one) => one.family === family && !one.internal && (one.scopeid ?? 0) === 0);
        if (own.length > 0)
          assert.ok(
            own.some(({ address }) => told.has(address)),
            `${family} in ${[...told].join()}`,
          );
      }
    });
  }

  const mosquitto = findMosquitto();
  test(
    'mqtt at a broker elsewhere, by its IPv6 address',
    { skip: 'missing' in mosquitto && mosquitto.missing },
    async () => {
      assert.ok('path' in mosquitto);
      const port = await freePort('::1');
      await using _broker = await startMosquitto(mosquitto.path, [`listener ${port} ::1`]);
      const arrived = Promise.withResolvers<Session>();
      const served = new MqttTransport({ ...parts(), brokerUrl: `mqtt://[::1]:${port}` });
      await using listener = await listen(served, '127.0.0.1', (session) => arrived.resolve(session));
      assert.equal(listener.endpoints[0]?.host, '::1');
      await reaches(new MqttTransport(parts()), listener.endpoints, () => arrived.promise);
    },
  );
});
