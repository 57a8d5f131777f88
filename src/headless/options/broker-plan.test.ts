import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededEntropy } from '#test/support/seeded-entropy.ts';
import { credentialsText, parseCredentials } from './broker-credentials.ts';
import { planBroker, type BrokerAsked, type BrokerKept, type BrokerPlan } from './broker-plan.ts';

const asked = {
  kind: 'mosquitto',
  broker: 'mqtts://broker.example.org',
  run: 'r-1',
  participants: 'anna,ben',
} as const;

function plan(change: Partial<BrokerAsked> = {}, kept: BrokerKept | null = null): BrokerPlan {
  const result = planBroker({ ...asked, ...change }, kept, seededEntropy(kept === null ? 1 : 2));
  assert.ok(result.ok, result.ok ? '' : result.error);
  return result.value;
}

function fault(change: Partial<BrokerAsked>, kept: BrokerKept | null = null): string {
  const result = planBroker({ ...asked, ...change }, kept, seededEntropy(1));
  return result.ok ? 'none' : result.error;
}

function keptOf({ urls }: BrokerPlan): BrokerKept {
  const { coordinator = '', ...participants } = Object.fromEntries(urls);
  return { coordinator, participants: new Map(Object.entries(participants)) };
}

test('everybody has a user and a long password of its own', () => {
  const { users, urls, run } = plan();
  assert.equal(run, 'r-1');
  assert.deepEqual(
    users.map(({ who }) => who),
    ['coordinator', 'anna', 'ben'],
  );
  assert.equal(new Set(users.map(({ password }) => password)).size, 3);
  for (const { password } of users) assert.match(password, /^[0-9a-f]{48}$/);
  assert.match(urls.get('ben') ?? '', /^mqtts:\/\/ben%40r-1:[0-9a-f]{48}@broker\.example\.org$/);
});

test('names that could mean more to a broker are refused, whatever they are made of', () => {
  const names = ['+', '#', 'a/b', '*', 'a b', 'a\nuser x', 'anna@r-2', 'änna', '^a$', '.*', 'a:b', '$SYS', '-a', ''];
  for (const name of [...names, 'a'.repeat(49), 'coordinator', 'Coordinator', 'broker'])
    assert.match(fault({ participants: `ben,${name}` }), /^--participants: /, name);
  assert.match(fault({ participants: 'anna,ben,anna' }), /anna stands there twice/);
  assert.match(fault({ participants: Array.from({ length: 1025 }, (_, i) => `n${i}`).join(',') }), /1024 .*at most/);
  assert.match(fault({ participants: undefined }), /--participants takes the names/);
  for (const run of ['+', 'r/1', 'r@1', 'a'.repeat(49), '']) assert.match(fault({ run }), /^--run takes/, run);
});

test('an address is one of that kind of broker, without a user', () => {
  for (const broker of ['broker.example.org', 'http://b', 'amqps://b', 'mqtt:', 'mqtt://'])
    assert.match(fault({ broker }), /a mosquitto has an address such as mqtts:/, broker);
  assert.match(fault({ broker: 'mqtts://me:secret@b' }), /no user and password/);
  for (const broker of ['mqtts://b/x', 'mqtts://b?x', 'mqtts://b#x']) assert.match(fault({ broker }), /nothing stands/);
  assert.match(fault({ broker: undefined }), /--broker takes/);
  assert.match(fault({ broker: `mqtts://${'b'.repeat(470)}` }), /too long for an invitation/);
  assert.match(fault({ kind: 'rabbitmq' }), /a rabbitmq has an address such as amqps:/);
  const rabbitmq = { kind: 'rabbitmq', broker: 'amqps://b' } as const;
  assert.equal(plan(rabbitmq).vhost, 'roundscope-r-1');
  assert.equal(plan({ ...rabbitmq, broker: 'amqps://b/mine' }).vhost, 'mine');
  for (const broker of ['amqps://b/%2F', 'amqps://b/a/b', 'amqps://b/.*', 'amqps://b/a%20b'])
    assert.match(fault({ ...rabbitmq, broker }), /virtual host takes letters/, broker);
});

test('who is there already keeps its password; others come, go, and get another', () => {
  const before = plan();
  const kept = keptOf(before);
  const again = plan({ broker: undefined, run: undefined, participants: undefined }, kept);
  assert.deepEqual(again.urls, before.urls);
  const next = plan({ participants: 'anna,cleo', renew: 'anna' }, kept);
  assert.equal(next.urls.get('coordinator'), before.urls.get('coordinator'));
  assert.notEqual(next.urls.get('anna'), before.urls.get('anna'));
  assert.deepEqual(next.ended, { removed: ['ben'], renewed: ['anna'] });
  const all = plan({ renew: 'all' }, kept);
  for (const [who, url] of all.urls) assert.notEqual(url, before.urls.get(who), who);
  assert.match(fault({ renew: 'cleo' }, kept), /--renew: cleo is none/);
  assert.match(fault({ run: 'r-2' }, kept), /the folder has the users of r-1/);
  const foreign = { ...kept, participants: new Map([['anna', 'mqtts://anna%40r-2:x@b']]) };
  assert.match(fault({}, foreign), /anna in the folder is not one of run r-1/);
});

test('credentials are read as they were written; what is something else is refused without being shown', () => {
  const { participants } = keptOf(plan());
  const text = credentialsText(participants);
  assert.deepEqual(parseCredentials(`# made today\n\n${text}`), { ok: true, value: participants });
  for (const line of [
    'anna',
    'anna mqtts://b',
    'anna mqtts://ben%40r-1:secret@b',
    'anna mqtts://anna:secret@b',
    'anna mqtts://anna%40r-1:secret@b more',
    'a/b mqtts://a%2Fb%40r-1:secret@b',
    `anna mqtts://anna%40r-1:secret@${'b'.repeat(500)}`,
  ]) {
    const result = parseCredentials(`${line}\n`);
    assert.ok(!result.ok, line);
    assert.match(result.error, /line 1 is not/);
    assert.doesNotMatch(result.error, /secret/);
  }
  const twice = parseCredentials(text + text);
  assert.ok(!twice.ok && /anna stands there twice/.test(twice.error));
});
