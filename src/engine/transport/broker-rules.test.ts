import assert from 'node:assert/strict';
import { pbkdf2Sync } from 'node:crypto';
import { test } from 'node:test';
import { asParticipantId, asRunId, coordinatorId } from '#shared/contract/ids.ts';
import { seededEntropy } from '#test/support/seeded-entropy.ts';
import { brokerRules } from './broker-rules.ts';
import { hasOwnUsers, ownUserIn, userUrl, withoutOwnUser, withoutUser } from './broker-users.ts';

const run = asRunId('r-1');
const users = [
  { who: coordinatorId, password: 'c' },
  { who: asParticipantId('anna'), password: 'a' },
];
const parts = { run, users, vhost: 'v', entropy: seededEntropy(1) };

function fileOf(kind: 'mosquitto' | 'rabbitmq', name: string): string {
  return brokerRules(kind, parts).find((file) => file.name === name)?.text ?? '';
}

test('for Mosquitto a participant has the topics of its own name, and the coordinator those of its run', () => {
  assert.deepEqual(
    fileOf('mosquitto', 'access')
      .split('\n')
      .filter((line) => line !== ''),
    [
      '# Run r-1 of Roundscope.',
      'user coordinator@r-1',
      'topic read roundscope/r-1/+/+/open',
      'topic read roundscope/r-1/+/+/up/#',
      'topic read roundscope/r-1/+/status',
      'topic write roundscope/r-1/+/+/down/#',
      'topic write roundscope/r-1/coordinator/status',
      'user anna@r-1',
      'topic read roundscope/r-1/anna/+/down/#',
      'topic read roundscope/r-1/coordinator/status',
      'topic write roundscope/r-1/anna/+/open',
      'topic write roundscope/r-1/anna/+/up/#',
      'topic write roundscope/r-1/anna/status',
    ],
  );
});

test('passwords stand nowhere but as salted hashes, another salt for each', () => {
  const lines = fileOf('mosquitto', 'passwords').trimEnd().split('\n');
  const salts = lines.map((line, index) => {
    const [, name, rounds = '', salt = '', hash] = /^(\S+):\$7\$(\d+)\$([^$]+)\$([^$]+)$/.exec(line) ?? [];
    assert.equal(name, `${users[index]?.who}@r-1`);
    const bytes = Buffer.from(salt, 'base64');
    assert.equal(bytes.byteLength, 12);
    const expected = pbkdf2Sync(users[index]?.password ?? '', bytes, Number(rounds), 64, 'sha512');
    assert.equal(hash, expected.toString('base64'));
    return salt;
  });
  assert.equal(new Set(salts).size, 2);
  const definitions = JSON.parse(fileOf('rabbitmq', 'definitions.json')) as {
    readonly users: readonly Readonly<Record<string, unknown>>[];
    readonly permissions: readonly { readonly vhost: string }[];
  };
  assert.equal(definitions.users.length, 2);
  const keys = ['name', 'password_hash', 'hashing_algorithm', 'tags'];
  // The coordinator has a channel for each session.
  assert.deepEqual(
    definitions.users.map((user) => Object.keys(user)),
    [keys, [...keys, 'limits']],
  );
  assert.ok(definitions.permissions.every(({ vhost }) => vhost === 'v'));
});

test('a user is written into an address and read out of it again', () => {
  const url = userUrl('amqps://broker.example.org:5671/v', run, { who: asParticipantId('a.b'), password: 'x/y@z' });
  assert.equal(url, 'amqps://a.b%40r-1:x%2Fy%40z@broker.example.org:5671/v');
  assert.deepEqual(ownUserIn(url), { who: 'a.b', run: 'r-1', password: 'x/y@z' });
  assert.equal(withoutUser(url), 'amqps://broker.example.org:5671/v');
  for (const none of ['amqp://h', 'amqp://anna:x@h', 'amqp://a%40b%40c:x@h', 'amqp://%zz@h', 'no address'])
    assert.equal(ownUserIn(none), null, none);
});

test("what the coordinator is let in by is in nobody's invitation, where it is a user of its own", () => {
  const endpoint = (url: string) => ({ protocol: 'mqtt', provider: 'mqtt', host: 'h', port: 1883, url }) as const;
  const own = endpoint('mqtt://coordinator%40r-1:secret@h');
  assert.ok(hasOwnUsers(run, own));
  assert.equal(withoutOwnUser(run, own).url, 'mqtt://h');
  // One user for all, another run's, or a participant's: as it was given.
  for (const url of ['mqtt://lab:secret@h', 'mqtt://coordinator%40r-2:secret@h', 'mqtt://anna%40r-1:secret@h'])
    assert.deepEqual(withoutOwnUser(run, endpoint(url)), endpoint(url));
});
