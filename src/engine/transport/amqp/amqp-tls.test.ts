import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createServer } from 'node:tls';
import { selfSigned, type Certificate } from '#engine/identity/certificate.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { dial, never, serve } from '#test/support/amqp-kit.ts';
import { freePort } from '#test/support/mosquitto.ts';
import { missingRabbitmq, startRabbitmq, type RunningRabbitmq } from '#test/support/rabbitmq.ts';

const run = 'r-tls';
const dayMs = 24 * 3600 * 1000;

function certificate(notAfterMs: number): Certificate {
  const notBeforeMs = systemClock.wallMs() - 2 * dayMs;
  return selfSigned({ commonName: 'broker', notBeforeMs, notAfterMs, extension: () => new Uint8Array(0) });
}

interface Guarded {
  readonly url: string;
  readonly port: number;
  readonly caFile: string;
}

describe('a broker behind TLS', { skip: missingRabbitmq() }, () => {
  let folder: string;
  const brokers: RunningRabbitmq[] = [];
  let good: Guarded;
  let expired: Guarded;

  /** A broker that shows a certificate; who is to believe it needs its file. */
  async function guarded(name: string, notAfterMs: number): Promise<Guarded> {
    const { certificatePem, privateKeyPem } = certificate(notAfterMs);
    const [caFile, keyFile] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
    await writeFile(caFile, certificatePem);
    await writeFile(keyFile, privateKeyPem, { mode: 0o600 });
    const port = await freePort();
    const broker = await startRabbitmq(run, [
      `listeners.ssl.1 = 127.0.0.1:${port}`,
      // All of 127/8 is this machine (Linux), and this is not in the certificate.
      `listeners.ssl.2 = 127.0.0.2:${port}`,
      `ssl_options.certfile = ${caFile}`,
      `ssl_options.keyfile = ${keyFile}`,
      'ssl_options.versions.1 = tlsv1.3',
      'ssl_options.versions.2 = tlsv1.2',
    ]);
    brokers.push(broker);
    const url = new URL(broker.url.replace('amqp:', 'amqps:'));
    url.port = String(port);
    return { url: url.href, port, caFile };
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'roundscope-amqp-tls-'));
    good = await guarded('good', systemClock.wallMs() + dayMs);
    expired = await guarded('expired', systemClock.wallMs() - dayMs);
  });
  after(async () => {
    await Promise.all(brokers.map((broker) => broker[Symbol.asyncDispose]()));
    await rm(folder, { recursive: true, force: true });
  });

  test('with the file of its authority both ends trust it', async () => {
    const { caFile } = good;
    await using served = await serve(run, good.url, { caFile });
    await using near = await dial(served, run, { caFile });
    await near.send({ lane: 'control', parts: [Uint8Array.of(7)] }, { signal: never });
    for await (const frame of served.sessions[0]?.frames() ?? []) {
      assert.equal(frame.bytes[0], 7);
      break;
    }
  });

  test('a certificate that nobody vouches for is refused by either end, with the mend', async () => {
    const refusal = { code: 'identity_mismatch', retryable: false, message: /certificate.*ROUNDSCOPE_AMQP_CA/ };
    await assert.rejects(serve(run, good.url), refusal);
    await using served = await serve(run, good.url, { caFile: good.caFile });
    await assert.rejects(dial(served, run), refusal);
  });

  test('one that is of another authority, of another host or over is refused', async () => {
    await assert.rejects(serve(run, good.url, { caFile: expired.caFile }), { code: 'identity_mismatch' });
    const elsewhere = new URL(good.url);
    elsewhere.hostname = '127.0.0.2';
    await assert.rejects(serve(run, elsewhere.href, { caFile: good.caFile }), {
      code: 'identity_mismatch',
      message: /ALTNAME/,
    });
    await assert.rejects(serve(run, expired.url, { caFile: expired.caFile }), {
      code: 'identity_mismatch',
      message: /CERT_HAS_EXPIRED/,
    });
  });

  test('a file of authorities that is not there is named', async () => {
    await assert.rejects(serve(run, good.url, { caFile: '/nowhere/ca.pem' }), {
      code: 'settings_invalid',
      message: /\/nowhere\/ca\.pem cannot be read/,
    });
  });

  test('speaking AMQP in the clear to it, or TLS to a plain one, is a typed error', async () => {
    await assert.rejects(serve(run, good.url.replace('amqps:', 'amqp:')), { code: 'connect_failed' });
    const plain = brokers[0]?.url.replace('amqp:', 'amqps:') ?? '';
    await assert.rejects(serve(run, plain, { caFile: good.caFile }), { code: 'connect_failed' });
  });

  test('a broker that speaks no TLS later than 1.1 is not spoken to', async () => {
    const { certificatePem, privateKeyPem } = certificate(systemClock.wallMs() + dayMs);
    const old = { maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const server = createServer({ cert: certificatePem, key: privateKeyPem, ...old }).listen(0, '127.0.0.1');
    server.on('tlsClientError', () => undefined);
    await once(server, 'listening');
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    await assert.rejects(serve(run, `amqps://127.0.0.1:${port}`), {
      code: 'connect_failed',
      message: /protocol version/,
    });
    server.close();
  });
});
