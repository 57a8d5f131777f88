import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bareHost, formatAddress, reachableHosts, wildcardHere } from './addresses.ts';

const none = { netmask: '', mac: '', cidr: null, internal: false };
const interfaces = {
  lo: [{ ...none, address: '::1', family: 'IPv6' as const, scopeid: 0, internal: true }],
  eth0: [
    { ...none, address: '10.0.0.5', family: 'IPv4' as const },
    { ...none, address: 'fd00::5', family: 'IPv6' as const, scopeid: 0 },
    { ...none, address: 'fe80::5', family: 'IPv6' as const, scopeid: 4 },
  ],
};

test('a wildcard stands for the addresses of its families, without those of one link alone', () => {
  assert.deepEqual(reachableHosts('::', interfaces), ['10.0.0.5', 'fd00::5']);
  assert.deepEqual(reachableHosts('0.0.0.0', interfaces), ['10.0.0.5']);
  assert.deepEqual(reachableHosts('fd00::5', interfaces), ['fd00::5']);
  assert.deepEqual([reachableHosts('::', {}), reachableHosts('0.0.0.0', {})], [['::1'], ['127.0.0.1']]);
});

test('a machine with addresses of IPv6 alone listens at those', () => {
  const [, ipv6] = interfaces.eth0;
  const alone = { lo: interfaces.lo, eth0: ipv6 === undefined ? [] : [ipv6] };
  assert.deepEqual([wildcardHere('0.0.0.0', alone), reachableHosts('::', alone)], ['::', ['fd00::5']]);
  assert.deepEqual([wildcardHere('0.0.0.0', interfaces), wildcardHere('0.0.0.0', {})], ['0.0.0.0', '0.0.0.0']);
  assert.equal(wildcardHere('127.0.0.1', alone), '127.0.0.1');
});

test('brackets are those of an address, not of its host', () => {
  assert.deepEqual([bareHost('[::1]'), bareHost(' hub '), bareHost('[hub]')], ['::1', 'hub', '[hub]']);
  assert.deepEqual([formatAddress('::1', 5), formatAddress('hub', 5)], ['[::1]:5', 'hub:5']);
});
