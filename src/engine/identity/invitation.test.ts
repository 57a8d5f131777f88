import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { asRunId } from '#shared/contract/ids.ts';
import type { Invitation } from '#shared/contract/app/invitation.ts';
import { seededIdentity } from '#test/support/seeded-identity.ts';
import { decodeInvitation, encodeInvitation } from './invitation.ts';
import { signedPass } from './pass.ts';

const coordinator = seededIdentity('coordinator');
const run = asRunId('run-7f3a');

const invitation: Invitation = {
  version: 2,
  run,
  name: 'Emotion study, Grüße',
  control: 'same',
  transport: 'quic',
  identity: coordinator.peerId,
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
  pass: signedPass(coordinator, run, { generation: 0 }),
};

function listIn(line: string): readonly unknown[] {
  const text = line.slice(line.indexOf('=') + 1, line.lastIndexOf('.'));
  return JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[];
}

function lineOf(list: readonly unknown[]): string {
  const text = Buffer.from(JSON.stringify(list)).toString('base64url');
  return `roundscope://join?i=${text}.${crc32(text).toString(36).padStart(7, '0')}`;
}

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
    const other = signedPass(seededIdentity('thief'), run, { generation: 0 });
    assert.match(refusal(encodeInvitation({ ...invitation, pass: other })), /has not signed whom it is for/);
  });

  test('one of another version says on which machine Roundscope is to be updated', () => {
    const [form] = listIn(encodeInvitation(invitation));
    assert.match(
      refusal(lineOf([Number(form) - 1])),
      /older version .* Update Roundscope where the run is coordinated/,
    );
    assert.match(refusal(lineOf([Number(form) + 1])), /newer version .* Update Roundscope on this machine/);
  });
});
