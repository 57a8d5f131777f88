import assert from 'node:assert/strict';
import { test } from 'node:test';
import { announcedEndpoints, boundFor, ofOneLink, parseAnnounced } from './announced.ts';

const one = { transport: 'quic', control: 'same' } as const;

test('an announced address is a name or an address, with a port where that differs', () => {
  const read = (text: string) => {
    const result = parseAnnounced(text, one);
    return result.ok ? [result.value.host, result.value.port, boundFor(result.value)] : null;
  };
  assert.deepEqual(read('hub.example.org'), ['hub.example.org', null, '0.0.0.0']);
  assert.deepEqual(read(' 203.0.113.7:4433 '), ['203.0.113.7', 4433, '0.0.0.0']);
  assert.deepEqual(read('2001:db8::7'), ['2001:db8::7', null, '::']);
  assert.deepEqual(read('[2001:db8::7]'), ['2001:db8::7', null, '::']);
  assert.deepEqual(read('[2001:db8::7]:4433'), ['2001:db8::7', 4433, '::']);
  const wrong = ['', 'a b', 'http://hub', 'hub/path', '[hub]:1', '1.2.3.999', ':4433', 'hub:', 'hub:0', 'hub:70000'];
  for (const text of [...wrong, '0.0.0.0', '[::]:1', '-hub', 'hub:1:2', `${'a'.repeat(60)}.`.repeat(5)])
    assert.equal(read(text), null, text);
});

test('an address of one link alone is refused, with and without its zone', () => {
  for (const text of ['fe80::1', 'fe80::1%eth0', 'FEBF::7%2']) {
    const read = parseAnnounced(text, one);
    assert.match(read.ok ? '' : read.error, /holds on one link alone/, text);
  }
  assert.deepEqual([ofOneLink('fd00::1'), ofOneLink('fec0::1'), ofOneLink('fe80.example')], [null, null, null]);
});

test('one port is not announced for several transports', () => {
  for (const transport of ['quic,mqtt', 'mixed', 'auto'] as const) {
    assert.ok(!parseAnnounced('hub:4433', { transport, control: 'same' }).ok, transport);
    assert.ok(parseAnnounced('hub', { transport, control: 'same' }).ok, transport);
  }
  assert.ok(!parseAnnounced('hub:4433', { transport: 'quic', control: 'mqtt' }).ok);
  assert.ok(parseAnnounced('hub:4433', { transport: 'mqtt', control: 'mqtt' }).ok);
});

test('each endpoint is told once at the announced address, and a broker elsewhere where it is', () => {
  const quic = { protocol: 'quic', provider: 'quinn', identity: 'peer' } as const;
  const broker = { protocol: 'mqtt', provider: 'mqtt', host: 'broker', port: 1883, url: 'mqtt://broker' } as const;
  const bound = [{ ...quic, host: '10.0.0.5', port: 5 }, { ...quic, host: '192.168.0.5', port: 5 }, broker];
  assert.deepEqual(announcedEndpoints(bound, { host: 'hub', port: null }), [{ ...quic, host: 'hub', port: 5 }, broker]);
  assert.deepEqual(announcedEndpoints(bound, { host: 'hub', port: 9 })[0]?.port, 9);
});
