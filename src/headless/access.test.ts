import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, test } from 'node:test';
import { Access, isOpenedByReader } from './access.ts';

const port = 7870;
const page = { cookie: 'required', origin: 'if_sent' } as const;
const socket = { cookie: 'required', origin: 'required' } as const;

function request(headers: Readonly<Record<string, string>>): IncomingMessage {
  return { headers } as unknown as IncomingMessage;
}

function cookieOf(access: Access): string {
  return (access.exchange(access.freshToken()) ?? '').split(';')[0] ?? '';
}

describe('who may see the page', () => {
  test('a token is exchanged once for a cookie that scripts and other sites cannot use', () => {
    const access = new Access(port);
    const token = access.freshToken();
    const cookie = access.exchange(token);
    assert.match(cookie ?? '', /^roundscope-7870=.+; HttpOnly; SameSite=Lax; Path=\/$/);
    assert.equal(access.exchange(token), null);
    assert.equal(access.exchange('guess'), null);
  });

  test('only a reader who opens the address in a tab spends its token', () => {
    const html = 'text/html,application/xhtml+xml,*/*;q=0.8';
    const get = (headers: Readonly<Record<string, string>>, method = 'GET'): boolean =>
      isOpenedByReader({ method, headers } as unknown as IncomingMessage);
    assert.equal(get({ accept: html, 'sec-fetch-mode': 'navigate' }), true);
    assert.equal(get({ accept: html }), true, 'a browser that does not say');
    assert.equal(get({ accept: html, 'sec-fetch-mode': 'navigate', 'sec-purpose': 'prefetch;prerender' }), false);
    assert.equal(get({ accept: html, 'sec-fetch-mode': 'navigate', purpose: 'prefetch' }), false);
    assert.equal(get({ accept: html, 'sec-fetch-mode': 'no-cors' }), false, 'a picture of another page');
    assert.equal(get({ accept: '*/*' }), false, 'a preview');
    assert.equal(get({}), false);
    assert.equal(get({ accept: html }, 'HEAD'), false);
  });

  test('the cookie opens page and port, nothing else does', () => {
    const access = new Access(port);
    const cookie = cookieOf(access);
    const host = `127.0.0.1:${port}`;
    assert.equal(access.refusal(request({ host, cookie }), page), null);
    assert.equal(access.refusal(request({ host, cookie, origin: `http://${host}` }), socket), null);
    assert.notEqual(access.refusal(request({ host }), page), null);
    assert.notEqual(access.refusal(request({ host, cookie: `${cookie}x` }), page), null);
  });

  test('another site in the same browser is refused, by host (rebinding) and by origin', () => {
    const access = new Access(port);
    const cookie = cookieOf(access);
    const host = `127.0.0.1:${port}`;
    assert.notEqual(access.refusal(request({ host: `evil.example:${port}`, cookie }), page), null);
    assert.notEqual(access.refusal(request({ host, cookie, origin: 'http://evil.example' }), page), null);
    assert.notEqual(access.refusal(request({ host, cookie }), socket), null, 'a socket without origin');
  });

  test('the cookie of another start is worth nothing', () => {
    const cookie = cookieOf(new Access(port));
    assert.notEqual(new Access(port).refusal(request({ host: `127.0.0.1:${port}`, cookie }), page), null);
  });
});
