import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isKeyMeant, keyWords, meansKey } from './key-words.ts';

const key = '0123456789abcdef'.repeat(4);

test('a key as four words that can be spoken, each of sixteen bits', () => {
  assert.equal(keyWords('0000ffff00000000'), 'babab-zuzuz-babab-babab');
  assert.match(keyWords(key), /^[a-z]{5}(-[a-z]{5}){3}$/);
  const seen = new Set(Array.from({ length: 65_536 }, (_, bits) => keyWords(bits.toString(16).padStart(4, '0'))));
  assert.equal(seen.size, 65_536, 'no two keys with the same word');
  assert.equal(keyWords('no key'), '');
});

test('a text means a key by its words or by enough of its digits', () => {
  for (const text of [keyWords(key), key, key.slice(0, 16)]) {
    assert.ok(meansKey(text), text);
    assert.ok(isKeyMeant(text, key), text);
    assert.ok(!isKeyMeant(text, 'f'.repeat(64)), text);
  }
  for (const text of ['anna', key.slice(0, 15), 'babab-babab-babab', `${keyWords(key)}-`, 'lab-1'])
    assert.ok(!meansKey(text), text);
});
