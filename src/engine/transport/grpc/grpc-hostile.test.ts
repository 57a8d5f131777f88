import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp2, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { connect, type AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import * as grpc from '@grpc/grpc-js';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { limits } from '#shared/contract/limits.ts';
import {
  assertAlive,
  claimOf,
  dial,
  metadataOf,
  openSession,
  rawClient,
  readOne,
  run,
  serve,
  signal,
  statusOf,
  token,
  transport,
} from '#test/support/brokers/grpc-kit.ts';
import { checkClaim, proof, proofKey } from './wire/claim.ts';
import { encodeControlFrames } from './wire/messages.ts';
import { bytesFields, numberField } from './wire/protobuf.ts';
import { federation } from './service.ts';

/** Who breaks the contract does not answer a goodbye: no need to wait for it as long as the product does. */
const plaintext = { security: 'plaintext', options: { closeTimeoutMs: 50 } } as const;

/** Messages that are outside the contract, with what is said about them. */
const outside: Readonly<Record<string, readonly [Buffer, RegExp]>> = {
  garbage: [Buffer.from('GET / HTTP/1.1\r\n\r\n'), /not of Roundscope's contract/],
  'a field of the wrong wire type': [numberField(1, 7), /a control message holds a number/],
  'a field that is cut off': [Buffer.from([0x0a, 0x7f, 0x01]), /cut off/],
  'an offer, which only a coordinator may make': [
    bytesFields(2, [[numberField(1, 1), bytesFields(2, [[Buffer.from('bulk:x')]])]]),
    /a participant offers/,
  ],
  'a message beyond the limit': [Buffer.alloc(limits.frameBytesMax + 1024), /larger than this contract allows/],
};

describe('grpc, a hostile participant', () => {
  for (const [what, [bytes, words]] of Object.entries(outside)) {
    test(`${what} ends its session with a reason, and no other`, async () => {
      await using served = await serve(transport(plaintext));
      await using near = await dial(served, transport(plaintext), { participant: 'node-2' });
      const far = await served.next();
      using raw = closing(rawClient(`127.0.0.1:${served.port}`));
      const stream = openSession(raw.client, metadataOf(claimOf('node-1'), 'session'));
      const victim = await served.next();
      stream.write(bytes);
      const end = await victim.closed;
      assert.equal(end.code, 'garbage', end.reason);
      assert.match(end.reason, words);
      await assertAlive(near, far);
    });
  }

  test('fields that a newer version may add are passed over', async () => {
    await using served = await serve(transport(plaintext));
    using raw = closing(rawClient(`127.0.0.1:${served.port}`));
    const stream = openSession(raw.client, metadataOf(claimOf('node-1'), 'session'));
    const far = await served.next();
    const unknown = [numberField(15, 3), bytesFields(12, [[Buffer.from('from the future')]])];
    stream.write(Buffer.concat([...unknown, encodeControlFrames([[Uint8Array.of(9)]]), ...unknown]));
    assert.equal((await readOne(far))?.parts[0]?.[0], 9);
  });

  test('a newer contract, another run, a wrong proof: each is refused in words', async () => {
    await using served = await serve(transport(plaintext));
    using raw = closing(rawClient(`127.0.0.1:${served.port}`));
    const cases: readonly (readonly [Readonly<Record<string, string>>, number, RegExp])[] = [
      [{ 'roundscope-version': '2' }, grpc.status.FAILED_PRECONDITION, /version 2 .* version 1; update the older one/],
      [{ 'roundscope-run': 'r-other' }, grpc.status.FAILED_PRECONDITION, /run r-other is not served here/],
      [{ [proofKey]: '0'.repeat(64) }, grpc.status.UNAUTHENTICATED, /no proof of the invitation/],
      [{ 'roundscope-session': 'short' }, grpc.status.INVALID_ARGUMENT, /does not say whose it is/],
    ];
    for (const [change, code, words] of cases) {
      const status = await statusOf(openSession(raw.client, metadataOf(claimOf('node-1'), 'session', change)));
      assert.equal(status.code, code, status.details);
      assert.match(status.details, words);
    }
    assert.deepEqual([served.sessions.length, served.refused.length], [0, cases.length]);
  });
});

describe('grpc, who never says who it is', () => {
  test('connections that make no call do not pile up, have little time, and keep nobody out', async () => {
    await using served = await serve(transport({ options: { helloTimeoutMs: 3_000 } }));
    const { unauthenticatedSessionsMax: max } = limits;
    const sockets = Array.from({ length: max + 50 }, () => connect(served.port, '127.0.0.1'));
    let open = sockets.length;
    for (const socket of sockets)
      socket
        .on('error', () => undefined)
        .on('close', () => open--)
        .resume();
    while (open > max) await delay(10);
    assert.match(served.refused.join(), /had waited longest/);
    await using near = await dial(served, transport(), { participant: 'node-1' });
    const far = await served.next();
    await assertAlive(near, far);
    while (open > 0) await delay(10);
    assert.match(served.refused.join(), /it opened no session in time/);
    // Who has a session is not one of them, however long it says nothing.
    await delay(3_300);
    await assertAlive(near, far);
  });

  test('a guessed run is not told which one is served, a call without the token leaves its connection waiting', async () => {
    await using served = await serve(transport({ ...plaintext, options: { helloTimeoutMs: 500 } }));
    using raw = closing(rawClient(`127.0.0.1:${served.port}`));
    const guess = openSession(raw.client, metadataOf({ ...claimOf('node-1'), run: 'r-guessed' }, 'session'));
    const { details } = await statusOf(guess);
    assert.match(details, /run r-guessed is not served here; ask for a new invitation/);
    assert.doesNotMatch(details, new RegExp(`\\b${run}\\b`));
    while (!/it opened no session in time/.test(served.refused.join())) await delay(10);
  });
});

describe('grpc, a hostile coordinator', () => {
  test('a message beyond the limit ends the session with a reason', async () => {
    await using server = await impostor((stream) => stream.write(Buffer.alloc(limits.frameBytesMax + 1024)));
    await using near = await dial(server, transport(plaintext));
    const end = await near.closed;
    assert.equal(end.code, 'garbage', end.reason);
    assert.match(end.reason, /larger than this contract allows/);
  });

  test('a frame beyond the limit does not leave this end', async () => {
    await using served = await serve(transport(plaintext));
    await using near = await dial(served, transport(plaintext));
    const parts = [new Uint8Array(limits.frameBytesMax + 1)];
    await assert.rejects(near.send({ lane: 'control', parts }, { signal }), { code: 'frame_too_large' });
    await assertAlive(near, await served.next());
  });

  test('garbage ends the session with a reason', async () => {
    await using server = await impostor((stream) => stream.write(Buffer.from('no protobuf at all')));
    await using near = await dial(server, transport(plaintext));
    assert.equal((await near.closed).code, 'garbage');
  });

  test('who has not the token is no coordinator of ours', async () => {
    await using server = await impostor(() => undefined, 'another token');
    await assert.rejects(dial(server, transport(plaintext)), isError('identity_mismatch', /has not the token/));
  });

  test('a server without the service, and one of a newer contract, are told apart', async () => {
    await using other = await rawServer((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '12' }, { endStream: true });
    });
    await assert.rejects(dial(other, transport(plaintext)), isError('version_unsupported', /not as a Roundscope/));
    await using newer = await rawServer((stream) => {
      const words = 'it speaks version 1 of the gRPC contract, this coordinator version 2; update the older one';
      const head = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '9', 'grpc-message': words };
      stream.respond(head, { endStream: true });
    });
    await assert.rejects(dial(newer, transport(plaintext)), isError('version_unsupported', /update the older one/));
    await using web = await rawServer((stream) => {
      stream.respond({ ':status': 404, 'content-type': 'text/html' });
      stream.end('<html>not here</html>');
    });
    await assert.rejects(dial(web, transport(plaintext)), isError('version_unsupported', /not as a Roundscope/));
  });
});

