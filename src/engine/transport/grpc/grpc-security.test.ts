import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connect } from 'node:tls';
import { createIdentity } from '#engine/identity/identity.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import {
  assertAlive,
  claimOf,
  dial,
  metadataOf,
  openSession,
  rawClient,
  run,
  serve,
  statusOf,
  transport,
} from '#test/support/brokers/grpc-kit.ts';
import { pinnedCredentials } from './pinned-credentials.ts';
import { loadGrpc } from './grpc-library.ts';
import { federation, unchanged } from './service.ts';
import { secure } from '../tls/pinned-tls.ts';
import { systemClock } from '#engine/host/system-clock.ts';

function isError(code: string, words: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof RoundscopeError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    return true;
  };
}

describe('grpc, mutual TLS', () => {
  test('each end knows whose identity the other has proved', async () => {
    const [coordinator, participant] = [createIdentity(), createIdentity()];
    await using served = await serve(transport({ identity: coordinator }));
    await using near = await dial(served, transport({ identity: participant }));
    const far = await served.next();
    assert.equal(near.peerIdentity, coordinator.peerId);
    assert.equal(far.peerIdentity, participant.peerId);
  });

  test('an invitation outlives the coordinator that is started again with the same identity', async () => {
    const identity = createIdentity();
    const first = await serve(transport({ identity }));
    await first[Symbol.asyncDispose]();
    await using _again = await serve(transport({ identity }), { port: first.port });
    await using near = await dial(first);
    assert.equal(near.peerIdentity, identity.peerId);
  });

  test('another coordinator at the invited address is an impostor, and hears nothing', async () => {
    await using served = await serve();
    const endpoints = served.endpoints.map((endpoint) => ({ ...endpoint, identity: createIdentity().peerId }));
    await assert.rejects(dial({ endpoints }), isError('identity_mismatch', /answers with the identity 12D3KooW/));
    assert.deepEqual([served.sessions.length, served.refused.length], [0, 0]);
  });

  test('whose a name is, the link decides by its hello: another key gets a session of its own, and nothing of the first', async () => {
    await using served = await serve();
    await using near = await dial(served);
    const far = await served.next();
    const other = createIdentity();
    await using _second = await dial(served, transport({ identity: other }));
    assert.equal((await served.next()).peerIdentity, other.peerId);
    await assertAlive(near, far);
  });

  test('an expired certificate is called so, whichever end shows it', async () => {
    await using late = await serve(transport({ certificateForMs: -1000 }));
    await assert.rejects(dial(late), isError('certificate_expired', /is good from .* clock says/));
    await using served = await serve();
    await assert.rejects(
      dial(served, transport({ certificateForMs: -1000 })),
      isError('link_rejected', /its certificate is good from/),
    );
    assert.equal(served.sessions.length, 0);
  });

  test('nobody gets in without a certificate, or with TLS 1.2', async () => {
    await using served = await serve();
    using client = closing(rawClient(`127.0.0.1:${served.port}`, {}, 'tls'));
    const status = await statusOf(openSession(client.client, metadataOf(claimOf('node-1'), 'session')));
    assert.match(status.details, /shows no certificate of its identity/);
    const old = connect({ port: served.port, host: '127.0.0.1', maxVersion: 'TLSv1.2', rejectUnauthorized: false });
    const error = await new Promise<Error>((resolve) => old.once('error', resolve));
    assert.match(error.message, /protocol version/i);
    assert.equal(served.sessions.length, 0);
  });

  test('a bulk call of another key joins no session, even with its secrets', async () => {
    const fixed = { bytes: (count: number) => new Uint8Array(count) };
    await using served = await serve();
    await using near = await dial(served, transport({ entropy: fixed }));
    const far = await served.next();
    const [endpoint] = served.endpoints;
    assert.ok(endpoint);
    const owner = { identity: createIdentity(), clock: systemClock };
    const over = new AbortController();
    const grpc = await loadGrpc();
    const credentials = pinnedCredentials(grpc, (socket) =>
      secure(socket, { owner, endpoint, sni: 'localhost', alpn: 'h2', signal: over.signal }),
    );
    using evil = closing(new grpc.Client(`ipv4:127.0.0.1:${served.port}`, credentials));
    const stolen = { run, participant: 'node-1', session: '0'.repeat(32), instance: '0'.repeat(32) };
    const call = evil.client.makeClientStreamRequest<Buffer, Buffer>(
      federation.upload.path,
      unchanged,
      unchanged,
      metadataOf(stolen, 'upload'),
      () => undefined,
    );
    call.on('error', () => undefined);
    const status = await statusOf(call);
    assert.equal(status.code, grpc.status.PERMISSION_DENIED, status.details);
    await assertAlive(near, far);
    over.abort();
  });
});

function closing<T extends { close(): void }>(client: T): { readonly client: T } & Disposable {
  return { client, [Symbol.dispose]: () => client.close() };
}
