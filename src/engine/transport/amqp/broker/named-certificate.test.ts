import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { connect, createServer } from 'node:tls';
import { systemClock } from '#engine/host/system-clock.ts';
import { OwnAuthority, type Signed } from '#test/support/own-authority.ts';
import { tlsOptions } from './broker-trust.ts';
import { namedCertificate } from './named-certificate.ts';

const authority = new OwnAuthority();
const at = { clock: systemClock, timeoutMs: 5000, signal: new AbortController().signal };

interface Shown extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** What came of the connections to it. */
  readonly heard: string[];
}

/** Something that shows a certificate, as a broker does. */
async function shows(signed: Signed): Promise<Shown> {
  const heard: string[] = [];
  const server = createServer(signed, (socket) => {
    socket.on('error', () => undefined).on('data', (bytes) => heard.push(bytes.toString('latin1')));
  }).on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `amqps://anna:secret@127.0.0.1:${port}`,
    heard,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

/** `secure`, or the code of what was wrong. */
async function handshake(port: number, pem: string): Promise<string> {
  const tls = connect({ host: '127.0.0.1', port, ...tlsOptions({ by: 'invitation', pem }) });
  try {
    return await new Promise<string>((resolve) => {
      tls.once('secureConnect', () => resolve('secure'));
      tls.on('error', (error) => resolve(String(Reflect.get(error, 'code'))));
    });
  } finally {
    tls.destroy();
  }
}

function hashOf({ cert }: Signed): string {
  return createHash('sha256').update(new X509Certificate(cert).raw).digest('hex');
}

describe('a broker whose certificate an authority of its own has signed', () => {
  test('is found by the certificate that the invitation names, and spoken to without the authority', async () => {
    const leaf = authority.sign('the broker', systemClock.wallMs());
    await using broker = await shows(leaf);
    const pem = await namedCertificate(broker.url, hashOf(leaf), at);
    assert.equal(new X509Certificate(pem).subject, 'CN=the broker');
    assert.equal(await handshake(broker.port, pem), 'secure');
  });

  test('is not any other that the same authority has signed, whatever its name', async () => {
    const leaf = authority.sign('the broker', systemClock.wallMs());
    const twin = authority.sign('the broker', systemClock.wallMs());
    await using impostor = await shows(twin);
    await assert.rejects(namedCertificate(impostor.url, hashOf(leaf), at), {
      code: 'identity_mismatch',
      message: /another certificate than the one that the invitation names/,
    });
    // It has shown the right one to whoever looked, and stands there now.
    assert.notEqual(await handshake(impostor.port, leaf.cert), 'secure');
    assert.deepEqual(impostor.heard, [], 'neither user nor password');
  });

  test('that is over is not spoken to', async () => {
    const old = authority.sign('the broker', systemClock.wallMs() - 7_200_000);
    await using broker = await shows(old);
    const pem = await namedCertificate(broker.url, hashOf(old), at);
    assert.equal(await handshake(broker.port, pem), 'CERT_HAS_EXPIRED');
  });
});
