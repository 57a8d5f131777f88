import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortPath } from './short-path.ts';

test('what lies in the home folder begins with a tilde, a neighbour of it does not', () => {
  assert.equal(shortPath('/home/ann/data/runs', '/home/ann'), '~/data/runs');
  assert.equal(shortPath('/home/ann', '/home/ann'), '~');
  assert.equal(shortPath('/home/anna/data', '/home/ann'), '/home/anna/data');
  assert.equal(shortPath('/srv/data', '/home/ann'), '/srv/data');
  assert.equal(shortPath('/srv/data', ''), '/srv/data');
});
