import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, test } from 'node:test';
import { isPageKey } from '#shared/contract/app/page-access.ts';
import { Access, keyIdleMs, tokenLifeMs } from './access.ts';

const port = 7870;
const host = `127.0.0.1:${port}`;

function access(): { readonly access: Access; readonly pass: (ms: number) => void } {
  let nowMs = 5000;
  return { access: new Access(port, () => nowMs), pass: (ms) => void (nowMs += ms) };
}

function request(headers: Readonly<Record<string, string>>): IncomingMessage {
  return { headers } as unknown as IncomingMessage;
}

function keyOf(of: Access): string {
  return of.exchange(of.freshToken()) ?? '';
}

describe('who may see what runs', () => {
  test('a token is exchanged once for a key of its own', () => {
    const { access: one } = access();
    const token = one.freshToken();
    assert.equal(one.isWaiting(token), true);
    const key = one.exchange(token);
    assert.ok(isPageKey(key));
    assert.equal(one.isWaiting(token), false);
    assert.equal(one.exchange(token), null);
    assert.equal(one.exchange('guess'), null);
    assert.equal(one.exchange(''), null);
    assert.notEqual(keyOf(one), key);
  });

  test('a token lives two minutes', () => {
    const { access: one, pass } = access();
    const token = one.freshToken();
    pass(tokenLifeMs - 1);
    assert.equal(one.isWaiting(token), true);
    const later = one.freshToken();
    pass(1);
    assert.equal(one.isWaiting(token), false);
    assert.equal(one.exchange(token), null);
    assert.notEqual(one.exchange(later), null);
  });

  test('the ninth token that waits pushes the first out', () => {
    const { access: one } = access();
    const tokens = Array.from({ length: 9 }, () => one.freshToken());
    assert.deepEqual(
      tokens.map((token) => one.exchange(token) !== null),
      [false, ...Array<boolean>(8).fill(true)],
    );
  });

  test('a key lets windows in, and nothing else does', () => {
    const { access: one } = access();
    const key = keyOf(one);
    assert.notEqual(one.enter(key), null);
    assert.notEqual(one.enter(key), null, 'a second window of the same page');
    for (const stranger of ['', 'x', `${key}x`, one.secret, one.freshToken(), keyOf(access().access)])
      assert.equal(one.enter(stranger), null);
  });

  test('a key that no window has used for a day is worth nothing; one that is used lives on', () => {
    const { access: one, pass } = access();
    const [used, idle] = [keyOf(one), keyOf(one)];
    const window = one.enter(used);
    pass(keyIdleMs);
    assert.equal(one.enter(idle), null);
    const second = one.enter(used);
    assert.notEqual(second, null);
    window?.[Symbol.dispose]();
    second?.[Symbol.dispose]();
    pass(keyIdleMs - 1);
    assert.notEqual(one.enter(used), null, 'counted from when the last window was closed');
  });

  test('keys are bounded, and none that is in use is let go for a new one', () => {
    const { access: one } = access();
    const keys = Array.from({ length: 32 }, () => keyOf(one));
    assert.notEqual(one.enter(keys[0] ?? ''), null);
    const next = keyOf(one);
    assert.equal(one.enter(keys[1] ?? ''), null, 'the oldest that nobody uses');
    for (const key of [keys[0], keys[2], next]) assert.notEqual(one.enter(key ?? ''), null);
  });

  test('another site in the same browser is refused, by host (rebinding) and by origin', () => {
    const { access: one } = access();
    const [page, socket] = [{ origin: 'if_sent' }, { origin: 'required' }] as const;
    const own = `http://${host}`;
    assert.equal(one.refusal(request({ host }), page), null);
    assert.equal(one.refusal(request({ host, origin: own }), socket), null);
    const byName = `localhost:${port}`;
    assert.notEqual(one.refusal(request({ host: byName, origin: `http://${byName}` }), socket), null);
    assert.notEqual(one.refusal(request({ host, origin: `http://${byName}` }), socket), null);
    assert.notEqual(one.refusal(request({}), page), null);
    assert.notEqual(one.refusal(request({ host: `evil.example:${port}`, origin: own }), page), null);
    for (const origin of ['http://evil.example', 'http://127.0.0.1:7871', `https://${host}`, host, 'null', ''])
      assert.notEqual(one.refusal(request({ host, origin }), page), null, origin);
    assert.notEqual(one.refusal(request({ host }), socket), null, 'a socket without origin');
  });

  test('a second start is known by the secret of the lock file, and is no page', () => {
    const { access: one } = access();
    const authorization = `Bearer ${one.secret}`;
    assert.equal(one.isSecondStart(request({ authorization })), true);
    assert.equal(one.isSecondStart(request({ authorization, origin: `http://${host}` })), false);
    assert.equal(one.isSecondStart(request({ authorization: one.secret })), false);
    assert.equal(one.isSecondStart(request({ authorization: `Bearer ${keyOf(one)}` })), false);
  });
});