describe('grpc, ends that the server brings about', () => {
  const ways: Readonly<Record<string, readonly [(stream: ServerHttp2Stream) => void, RegExp]>> = {
    'a reset stream': [(stream) => stream.close(8), /cut the call off/],
    'a reset for too much': [(stream) => stream.close(11), /too many calls or pings/],
    'GOAWAY and the end of the connection': [
      (stream) => {
        stream.session?.goaway(0);
        stream.session?.destroy();
      },
      /the connection is gone|ended the call/,
    ],
    'a pulled cable': [(stream) => stream.session?.socket.destroy(), /the connection is gone/],
  };
  for (const [what, [end, words]] of Object.entries(ways)) {
    test(`${what} is given in words`, async () => {
      await using server = await rawServer((stream, headers) => {
        stream.on('error', () => undefined);
        stream.respond({ ':status': 200, 'content-type': 'application/grpc', [proofKey]: acceptance(headers) });
        // Once the participant is known to have its session.
        stream.once('data', () => end(stream));
      });
      const near = await dial(server, transport(plaintext));
      await near.send({ lane: 'control', parts: [Uint8Array.of(1)] }, { signal });
      const closed = await near.closed;
      assert.equal(closed.code, 'lost');
      assert.equal(closed.local, false);
      assert.match(closed.reason, words);
    });
  }
});

interface Serving extends AsyncDisposable {
  readonly endpoints: readonly Endpoint[];
}

/** A gRPC server that accepts everybody and then does what it likes. */
async function impostor(act: (stream: grpc.ServerDuplexStream<Buffer, Buffer>) => void, its = token): Promise<Serving> {
  const server = new grpc.Server();
  server.addService(federation, {
    session: (stream: grpc.ServerDuplexStream<Buffer, Buffer>) => {
      const claim = checkClaim(stream.metadata, { purpose: 'session', token, run });
      assert.ok(claim.ok);
      const answer = new grpc.Metadata();
      answer.set(proofKey, proof(its, 'accept', claim.value));
      stream.sendMetadata(answer);
      stream.on('error', () => undefined);
      act(stream);
    },
    upload: () => undefined,
    download: () => undefined,
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { endpoints: at(port), [Symbol.asyncDispose]: async () => server.forceShutdown() };
}

/** HTTP/2 by hand. */
async function rawServer(
  onStream: (stream: ServerHttp2Stream, headers: Readonly<Record<string, unknown>>) => void,
): Promise<Serving> {
  const server: Http2Server = createHttp2();
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session));
  server.on('sessionError', () => undefined);
  server.on('stream', onStream);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoints: at((server.address() as AddressInfo).port),
    [Symbol.asyncDispose]: async () => {
      for (const session of sessions) session.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function acceptance(headers: Readonly<Record<string, unknown>>): string {
  const [participant, session, instance] = ['participant', 'session', 'instance'].map((name) =>
    String(headers[`roundscope-${name}`]),
  );
  return proof(token, 'accept', claimOf(participant ?? '', session, instance));
}

function at(port: number): readonly Endpoint[] {
  return [{ protocol: 'grpc', provider: 'grpc', host: '127.0.0.1', port }];
}

function isError(code: string, words: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof RoundscopeError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    return true;
  };
}

function closing<T extends { close(): void }>(client: T): { readonly client: T } & Disposable {
  return { client, [Symbol.dispose]: () => client.close() };
}
