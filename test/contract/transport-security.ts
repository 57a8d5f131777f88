import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createIdentity } from '#engine/identity/identity.ts';
import type { Listener, Session } from '#engine/transport/transport.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { until } from '#test/support/until.ts';
import type { TransportHarness } from './harness.ts';
import { bytesOf, expectFrames, never, sendAll } from './session-frames.ts';
import { patience, run, token, type Pair } from './session-pair.ts';

const turnedAway: readonly string[] = ['link_rejected', 'broker_refused', 'identity_mismatch'];
/** Where others answer for many runs, nobody can say more about one that is not there than that nobody answers. */
const notServed: readonly string[] = [...turnedAway, 'connect_timeout', 'connect_refused', 'run_mismatch'];

export function describeSecurity(pair: () => Promise<Pair>, harness: () => TransportHarness): void {
  test('who has not the token is refused, the listener is told, the others go on', patience, async (t) => {
    const reason = missing(harness().security?.token);
    if (reason !== null) return void t.skip(reason);
    await using listening = await listenAndHear(harness());
    const options = { ...never(), run, participant: 'node-1' };
    await using near = await harness().dialer.dial(listening.endpoints, { ...options, token });
    const wrong = { ...options, participant: 'node-2', token: 'guessed-0123456789abcdef' };
    await assert.rejects(harness().dialer.dial(listening.endpoints, wrong), isOneOf(turnedAway));
    // The dialer may hear of it first.
    await until(() => listening.refused.length > 0);
    await sendAll(near, 'control', [4]);
    const far = await listening.first;
    await expectFrames(far, 'control', [4]);
    assert.equal(listening.sessions(), 1);
  });

  test('a participant of another run gets no session', patience, async (t) => {
    const reason = missing(harness().security?.token);
    if (reason !== null) return void t.skip(reason);
    await using listening = await listenAndHear(harness());
    const options = { ...never(), run: 'r-other', participant: 'node-1', token };
    await assert.rejects(harness().dialer.dial(listening.endpoints, options), isOneOf(notServed));
    assert.equal(listening.sessions(), 0);
  });

  test(
    'a listener that proves another identity than the endpoint names is refused as an impostor',
    patience,
    async (t) => {
      const reason = missing(harness().security?.identity);
      if (reason !== null) return void t.skip(reason);
      await using listening = await listenAndHear(harness());
      const wrong = listening.endpoints.map(otherIdentity);
      assert.notDeepEqual(wrong, listening.endpoints, 'no endpoint names an identity');
      const options = { ...never(), run, participant: 'node-1', token };
      await assert.rejects(harness().dialer.dial(wrong, options), isOneOf(['identity_mismatch']));
      assert.equal(listening.sessions(), 0);
      await using right = await harness().dialer.dial(listening.endpoints, options);
      assert.equal(right.protocol, harness().dialer.protocol);
    },
  );

  test('the listener knows whose session it has', patience, async (t) => {
    const reason = missing(harness().security?.dialer);
    if (reason !== null) return void t.skip(reason);
    await using both = await pair();
    assert.match(both.far.peerIdentity ?? '', /^12D3KooW/);
    assert.notEqual(both.far.peerIdentity, both.near.peerIdentity);
  });

  test('what another participant sends does not get into the session of one', patience, async (t) => {
    const foreign = harness().security?.foreign ?? { missing: undeclared };
    if (typeof foreign !== 'function') return void t.skip(foreign.missing);
    await using both = await pair();
    const { stream } = await both.near.send({ lane: 'control', parts: [new Uint8Array(11)] }, never());
    const { endpoints } = both.listening.listener;
    await foreign({ endpoints, participant: 'node-1', run, token, stream, far: both.far });
    // Had anything come in, it would stand before this one.
    await both.near.send({ lane: 'control', parts: [new Uint8Array(12)] }, never());
    const reader = both.far.frames()[Symbol.asyncIterator]();
    const lengths = [await reader.next(), await reader.next()].map(({ value }) => bytesOf(value).byteLength);
    assert.deepEqual(lengths, [11, 12]);
  });
}

const undeclared = 'this transport does not declare what it proves';

function missing(claim: 'proved' | { readonly missing: string } | undefined): string | null {
  if (claim === undefined) return undeclared;
  return claim === 'proved' ? null : claim.missing;
}

interface Heard extends AsyncDisposable {
  readonly endpoints: readonly Endpoint[];
  readonly refused: readonly string[];
  readonly first: Promise<Session>;
  readonly sessions: () => number;
}

async function listenAndHear(harness: TransportHarness): Promise<Heard> {
  const refused: string[] = [];
  const first = Promise.withResolvers<Session>();
  let count = 0;
  const listener: Listener = await harness.listener.listen({
    ...never(),
    run,
    token,
    host: harness.host ?? '127.0.0.1',
    port: 0,
    onSession: (session) => {
      count++;
      first.resolve(session);
    },
    onRefused: ({ reason }) => refused.push(reason),
  });
  return {
    endpoints: listener.endpoints,
    refused,
    first: first.promise,
    sessions: () => count,
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}

/** The same endpoint, of somebody else: a hash for a hash, a peer id for a peer id. */
function otherIdentity(endpoint: Endpoint): Endpoint {
  const { identity } = endpoint;
  if (identity === undefined) return endpoint;
  const other = createIdentity();
  return { ...endpoint, identity: identity.startsWith('12D3KooW') ? other.peerId : other.fingerprint };
}

function isOneOf(codes: readonly string[]): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof RoundscopeError, String(error));
    assert.ok(codes.includes(error.code), `${error.code}: ${error.message}`);
    assert.doesNotMatch(`${error.message} ${JSON.stringify(error.context)}`, new RegExp(token));
    return true;
  };
}
