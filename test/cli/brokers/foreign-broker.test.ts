import assert from 'node:assert/strict';
import { test } from 'node:test';
import mqtt from 'mqtt';
import { findMosquitto, startMosquitto } from '#test/support/brokers/mosquitto.ts';
import { invitationIn } from '#test/support/hostile/besieged.ts';
import { patienceMs } from '../command-line.ts';
import { coordinate, hasJoined, join } from '../federation.ts';

const mosquitto = findMosquitto();
const skip = 'missing' in mosquitto ? mosquitto.missing : false;
const names = ['honest-1', 'honest-2'] as const;

/** What stands in the frames of a run: of the link, of messages, of models. */
const readable = ['hello', '"t":', 'instance', 'register', 'dtype', 'global_model', 'examples'];

const readableTopic =
  /^roundscope\/r-[\w-]+\/(coordinator|honest-[12])\/(status|[0-9a-f]{32}\/(open|(up|down)\/(session|control|bulk\/\d+)))$/;

test(
  'another client of the broker, without the invitation, reads nothing of a run and changes nothing of it',
  { skip },
  async () => {
    assert.ok('path' in mosquitto);
    await using broker = await startMosquitto(mosquitto.path);
    await using coordinator = await coordinate([
      '--participants',
      '2',
      '--rounds',
      '2',
      '--transport',
      'mqtt',
      '--broker',
      broker.url,
    ]);
    const { run, token } = invitationIn(coordinator.invitation);
    const tenant = await mqtt.connectAsync(broker.url, { reconnectPeriod: 0, protocolVersion: 4 });
    const own = new Set<string>();
    const heard = { messages: 0, bulk: 0, repeated: 0 };
    const found: string[] = [];
    const put = (topic: string, content: Buffer): void => {
      own.add(`${topic} ${content.toString('base64')}`);
      heard.repeated++;
      tenant.publish(topic, content, { qos: 1 });
    };
    tenant.on('message', (topic, content) => {
      // Names of run and participants, the session's number, and which lane by its number: as docs/security.md says.
      if (!readableTopic.test(topic)) found.push(`the topic ${topic}`);
      if (own.delete(`${topic} ${content.toString('base64')}`)) return;
      const [, , who = '', session = '', way] = topic.split('/');
      if (content.includes(token)) found.push(`the token on ${topic}`);
      if (way !== 'up' && way !== 'down') return;
      heard.messages++;
      if (topic.includes('/bulk/')) heard.bulk++;
      // The coordinator's answer is a word in the clear, which it has signed.
      const isAnswer = content.includes('"signature"');
      if (!isAnswer)
        found.push(...readable.filter((word) => content.includes(word)).map((word) => `${word} on ${topic}`));
      // As it was, changed, in the name of the other, back to who sent it; and that its owner is gone.
      put(topic, content);
      const changed = Buffer.from(content);
      changed[changed.byteLength - 1] = (changed.at(-1) ?? 0) ^ 1;
      put(topic, changed);
      put(topic.replace(`/${way}/`, way === 'up' ? '/down/' : '/up/'), content);
      if (heard.messages % 10 !== 1) return;
      const gone = JSON.stringify({ state: 'offline', id: session, reason: 'vanished' });
      for (const whose of [who, 'coordinator'])
        tenant.publish(`roundscope/${run}/${whose}/status`, gone, { qos: 1, retain: true });
    });
    await tenant.subscribeAsync('roundscope/#', { qos: 1 });
    const joined = names.map((name) => join(coordinator.invitation, name));
    await using _first = joined[0];
    await using _second = joined[1];
    for (const name of names) await coordinator.command.until((seen) => hasJoined(seen, name));
    const { status, stderr, lines } = await coordinator.command.exit(3 * patienceMs);
    assert.equal(status, 0, stderr);
    const left = Promise.withResolvers<string>();
    tenant.on('message', (topic, content) => {
      if (topic.endsWith('/coordinator/status')) left.resolve(content.toString());
    });
    await tenant.subscribeAsync(`roundscope/${run}/coordinator/status`, { qos: 1 });
    // What the run came to is for who has the invitation.
    assert.match(
      await left.promise,
      /^\{"state":"ended","id":"[0-9a-f]+","reason":"","word":"[\w+/=]+","proof":"[0-9a-f]{128}"\}$/,
    );
    await tenant.endAsync();

    assert.deepEqual([...new Set(found)], []);
    assert.ok(heard.bulk >= 8, `${heard.bulk} pieces of models passed`);
    assert.ok(heard.repeated >= 3 * heard.messages);
    const counted = lines.filter(({ event, counted: counts }) => event === 'update_received' && counts === true);
    assert.equal(counted.length, 4, 'each update of each participant, once');
    const states = lines.filter(({ event, state }) => event === 'link_state' && state === 'lost');
    assert.deepEqual(states, [], 'nobody was cut off');
    assert.ok(lines.some(({ event, text }) => event === 'notice' && /sealed .*no model/.test(String(text))));
  },
);
