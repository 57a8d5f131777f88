import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { workerPath } from '#engine/host/entries.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { entropyHex } from '#shared/base/entropy.ts';
import { limits } from '#shared/contract/limits.ts';
import { missingLibrary } from '#test/support/brokers/cyclone.ts';
import { until } from '#test/support/until.ts';
import { Asking } from '../sealed/asking.ts';
import type { Listener, Session } from '../transport.ts';
import { DdsTransport } from './dds-transport.ts';
import { domainConfig } from './domain-config.ts';
import { libraryVariable } from './library.ts';
import { DdsRuntime } from './runtime.ts';

const parts = { clock: systemClock, entropy: systemEntropy, worker: workerPath('dds') };
const signal = new AbortController().signal;
const run = 'r-dds-crowd';
const token = 'a-token-of-this-run';
const crowd = limits.ddsSessionsOpeningMax;
const absent = await missingLibrary();

interface Served extends AsyncDisposable {
  readonly listener: Listener;
  readonly sessions: readonly Session[];
  readonly refusals: readonly string[];
}

async function serve(): Promise<Served> {
  const sessions: Session[] = [];
  const refusals: string[] = [];
  const listener = await new DdsTransport({ ...parts, identity: createIdentity() }).listen({
    signal,
    run,
    token,
    host: '127.0.0.1',
    port: 0,
    onSession: (session) => sessions.push(session),
    onRefused: ({ reason }) => refusals.push(reason),
  });
  return { listener, sessions, refusals, [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose]() };
}

/** A participant of the domain that asks for one session after the other, under a name each, and opens none. */
async function askAndAsk(
  listener: Listener,
  { known }: { readonly known: string },
): Promise<AsyncDisposable & { ask(): void }> {
  const [endpoint] = listener.endpoints;
  assert.ok(endpoint !== undefined);
  const runtime = await DdsRuntime.acquire({ worker: parts.worker, library: process.env[libraryVariable] });
  const { host, port, identity: coordinator = '' } = endpoint;
  const { node, error } = await runtime.openNode(
    {
      config: domainConfig({ domain: 0, address: '127.0.0.1', port: null, peers: [{ host, port }] }),
      side: 'up',
      run,
    },
    { onAnnounced: () => undefined, onIncompatible: () => undefined, onFailed: () => undefined },
  );
  assert.equal(error, null);
  let asked = 0;
  return {
    ask: () => {
      const [participant, session] = [`mallory-${asked++}`, entropyHex(systemEntropy, 12)];
      const claim = { protocol: 'dds', run, participant, session } as const;
      using asking = new Asking({ claim, token: known, coordinator, where: 'there', clock: systemClock });
      const { version, key: agreement, coordinator: reason, proof } = asking.request;
      runtime.announce(node, { run, participant, session, kind: 'open', version, agreement, proof, reason });
    },
    [Symbol.asyncDispose]: async () => {
      await runtime.closeNode(node, 'clean');
      await runtime.release();
    },
  };
}

describe('a crowd at the door, over dds', { skip: absent }, () => {
  test('who asks for many sessions and opens none leaves newcomers their places', { timeout: 30_000 }, async () => {
    await using served = await serve();
    await using mallory = await askAndAsk(served.listener, { known: token });
    for (let i = 0; i < crowd; i++) mallory.ask();
    await until(() => served.refusals.length >= crowd - limits.ddsRequestsPerPeerMax);
    const again = setInterval(() => mallory.ask(), 5);
    try {
      const dialer = new DdsTransport({ ...parts, identity: createIdentity() });
      const options = { signal, run, token, participant: 'node-1' };
      await using session = await dialer.dial(served.listener.endpoints, options);
      await session.send({ lane: 'control', parts: [Uint8Array.of(1)] }, { signal });
      await until(() => served.sessions.length > 0);
    } finally {
      clearInterval(again);
    }
    assert.deepEqual(
      served.sessions.map(({ remote }) => remote),
      ['node-1 in domain 0'],
    );
    assert.match(served.refusals.join(), /asks for more than 4 sessions and opens none/);
  });

  test('who asks without the invitation leaves others the words of their refusal', { timeout: 30_000 }, async () => {
    await using served = await serve();
    await using stranger = await askAndAsk(served.listener, { known: 'a token that somebody made up' });
    for (let i = 0; i < crowd; i++) stranger.ask();
    await until(() => served.refusals.length >= crowd);
    const dialer = new DdsTransport({ ...parts, identity: createIdentity() });
    const options = { signal, run, token: 'the token of an older run', participant: 'node-1' };
    await assert.rejects(dialer.dial(served.listener.endpoints, options), {
      code: 'link_rejected',
      message: /no proof/,
    });
  });
});
