import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { workerPath } from '#engine/host/entries.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { missingLibrary } from '#test/support/brokers/cyclone.ts';
import type { Listener, Session } from '../transport.ts';
import { DdsTransport } from './dds-transport.ts';
import { domainConfig } from './domain-config.ts';
import { libraryCandidates } from './library.ts';

const parts = {
  clock: systemClock,
  entropy: systemEntropy,
  worker: workerPath('dds'),
  identity: createIdentity(),
};
const signal = new AbortController().signal;
const run = 'r-dds';
const token = 'a-token-of-this-run';

const absent = await missingLibrary();

interface Served extends AsyncDisposable {
  readonly listener: Listener;
  /** The first one. */
  readonly incoming: Promise<Session>;
  readonly refusals: string[];
}

async function serve(domain = 0): Promise<Served> {
  const { promise: incoming, resolve: onSession } = Promise.withResolvers<Session>();
  const refusals: string[] = [];
  const listener = await new DdsTransport({ ...parts, domain }).listen({
    signal,
    run,
    token,
    host: '127.0.0.1',
    port: 0,
    onSession,
    onRefused: ({ reason }) => refusals.push(reason),
  });
  return { listener, incoming, refusals, [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose]() };
}

function code(expected: string, words: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof RoundscopeError, String(error));
    assert.equal(error.code, expected);
    assert.match(error.message, words);
    return true;
  };
}

test('a library that is not there is a typed error that names the package', async () => {
  const transport = new DdsTransport({ ...parts, library: '/nowhere/libddsc.so' });
  const options = { signal, run, token, host: '127.0.0.1', port: 0 };
  await assert.rejects(
    transport.listen({ ...options, onSession: () => undefined, onRefused: () => undefined }),
    code('transport_unavailable', /nowhere.*cyclonedds-dev/),
  );
  assert.deepEqual(libraryCandidates('', 'linux')[0], 'libddsc.so.0debian');
});

describe('dds sessions', { skip: absent }, () => {
  test('without the invitation nobody gets a session, and the run goes on', { timeout: 15_000 }, async () => {
    await using served = await serve();
    const dialer = new DdsTransport({ ...parts, connectTimeoutMs: 3000 });
    const options = { signal, run, participant: 'node-1' };
    await assert.rejects(
      dialer.dial(served.listener.endpoints, { ...options, token: 'another token' }),
      code('link_rejected', /no proof/),
    );
    assert.match(served.refusals.join(), /no proof/);
    await using session = await dialer.dial(served.listener.endpoints, { ...options, token });
    await session.send({ lane: 'control', parts: [Uint8Array.of(1)] }, { signal });
    await served.incoming;
  });

  test('another domain or run does not answer, and the error says where to look', { timeout: 15_000 }, async () => {
    await using served = await serve(3);
    const dialer = new DdsTransport({ ...parts, connectTimeoutMs: 800 });
    const elsewhere = served.listener.endpoints.map((endpoint) => ({ ...endpoint, domain: 4 }));
    const options = { signal, participant: 'node-1', token };
    await assert.rejects(dialer.dial(elsewhere, { ...options, run }), code('connect_timeout', /domain 4/));
    await assert.rejects(
      dialer.dial(served.listener.endpoints, { ...options, run: 'r-x' }),
      code('connect_timeout', /run/),
    );
  });

  test('nothing runs while nothing is said', { timeout: 15_000 }, async () => {
    await using served = await serve();
    const options = { signal, run, participant: 'node-1', token };
    await using session = await new DdsTransport(parts).dial(served.listener.endpoints, options);
    await session.send({ lane: 'control', parts: [Uint8Array.of(1)] }, { signal });
    await served.incoming;
    await systemClock.sleep(1000, { signal });
    const before = process.cpuUsage();
    await systemClock.sleep(2000, { signal });
    const { user, system } = process.cpuUsage(before);
    // Processor time of this process alone, however busy the machine is: a thread that is woken without end takes 2 s of it.
    assert.ok(user + system < 600_000, `${(user + system) / 1000} ms of processor time in 2 s`);
  });

  for (const [manner, leave] of [
    ['calls process.exit with a session open', 'process.exit(0);'],
    ['closes all', 'await session.close("clean", "done"); await listener[Symbol.asyncDispose]();'],
  ] as const) {
    test(`a process that ${manner} ends without a crash and at once`, { timeout: 15_000 }, async () => {
      const outcome = await runScript(`
        const options = { signal: new AbortController().signal, run: 'r', token: 't' };
        const parts = { clock: systemClock, entropy: systemEntropy, identity: createIdentity() };
        const transport = new DdsTransport({ ...parts, worker: workerPath('dds') });
        const listener = await transport.listen({ ...options, host: '127.0.0.1', port: 0, onSession() {}, onRefused() {} });
        const session = await transport.dial(listener.endpoints, { ...options, participant: 'node-1' });
        await session.send({ lane: 'bulk:x', parts: [new Uint8Array(1e6)] }, options);
        console.log('here');
        ${leave}`);
      assert.deepEqual(outcome, { code: 0, signal: null, out: 'here\n' });
    });
  }
});

test('the configuration names interface, peers and ports', () => {
  const text = domainConfig({ domain: 2, address: '10.0.0.4', port: 9000, peers: [{ host: '10.0.0.5', port: 7410 }] });
  assert.match(text, /address="10\.0\.0\.4"/);
  assert.match(text, /<Base>8490<\/Base>/);
  assert.match(text, /<Peer Address="10\.0\.0\.5:7410"\/>/);
  assert.match(text, /1344B/);
  assert.match(domainConfig({ domain: 0, address: '127.0.0.1', port: null, peers: [] }), /63000B/);
});

async function runScript(body: string): Promise<{ code: number | null; signal: string | null; out: string }> {
  const url = (path: string): string => JSON.stringify(new URL(path, pathToFileURL(import.meta.filename)).href);
  const script = `
    const { DdsTransport } = await import(${url('./dds-transport.ts')});
    const { systemClock } = await import(${url('../../host/system-clock.ts')});
    const { systemEntropy } = await import(${url('../../host/system-entropy.ts')});
    const { createIdentity } = await import(${url('../../identity/identity.ts')});
    const { workerPath } = await import(${url('../../host/entries.ts')});
    ${body}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  return await new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, out })));
}
