import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { Client, credentials, status } from '@grpc/grpc-js';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity, type Identity } from '#engine/identity/identity.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { coordinatorIdentity, participantIdentity, token as contractToken } from '#test/contract/session-pair.ts';
import { describeTransport } from '#test/contract/transport.ts';
import type { Foreign, SecurityClaims } from '#test/contract/security-claims.ts';
import { claimOf, metadataOf, statusOf } from '#test/support/brokers/grpc-kit.ts';
import { secure } from '../tls/pinned-tls.ts';
import { loadGrpc } from './grpc-library.ts';
import { GrpcTransport } from './grpc-transport.ts';
import { encodeBulkFrames, encodeLane } from './wire/messages.ts';
import { pinnedCredentials } from './pinned-credentials.ts';
import { federation, unchanged } from './service.ts';

const noTls = { missing: 'plain text, for loopback and proxies that bring their own TLS' };
const claims: SecurityClaims = { token: 'proved', identity: 'proved', dialer: 'proved', foreign };

for (const security of ['tls', 'plaintext'] as const) {
  const make = (identity: Identity): GrpcTransport =>
    new GrpcTransport({ clock: systemClock, entropy: systemEntropy, identity, security });
  describeTransport(`grpc, ${security}`, async () => ({
    dialer: make(participantIdentity),
    listener: make(coordinatorIdentity),
    nobody: () => nobody(security),
    security: security === 'tls' ? claims : { ...claims, identity: noTls, dialer: noTls },
    ...(security === 'tls' ? {} : { skip: { links: 'with TLS it has them', memory: 'with TLS it has it' } }),
    [Symbol.asyncDispose]: async () => undefined,
  }));
}

async function nobody(security: 'tls' | 'plaintext'): Promise<readonly Endpoint[]> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const identity = security === 'tls' ? { identity: '0'.repeat(64) } : {};
  return [{ protocol: 'grpc', provider: 'grpc', host: '127.0.0.1', port, ...identity }];
}

/** An upload that claims to be the victim's: it has all but the session's id, which travels over its own connection only. */
async function foreign({ endpoints, participant }: Foreign): Promise<void> {
  const { client, close } = await clientOf(endpoints);
  const call = client.makeClientStreamRequest<Buffer, Buffer>(
    federation.upload.path,
    unchanged,
    unchanged,
    metadataOf({ ...claimOf(participant), run: 'r-contract' }, 'upload', {}, contractToken),
    () => undefined,
  );
  call.on('error', () => undefined);
  const ended = statusOf(call);
  call.write(encodeLane('bulk:x'));
  call.write(encodeBulkFrames([[Buffer.alloc(99)]]));
  assert.equal((await ended).code, status.PERMISSION_DENIED);
  close();
}

/** A client of another participant, with a certificate of its own where one is asked for. */
async function clientOf(
  endpoints: readonly Endpoint[],
): Promise<{ readonly client: Client; readonly close: () => void }> {
  const [endpoint] = endpoints;
  assert.ok(endpoint);
  const over = new AbortController();
  const owner = { identity: createIdentity(), clock: systemClock };
  const tls = pinnedCredentials(await loadGrpc(), (socket) =>
    secure(socket, { owner, endpoint, sni: 'localhost', alpn: 'h2', signal: over.signal }),
  );
  const trust = endpoint.identity === undefined ? credentials.createInsecure() : tls;
  const client = new Client(`ipv4:127.0.0.1:${endpoint.port}`, trust, { 'grpc.use_local_subchannel_pool': 1 });
  const close = (): void => {
    client.close();
    over.abort();
  };
  return { client, close };
}
