import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RoundscopeError } from '#shared/base/errors.ts';
import { timing } from '#shared/contract/limits.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';
import { Asking } from './asking.ts';
import { Gatekeeper, type Granted } from './gatekeeper.ts';
import { sessionKeys, type Answer, type Claim } from './handshake.ts';
import { agree, freshKeyShare } from './key-share.ts';

const token = 'the-token-of-this-run';
const coordinator = createIdentity();
const claim: Claim = { protocol: 'mqtt', run: 'r-1', participant: 'node-1', session: 'ab'.repeat(12) };
const gatekeeper = new Gatekeeper({ protocol: 'mqtt', run: 'r-1', token, identity: coordinator });

function ask(clock = new VirtualClock(), parts: { readonly token?: string; readonly claim?: Claim } = {}): Asking {
  return new Asking({ claim, token, coordinator: coordinator.peerId, where: 'here', clock, ...parts });
}

function granted(checked: Granted | string): Granted {
  assert.ok(typeof checked !== 'string', String(checked));
  return checked;
}

describe('a request and its answer', () => {
  test('give both ends the keys of one session, one for each direction', () => {
    const asking = ask();
    const far = granted(gatekeeper.check(claim, asking.request));
    const near = asking.hear(far.answer);
    assert.ok(near !== null);
    assert.deepEqual([near.sending, near.channel], [far.keys.receiving, far.keys.channel]);
    assert.deepEqual(near.receiving, far.keys.sending);
    assert.notDeepEqual(near.sending, near.receiving);
    assert.match(near.channel, /^[0-9a-f]{64}$/);
    // The same request again, as whoever has recorded it would put it: other keys.
    const again = granted(gatekeeper.check(claim, asking.request));
    assert.notDeepEqual(again.keys.sending, far.keys.sending);
  });

  test('give nobody else the keys, who has the token, saw both and has halves of its own', () => {
    const asking = ask();
    const { answer, keys } = granted(gatekeeper.check(claim, asking.request));
    assert.ok(answer.type === 'accept');
    for (const offered of [asking.request.key, answer.key])
      for (const way of ['up', 'down'] as const) {
        const parts = { own: freshKeyShare(), offered, token, claim, coordinator: coordinator.peerId };
        const guessed = sessionKeys(way, parts);
        for (const key of [guessed?.sending, guessed?.receiving])
          for (const right of [keys.sending, keys.receiving]) assert.notDeepEqual(key, right);
      }
  });

  test('are refused without the token, for another run, name, session or protocol, and for another coordinator', () => {
    const { request } = ask();
    const without = ask(undefined, { token: 'guessed' }).request;
    assert.match(String(gatekeeper.check(claim, without)), /no proof/);
    const others: readonly Partial<Claim>[] = [{ participant: 'node-2' }, { session: 'cd'.repeat(12) }];
    for (const other of others) assert.match(String(gatekeeper.check({ ...claim, ...other }, request)), /no proof/);
    for (const parts of [{ run: 'r-2' }, { protocol: 'amqp' }] as const) {
      const elsewhere = new Gatekeeper({ protocol: 'mqtt', run: 'r-1', token, identity: coordinator, ...parts });
      assert.match(String(elsewhere.check(claim, request)), /no proof/);
    }
    const stranger = new Gatekeeper({ protocol: 'mqtt', run: 'r-1', token, identity: createIdentity() });
    assert.match(String(stranger.check(claim, request)), /names another key/);
    assert.match(String(gatekeeper.check(claim, { ...request, key: freshKeyShare().offered })), /no proof/);
    assert.match(String(gatekeeper.check(claim, { ...request, version: 2 })), /speaks version 2/);
    assert.match(String(gatekeeper.check({ ...claim, participant: '+' }, request)), /malformed/);
    assert.match(String(gatekeeper.check({ ...claim, session: '#' }, request)), /malformed/);
  });

  test('a point of small order, and what is none, make no key', () => {
    for (const offered of ['', 'zz', '00'.repeat(32), '00'.repeat(31)])
      assert.equal(agree(freshKeyShare(), offered, { salt: token, info: '' }), null, offered);
  });
});

describe('whoever stands between', () => {
  /** With the token, and a key that is not the one of the invitation; it has changed the request to name itself. */
  function between(asking: Asking): Answer {
    const identity = createIdentity();
    const evil = new Gatekeeper({ protocol: 'mqtt', run: 'r-1', token, identity });
    const own = new Asking({ claim, token, coordinator: identity.peerId, where: 'here', clock: new VirtualClock() });
    const { answer } = granted(evil.check(claim, { ...own.request }));
    assert.ok(answer.type === 'accept' && asking.request.key !== own.request.key);
    return answer;
  }

  test('is not believed, nor is an answer to another request, nor one that was changed', () => {
    const asking = ask();
    const right = granted(gatekeeper.check(claim, asking.request)).answer;
    const toAnother = granted(gatekeeper.check(claim, ask().request)).answer;
    assert.ok(right.type === 'accept');
    const answers: readonly (Answer | null)[] = [
      null,
      between(asking),
      toAnother,
      { ...right, key: freshKeyShare().offered },
      { ...right, signature: '00'.repeat(64) },
      { ...gatekeeper.refuse(claim, { key: freshKeyShare().offered }, 'go home'), type: 'refuse', reason: 'go home' },
      { type: 'refuse', reason: 'go home', signature: right.signature },
    ];
    for (const answer of answers) assert.equal(asking.hear(answer), null);
    assert.equal(asking.foreign, answers.length);
    assert.ok(asking.hear(right) !== null, "the coordinator's own answer still counts");
  });

  test('ends the request only when the coordinator says nothing for a while', async () => {
    const clock = new VirtualClock();
    const asking = ask(clock);
    asking.hear(between(asking));
    const failure = asking.granted.catch((error: unknown) => error);
    await clock.advance(timing.doubtMs - 1);
    assert.equal(clock.pendingTimers, 1);
    await clock.advance(1);
    const error = await failure;
    assert.ok(error instanceof RoundscopeError);
    assert.equal(error.code, 'identity_mismatch');
    assert.match(error.message, /stands in for it/);
  });

  test('that says that nobody is there is the reason when nobody answers, and nothing when somebody does', async () => {
    const gone = new RoundscopeError('connect_refused', { layer: 'transport', message: 'gone' });
    const clock = new VirtualClock();
    const lonely = ask(clock);
    lonely.hint(gone);
    const failure = lonely.granted.catch((error: unknown) => error);
    await clock.advance(timing.doubtMs);
    assert.equal(await failure, gone);
    const served = ask(clock);
    served.hint(gone);
    assert.ok(served.hear(granted(gatekeeper.check(claim, served.request)).answer) !== null);
    await clock.advance(timing.doubtMs);
    assert.equal(clock.pendingTimers, 0);
    await served.granted;
  });

  test('a refusal of the coordinator itself is final at once', async () => {
    const asking = ask();
    asking.hear(gatekeeper.refuse(claim, asking.request, 'full'));
    await assert.rejects(asking.granted, { code: 'link_rejected', message: /full/ });
  });
});
