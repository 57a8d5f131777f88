import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkJoin, fieldOf, invitationIn } from './check-join.ts';

const line = `roundscope://join?i=${'Ab3-_'.repeat(20)}.1x2y3z4`;
const good = { invitation: line, data: '~/faces', name: 'node-7' };

test('good fields have no faults', () => {
  assert.equal(checkJoin(good).size, 0);
});

test('each mistake in an invitation gets its own sentence', () => {
  const said = ['', 'http://somewhere', 'roundscope://join?a=b', 'roundscope://join?'.padEnd(9000, 'a')].map(
    (invitation) => checkJoin({ ...good, invitation }).get('invitation'),
  );
  assert.ok(said.every((sentence) => sentence !== undefined));
  assert.equal(new Set(said).size, said.length);
});

test('an invitation is found in what people paste: a mail, quotes, a wrapped line', () => {
  assert.equal(invitationIn(`Hi,\njoin us with\n${line}\nSee you, Ada`), line);
  assert.equal(invitationIn(`"${line}"`), line);
  assert.equal(invitationIn(`<${line}>`), line);
  assert.equal(invitationIn(`${line.slice(0, 60)}\n${line.slice(60)}\n\nbest wishes`), line);
  assert.equal(invitationIn(`${line} and some words`), line);
  assert.equal(invitationIn('nothing here'), 'nothing here');
});

test('names are short and plain, and none that stands for something else in a recording', () => {
  for (const name of ['', 'a b', '-x', 'x'.repeat(49), 'ä', 'Coordinator', 'trainer'])
    assert.ok(checkJoin({ ...good, name }).has('name'), name);
});

test('a failure stands at the field that fixes it', () => {
  assert.equal(fieldOf({ code: 'participant_name_taken', layer: 'round' }), 'name');
  assert.equal(fieldOf({ code: 'key_has_name', layer: 'link' }), 'name');
  assert.equal(fieldOf({ code: 'data_invalid', layer: 'data' }), 'data');
  assert.equal(fieldOf({ code: 'connect_timeout', layer: 'transport' }), 'invitation');
  assert.equal(fieldOf({ code: 'run_over', layer: 'round' }), 'invitation');
});
