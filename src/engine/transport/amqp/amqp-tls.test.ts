import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createServer, type Server } from 'node:tls';
import { selfSigned, type Certificate } from '#engine/identity/certificate.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { dial, never, serve } from '#test/support/brokers/amqp-kit.ts';
import { freePort } from '#test/support/brokers/mosquitto.ts';
import { until } from '#test/support/until.ts';
import { missingRabbitmq, startRabbitmq, type RunningRabbitmq } from '#test/support/brokers/rabbitmq.ts';

const run = 'r-tls';
const dayMs = 24 * 3600 * 1000;

function certificate(notAfterMs: number): Certificate {
  const notBeforeMs = systemClock.wallMs() - 2 * dayMs;
  return selfSigned({ commonName: 'broker', notBeforeMs, notAfterMs, extension: () => new Uint8Array(0) });
}

describe('a broker behind TLS', { skip: missingRabbitmq() }, () => {
  let folder: string;
  let broker: RunningRabbitmq;
  /** Of the broker's authority, which is its certificate itself. */
  let caFile: string;
  let url: string;
  let elsewhere: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'roundscope-amqp-tls-'));
    const shown = certificate(systemClock.wallMs() + dayMs);
    const elsewherePort = await freePort();
    // All of 127/8 is this machine (Linux), and this address is not in the certificate.
    broker = await startRabbitmq(run, { certificate: shown, lines: [`listeners.ssl.2 = 127.0.0.2:${elsewherePort}`] });
    caFile = join(folder, 'authority.pem');
    await writeFile(caFile, shown.certificatePem);
    const at = new URL(broker.url.replace('amqp:', 'amqps:'));
    at.port = new URL(broker.broker.url).port;
    url = at.href;
    at.host = `127.0.0.2:${elsewherePort}`;
    elsewhere = at.href;
  });
  after(async () => {
    await broker[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  test('with the file of its authority both ends trust it', async () => {
    await using served = await serve(run, url, { caFile });
    await using near = await dial(served, run, { caFile });
    await near.send({ lane: 'control', parts: [Uint8Array.of(7)] }, { signal: never });
    for await (const frame of served.sessions[0]?.frames() ?? []) {
      assert.equal(frame.parts[0]?.[0], 7);
      break;
    }
  });

  test('a certificate that nobody vouches for is refused by either end, with the fix', async () => {
    const refusal = { code: 'identity_mismatch', retryable: false, message: /certificate.*ROUNDSCOPE_AMQP_CA/ };
    await assert.rejects(serve(run, url), refusal);
    await using served = await serve(run, url, { caFile });
    const endpoints = served.listener.endpoints.map(({ brokerCertificate: _, ...endpoint }) => endpoint);
    await assert.rejects(dial({ listener: { endpoints } }, run), refusal);
  });

  test('participants need no file of the authority: the invitation names the certificate, and no other is spoken to', async () => {
    await using served = await serve(run, url, { caFile });
    await using near = await dial(served, run);
    await near.send({ lane: 'control', parts: [Uint8Array.of(7)] }, { signal: never });
    await until(() => served.sessions.length === 1);
    const endpoints = served.listener.endpoints.map((endpoint) => ({
      ...endpoint,
      brokerCertificate: 'ab'.repeat(32),
    }));
    await assert.rejects(dial({ listener: { endpoints } }, run), {
      code: 'identity_mismatch',
      message: /another certificate than the one that the invitation names/,
    });
    assert.deepEqual(served.refused, [], 'nothing was said to the broker');
  });

  test('one that is of another authority, of another host or over is refused', async () => {
    const late = certificate(systemClock.wallMs() - dayMs);
    const lateFile = join(folder, 'late.pem');
    await writeFile(lateFile, late.certificatePem);
    await assert.rejects(serve(run, url, { caFile: lateFile }), { code: 'identity_mismatch' });
    await assert.rejects(serve(run, elsewhere, { caFile }), { code: 'identity_mismatch', message: /ALTNAME/ });
    const server = createServer({ cert: late.certificatePem, key: late.privateKeyPem }).listen(0, '127.0.0.1');
    server.on('tlsClientError', () => undefined);
    await once(server, 'listening');
    await assert.rejects(serve(run, `amqps://127.0.0.1:${portOf(server)}`, { caFile: lateFile }), {
      code: 'identity_mismatch',
      message: /CERT_HAS_EXPIRED/,
    });
    server.close();
  });

  test('a file of authorities that is not there is named', async () => {
    await assert.rejects(serve(run, url, { caFile: '/nowhere/ca.pem' }), {
      code: 'settings_invalid',
      message: /\/nowhere\/ca\.pem cannot be read/,
    });
  });

  test('speaking AMQP in the clear to it, or TLS to a plain one, is a typed error', async () => {
    await assert.rejects(serve(run, url.replace('amqps:', 'amqp:')), { code: 'connect_failed' });
    const plain = broker.url.replace('amqp:', 'amqps:');
    await assert.rejects(serve(run, plain, { caFile }), { code: 'connect_failed' });
  });

  test('a broker that speaks no TLS later than 1.1 is not spoken to', async () => {
    const { certificatePem, privateKeyPem } = certificate(systemClock.wallMs() + dayMs);
    const old = { maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const server = createServer({ cert: certificatePem, key: privateKeyPem, ...old }).listen(0, '127.0.0.1');
    server.on('tlsClientError', () => undefined);
    await once(server, 'listening');
    await assert.rejects(serve(run, `amqps://127.0.0.1:${portOf(server)}`), {
      code: 'connect_failed',
      message: /protocol version/,
    });
    server.close();
  });
});

function portOf(server: Server): number {
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}
