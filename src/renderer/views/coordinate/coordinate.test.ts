import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enoughOf } from '#renderer/components/words/plan-words.ts';
import type { CoordinateDraft } from '#renderer/session/run/drafts.ts';
import { seatAddresses } from '#test/support/kits/seat-answers.ts';
import {
  checkCoordinate,
  chosenTransports,
  coordinateFieldOf,
  coordinateRequest,
  quorumOf,
} from './check-coordinate.ts';
import { qrPath } from './qr-path.ts';

const draft: CoordinateDraft = {
  name: 'pilot',
  data: '~/validation',
  model: '',
  startFrom: '',
  participants: 4,
  enough: 3,
  deadlineS: 45,
  rounds: 20,
  localEpochs: 2,
  weightCap: 3,
  normClip: 0,
  admits: 'anyone',
  admitted: '',
  transports: null,
  host: '',
  port: 0,
  keepAwake: true,
  failure: null,
};

test('the first transport that works and the likeliest address stand for what was not chosen', () => {
  const asked = coordinateRequest(draft, seatAddresses);
  assert.equal(asked.transport, 'quic');
  assert.equal(asked.host, '10.0.4.18');
  assert.equal(asked.announce, undefined);
  assert.equal(asked.deadlineMs, 45_000);
  assert.deepEqual([asked.weightCap, asked.normClip], [3, null], 'a limit of 0 is none');
});

test('transports keep the order in which they were chosen, without those that do not work here', () => {
  assert.deepEqual(chosenTransports({ ...draft, transports: ['mqtt', 'dds', 'quic'] }, seatAddresses), [
    'mqtt',
    'quic',
  ]);
  assert.ok(checkCoordinate({ ...draft, transports: ['dds'] }, seatAddresses).has('transports'));
});

test('an address that is none of this machine is announced, and all are bound', () => {
  const asked = coordinateRequest({ ...draft, host: 'hub.example.org' }, seatAddresses);
  assert.deepEqual([asked.host, asked.announce], ['0.0.0.0', 'hub.example.org']);
  const ipv6 = coordinateRequest({ ...draft, host: '[2001:db8::7]:4433' }, seatAddresses);
  assert.deepEqual([ipv6.host, ipv6.announce], ['::', '[2001:db8::7]:4433']);
  const loopback = coordinateRequest({ ...draft, host: '[::1]' }, seatAddresses);
  assert.deepEqual([loopback.host, loopback.announce], ['::1', undefined]);
});

test('an address that cannot be told is a fault of its field', () => {
  const fault = (host: string, transports: string[] = []) =>
    checkCoordinate({ ...draft, host, transports }, seatAddresses).get('host');
  assert.equal(fault('hub:4433'), undefined);
  for (const host of ['http://hub', 'hub:0', '10.0.4.18:4433']) assert.notEqual(fault(host), undefined, host);
  assert.notEqual(fault('hub:4433', ['quic', 'mqtt']), undefined);
});

test('so many of so many comes back from the share that is sent', () => {
  for (let participants = 1; participants <= 64; participants++) {
    for (let enough = 1; enough <= participants; enough++) {
      assert.equal(enoughOf(participants, quorumOf({ participants, enough })), enough);
    }
  }
});

test('each missing field has its own sentence', () => {
  const faults = checkCoordinate({ ...draft, name: ' ', data: '' }, null);
  assert.deepEqual([...faults.keys()].toSorted(), ['data', 'host', 'name', 'transports']);
  assert.equal(new Set(faults.values()).size, 4);
});

test('a failed start is told at its field, where it has one', () => {
  assert.equal(coordinateFieldOf({ code: 'port_in_use', layer: 'transport' }), 'host');
  assert.equal(coordinateFieldOf({ code: 'settings_invalid', layer: 'transport' }), 'host');
  assert.equal(coordinateFieldOf({ code: 'data_missing', layer: 'data' }), 'data');
  assert.equal(coordinateFieldOf({ code: 'model_unfit', layer: 'trainer' }), 'startFrom');
  assert.equal(coordinateFieldOf({ code: 'already_running', layer: 'service' }), null);
});

test('a QR code has its three finders, and none is made of a text that is too long for one', () => {
  const code = qrPath('roundscope://join?i='.padEnd(900, 'a'));
  assert.ok(code !== null && code.size >= 21);
  for (const [x, y] of [
    [0, 0],
    [code.size - 7, 0],
    [0, code.size - 7],
  ] as const) {
    assert.ok(code.path.includes(`M${x} ${y}h7`), `finder at ${x}, ${y}`);
  }
  assert.equal(qrPath('x'.repeat(5000)), null);
});

test('who may join is anyone, asked about, or on the list, which has to name somebody', () => {
  const asked = (change: Partial<CoordinateDraft>) => coordinateRequest({ ...draft, ...change }, seatAddresses);
  const fault = (change: Partial<CoordinateDraft>) =>
    checkCoordinate({ ...draft, ...change }, seatAddresses).get('admitted');
  assert.deepEqual(asked({ admitted: 'anna' }).admission, { rule: 'anyone', entries: [] });
  assert.deepEqual(asked({ admits: 'ask' }).admission, { rule: 'ask', entries: [] });
  assert.deepEqual(asked({ admits: 'list', admitted: 'anna, ben\nanna' }).admission, {
    rule: 'list',
    entries: ['anna', 'ben'],
  });
  assert.match(fault({ admits: 'list' }) ?? '', /list is empty/);
  assert.match(fault({ admits: 'ask', admitted: 'a/b' }) ?? '', /neither a key nor a name/);
  assert.equal(fault({ admits: 'ask' }), undefined);
});
