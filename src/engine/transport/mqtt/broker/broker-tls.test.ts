import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { selfSigned } from '#engine/identity/certificate.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { findMosquitto, startMosquitto } from '#test/support/brokers/mosquitto.ts';
import type { Listener, Session } from '#engine/transport/transport.ts';
import { MqttTransport, type MqttOptions } from '../mqtt-transport.ts';

const run = 'r-tls';
const token = 'the-token-of-this-run';
const signal = new AbortController().signal;

function transport(options: Partial<MqttOptions> = {}): MqttTransport {
  return new MqttTransport({ clock: systemClock, entropy: systemEntropy, identity: createIdentity(), ...options });
}

interface Served extends AsyncDisposable {
  readonly endpoints: readonly Endpoint[];
  readonly port: number;
  readonly first: Promise<Session>;
  readonly sessions: () => number;
  readonly refused: readonly string[];
}

async function serve(served = transport()): Promise<Served> {
  const first = Promise.withResolvers<Session>();
  const refused: string[] = [];
  let count = 0;
  const listener: Listener = await served.listen({
    signal,
    run,
    token,
    host: '127.0.0.1',
    port: 0,
    onSession: (session) => {
      count++;
      first.resolve(session);
    },
    onRefused: ({ reason }) => refused.push(reason),
  });
  return {
    endpoints: listener.endpoints,
    port: listener.endpoints[0]?.port ?? 0,
    first: first.promise,
    sessions: () => count,
    refused,
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}

function dial({ endpoints }: { readonly endpoints: readonly Endpoint[] }, from = transport()): Promise<Session> {
  return from.dial(endpoints, { signal, run, token, participant: 'node-1' });
}

describe("the coordinator's own broker", () => {
  test('each end knows whose identity the other has proved', async () => {
    const [coordinator, participant] = [createIdentity(), createIdentity()];
    await using served = await serve(transport({ identity: coordinator }));
    await using near = await dial(served, transport({ identity: participant }));
    assert.equal(near.peerIdentity, coordinator.peerId);
    assert.equal((await served.first).peerIdentity, participant.peerId);
  });

  test('another broker at the invited address is an impostor, and is told nothing', async () => {
    await using served = await serve();
    const endpoints = served.endpoints.map((endpoint) => ({ ...endpoint, identity: createIdentity().peerId }));
    await assert.rejects(dial({ endpoints }), isError('identity_mismatch', /answers with the identity 12D3KooW/));
    assert.equal(served.sessions(), 0);
    assert.deepEqual(served.refused, []);
  });

  test('an expired certificate is called so, whichever end shows it', async () => {
    await using served = await serve();
    await assert.rejects(dial(served, transport({ certificateForMs: -1000 })), { code: 'broker_refused' });
    assert.match(served.refused.join(), /its certificate is not good: its certificate is good from/);
    await using late = await serve(transport({ certificateForMs: -1000 }));
    await assert.rejects(dial(late), isError('certificate_expired', /clock says/));
  });

  test('a name in use belongs to its key', async () => {
    const entropy = { bytes: (count: number) => new Uint8Array(count) };
    await using served = await serve();
    await using _near = await dial(served, transport({ entropy }));
    await assert.rejects(dial(served, transport({ entropy })), { code: 'broker_refused' });
    assert.match(served.refused.join(), /name node-1 is in use/);
  });

  test('plain MQTT and TLS 1.2 get nowhere', async () => {
    await using served = await serve();
    const plain = connect(served.port, '127.0.0.1');
    plain.on('error', () => undefined);
    plain.write(Buffer.from([0x10, 0x0c, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 0]));
    await once(plain.resume(), 'close');
    assert.match(served.refused.join(), /no TLS/);
    const old = connectTls({ port: served.port, host: '127.0.0.1', maxVersion: 'TLSv1.2', rejectUnauthorized: false });
    const [error] = (await once(old, 'error')) as [Error];
    assert.match(error.message, /protocol version/i);
  });

  test('an endpoint that names nobody is not used', async () => {
    await using served = await serve();
    const endpoints = served.endpoints.map(({ identity: _, ...endpoint }) => endpoint);
    await assert.rejects(dial({ endpoints }), isError('identity_mismatch', /does not say which identity/));
  });
});

describe('a broker elsewhere, over TLS', () => {
  const mosquitto = findMosquitto();
  const skip = 'missing' in mosquitto ? mosquitto.missing : false;
  const path = 'path' in mosquitto ? mosquitto.path : '';

  test(
    'is checked against a file of authorities, and by participants against what it has shown then',
    { skip },
    async () => {
      await using broker = await tlsBroker(path);
      await using served = await serve(transport({ brokerUrl: broker.url, brokerCa: broker.ca }));
      await using near = await dial(served);
      const far = await served.first;
      await near.send({ lane: 'control', parts: [Uint8Array.of(5)] }, { signal });
      const { value } = await far.frames()[Symbol.asyncIterator]().next();
      assert.equal(value?.parts[0]?.[0], 5);
      const endpoints = served.endpoints.map((endpoint) => ({ ...endpoint, brokerCertificate: 'ab'.repeat(32) }));
      await assert.rejects(dial({ endpoints }), isError('identity_mismatch', /another certificate than/));
    },
  );

  test('is refused when no authority vouches for it, or it has expired', { skip }, async () => {
    await using broker = await tlsBroker(path);
    await assert.rejects(
      serve(transport({ brokerUrl: broker.url })),
      isError('identity_mismatch', /No authority that this machine trusts/),
    );
    await using late = await tlsBroker(path, -60_000);
    await assert.rejects(
      serve(transport({ brokerUrl: late.url, brokerCa: late.ca })),
      isError('certificate_expired', /Renew it/),
    );
    await assert.rejects(
      serve(transport({ brokerUrl: broker.url, brokerCa: join(tmpdir(), 'nowhere.pem') })),
      isError('settings_invalid', /nowhere\.pem, cannot be read/),
    );
  });

  test('that asks for a password never has it shown by us', { skip }, async () => {
    await using broker = await startMosquitto(path, ['password_file /dev/null', 'allow_anonymous false']);
    const url = broker.url.replace('//', '//user:sesame@');
    await assert.rejects(serve(transport({ brokerUrl: url })), (error) => {
      isError('broker_refused', /Not authorized|not authori/i)(error);
      assert.doesNotMatch(`${String(error)} ${JSON.stringify(error)}`, /sesame/);
      return true;
    });
  });
});

async function tlsBroker(
  path: string,
  validForMs = 3_600_000,
): Promise<{ readonly url: string; readonly ca: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'roundscope-broker-tls-'));
  const nowMs = Date.now();
  const made = selfSigned({
    commonName: 'a broker',
    notBeforeMs: nowMs - 3_600_000,
    notAfterMs: nowMs + validForMs,
    extension: () => new Uint8Array(0),
  });
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  await writeFile(cert, made.certificatePem);
  // Started by root, mosquitto gives up its rights and reads the key as somebody else; it is for this test alone.
  await chmod(folder, 0o755);
  await writeFile(key, made.privateKeyPem, { mode: 0o644 });
  const broker = await startMosquitto(path, [`certfile ${cert}`, `keyfile ${key}`]);
  return {
    url: broker.url.replace('mqtt:', 'mqtts:'),
    ca: cert,
    [Symbol.asyncDispose]: async () => {
      await broker[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function isError(code: string, words: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof RoundscopeError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    return true;
  };
}
