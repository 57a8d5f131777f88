import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { invitationInLink, invitationTextMax } from './invitation.ts';

describe('a link that the system opens', () => {
  test('is an invitation, with or without the slash that some systems add, in any case of its scheme', () => {
    for (const link of ['roundscope://join?i=ab-C_1', 'roundscope://join/?i=ab-C_1', 'ROUNDSCOPE://join?i=ab-C_1'])
      assert.equal(invitationInLink(link), 'roundscope://join?i=ab-C_1');
  });

  const others: readonly unknown[] = [
    undefined,
    42,
    '',
    '--idle',
    'roundscope://join?',
    'roundscope://leave?i=abc',
    'https://example.com/?roundscope://join?i=abc',
    'roundscope://join?i=abc --remote-debugging-port=9',
    'roundscope://join?i=a\nb',
    'roundscope://join?i=\u202eabc',
    'roundscope://join?i="><script>',
    `roundscope://join?i=${'a'.repeat(invitationTextMax)}`,
  ];
  for (const link of others) {
    test(`is left alone where it is something else: ${JSON.stringify(link)?.slice(0, 60)}`, () => {
      assert.equal(invitationInLink(link), null);
    });
  }
});
