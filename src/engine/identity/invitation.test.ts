import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { asRunId } from '#shared/contract/ids.ts';
import type { Invitation } from '#shared/contract/invitation.ts';
import { decodeInvitation, encodeInvitation } from './invitation.ts';

const invitation: Invitation = {
  version: 2,
  run: asRunId('run-7f3a'),
  name: 'Emotion study, Grüße',
  control: 'same',
  transport: 'quic',
  identity: '12D3KooWDzvjKMv3eEzLJPHN9TjuJ1binb6De9W7ybubpLLipM7E',
  endpoints: [
    {
      protocol: 'quic',
      provider: 'quinn',
      host: '192.168.1.10',
      port: 4433,
      identity: '12D3KooWDzvjKMv3eEzLJPHN9TjuJ1binb6De9W7ybubpLLipM7E',
    },
    {
      protocol: 'quic',
      provider: 'webtransport',
      host: 'coordinator.example.org',
      port: 4434,
      identity: 'ab'.repeat(32),
    },
    { protocol: 'mqtt', provider: 'mqtt', host: 'broker', port: 1883, url: 'mqtt://broker:1883' },
    {
      protocol: 'amqp',
      provider: 'amqp',
      host: '192.168.1.10',
      port: 5671,
      identity: 'cd'.repeat(32),
      brokerCertificate: 'ab'.repeat(32),
    },
  ],
  token: 'q7WvX2c9Qm4T5nLs',
};

function refusal(text: string): string {
  const result = decodeInvitation(text);
  assert.ok(!result.ok, `accepted: ${text}`);
  return result.error.message;
}

describe('invitation', () => {
  test('comes back as it was, on one line that a shell leaves alone', () => {
    const text = encodeInvitation(invitation);
    assert.match(text, /^roundscope:\/\/join\?[A-Za-z0-9=_.-]+$/);
    assert.deepEqual(decodeInvitation(text), { ok: true, value: invitation });
  });

  test('wrapped by a mail program or quoted, it is still the same', () => {
    const text = encodeInvitation(invitation);
    for (const form of [`"${text}"`, `<${text}>`, ` ${text}\n`, `${text.slice(0, 76)}\r\n${text.slice(76)}`]) {
      assert.deepEqual(decodeInvitation(form), { ok: true, value: invitation });
    }
  });

  test('with any one character changed, left out or put in, it is refused', () => {
    const text = encodeInvitation(invitation);
    const index = fc.nat(text.length - 1);
    const character = fc.string({ minLength: 1, maxLength: 1, unit: 'grapheme-ascii' });
    fc.assert(
      fc.property(index, character, (at, by) => {
        fc.pre(by !== text[at]);
        refusal(text.slice(0, at) + by + text.slice(at + 1));
        if (at > 0 && by.trim() !== '') refusal(text.slice(0, at) + by + text.slice(at));
        if (text[at] !== text[at + 1]) refusal(text.slice(0, at) + text.slice(at + 1));
      }),
      { numRuns: 3000 },
    );
  });

  test('any text gives a refusal, never an exception', () => {
    fc.assert(fc.property(fc.string(), (text) => void refusal(text)));
    fc.assert(
      fc.property(fc.json(), (json) => void refusal(`roundscope://join?i=${Buffer.from(json).toString('base64url')}`)),
    );
  });

  test('each kind of damage is called by its name', () => {
    const text = encodeInvitation(invitation);
    assert.match(refusal(''), /empty/);
    assert.match(refusal('https://example.org'), /does not begin/);
    assert.match(refusal('roundscope://join'), /nothing follows its/);
    assert.match(refusal(text.slice(0, 60)), /cut off/);
    assert.match(refusal(text.slice(0, -1)), /cut off/);
    assert.match(refusal(text.replace('W', 'w')), /checksum/);
    assert.match(refusal('x'.repeat(100_000)), /characters long/);
    assert.match(refusal(encodeInvitation({ ...invitation, token: 'short' })), /token/);
  });
});
