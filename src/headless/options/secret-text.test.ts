import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shownSecret } from './secret-text.ts';

const npm = { npm_lifecycle_event: 'roundscope' };

test('who runs a command by npm is told of a secret on its command line', () => {
  const secrets = ['roundscope://join?i=abc', 'mqtts://me:secret@broker.example', 'amqp://a:b@[::1]:5672/x'];
  for (const word of secrets) {
    const told = shownSecret(['--data', 'faces', word], npm);
    assert.match(told ?? '', /@FILE.*paste/s, word);
    assert.ok(!told?.includes(word));
    assert.equal(shownSecret([word], {}), null, 'without npm the process hides its own');
    assert.match(shownSecret([`--broker=${word}`], npm) ?? '', /@FILE/);
  }
  for (const word of [
    '-',
    '@invitation',
    'mqtt://broker.example:1883',
    'mqtt://me@broker.example',
    'a:b@c',
    './roundscope',
  ])
    assert.equal(shownSecret([word], npm), null, word);
});
