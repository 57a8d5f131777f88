import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPageKey, keyInProtocols, offeredProtocols, portProtocol } from './page-access.ts';

const key = 'Az0_-'.padEnd(43, 'k');

test('the key is found in what a page offers, and in nothing else', () => {
  assert.equal(keyInProtocols(offeredProtocols(key).join(', ')), key);
  assert.equal(keyInProtocols(offeredProtocols(key).toReversed().join(',')), key);
  for (const header of [undefined, '', portProtocol, `key.${key}`, `${portProtocol}, ${key}`, `${portProtocol}, key.`])
    assert.equal(keyInProtocols(header), null, header);
  for (const bad of [key.slice(1), `${key}x`, `${key.slice(1)}=`, `${key.slice(1)} `, 43, null, [key]])
    assert.equal(isPageKey(bad), false, String(bad));
});
