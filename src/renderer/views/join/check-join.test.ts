import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkJoin } from './check-join.ts';

const good = { invitation: `roundscope://join?${'a=b&'.repeat(20)}`, data: 'digits', name: 'node-7' };

test('good fields have no faults', () => {
  assert.equal(checkJoin(good).size, 0);
});

test('each mistake in an invitation gets its own sentence', () => {
  const said = [
    '',
    'http://somewhere',
    'roundscope://join?a=b',
    `${good.invitation} x`,
    'roundscope://join?'.padEnd(9000, 'a'),
  ].map((invitation) => checkJoin({ ...good, invitation }).get('invitation'));
  assert.ok(said.every((sentence) => sentence !== undefined));
  assert.equal(new Set(said).size, said.length);
});

test('names are short and plain', () => {
  for (const name of ['', 'a b', '-x', 'x'.repeat(49), 'ä']) assert.ok(checkJoin({ ...good, name }).has('name'), name);
});
