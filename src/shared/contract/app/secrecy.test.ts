import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint } from './invitation.ts';
import { protocols } from '../protocols.ts';
import { secrecyOf, wayNotes } from './secrecy.ts';

const quic: Endpoint = { protocol: 'quic', provider: 'quinn', host: '10.0.0.4', port: 4433 };
const own: Endpoint = { protocol: 'mqtt', provider: 'mqtt', host: '10.0.0.4', port: 8883 };

test('every protocol says how it is kept from others, and none is readable', () => {
  for (const protocol of protocols) assert.match(secrecyOf[protocol].word, /^(encrypted|sealed|in memory)$/);
});

test('there is nothing to be said of ways that are the two ends’ own', () => {
  assert.deepEqual(wayNotes([quic, own]), []);
});

test('of a broker elsewhere it is said what it reads; of its user and password, who has them, and whether they are readable', () => {
  const at = { ...own, url: 'mqtt://lab:secret@broker.example:1883' };
  const notes = wayNotes([quic, at, at]);
  assert.deepEqual(
    notes.map(({ level }) => level),
    ['info', 'warning', 'warning'],
  );
  assert.match(notes[0]?.text ?? '', /^MQTT at broker\.example:1883: sealed .* no message and no model/);
  assert.match(notes[1]?.text ?? '', /whoever has it is that user there/);
  assert.match(notes[2]?.text ?? '', /mqtt:\/\/ has no TLS, so whoever is on the way reads .* the user and password/);
  assert.doesNotMatch(JSON.stringify(notes), /secret/);
  assert.doesNotMatch(JSON.stringify(wayNotes([{ ...at, url: 'mqtts://lab:secret@broker.example' }])), /TLS/);
  assert.equal(wayNotes([{ ...own, url: 'amqps://broker.example' }]).length, 1);
  assert.match(wayNotes([{ ...own, protocol: 'dds', provider: 'dds' }])[0]?.text ?? '', /^DDS: sealed .*DDS domain/);
});

test('a broker without TLS is named as one also where the invitation has no user of it, but for one on this machine', () => {
  const words = (url: string): string => JSON.stringify(wayNotes([{ ...own, url }]));
  for (const url of ['mqtt://broker.example', 'amqp://10.0.0.4:5672/x', 'amqp://[fe80::1]', 'mqtt://127.example.org'])
    assert.match(words(url), /has no TLS/, url);
  for (const url of ['mqtt://127.0.0.1', 'amqp://localhost/x', 'amqp://[::1]:5672', 'amqps://broker.example/x'])
    assert.doesNotMatch(words(url), /has no TLS/, url);
});
