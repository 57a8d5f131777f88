import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joined, moment, seen } from '#test/support/recorded/observed-run.ts';
import { brokerAway, brokerCause } from './broker-causes.ts';
import type { BrokerObservation, RunObservation } from '../observation.ts';
import type { SharedCause } from './shared-cause.ts';

function broker(over: Partial<BrokerObservation>): BrokerObservation {
  const since = moment(50_000, 'amqp://hub: lost');
  return { address: 'amqp://hub', protocol: 'amqp', state: 'connected', reason: '', since, losses: [], ...over };
}

function cause(over: Partial<BrokerObservation>, now: number, run: Partial<RunObservation> = {}): SharedCause | null {
  return brokerAway(seen({}, { now, broker: broker(over), ...run }).run);
}

function explained(found: SharedCause | null, subject = 'node-1'): readonly string[] {
  const rules = [
    'link-flapping',
    'link-lost',
    'participant-silent',
    'transfer-stuck',
    'connection-per-message',
    'trainer-frozen',
    'process-frozen',
  ];
  const finding = { layer: 'link', subject, sentence: '', explanation: '', since: 0, evidence: [] } as const;
  return rules.filter((rule) => found?.explains({ ...finding, rule }) === true);
}
const ofLinks = ['link-flapping', 'link-lost', 'participant-silent', 'transfer-stuck', 'connection-per-message'];

test('a broker that is well, or not there, is no cause', () => {
  assert.equal(cause({}, 90_000), null);
  assert.equal(brokerCause(seen({}).run), null);
});

test('one that is out of reach for a second is the cause of what links suffer', () => {
  assert.equal(cause({ state: 'lost' }, 50_999), null);
  const lost = cause({ state: 'lost', reason: 'ECONNREFUSED' }, 51_000);
  assert.deepEqual(
    [lost?.finding.rule, lost?.finding.layer, lost?.finding.subject, lost?.finding.since],
    ['broker-lost', 'transport', 'the broker', 50_000],
  );
  assert.deepEqual(lost?.finding.evidence, [moment(50_000, 'amqp://hub: lost')]);
  assert.equal(lost.finding.sentence, "The AMQP broker at amqp://hub is out of the coordinator's reach.");
  assert.match(lost.finding.explanation, /^The reason: ECONNREFUSED\. Everything/);
  assert.match(cause({ state: 'lost' }, 51_000)?.finding.explanation ?? '', /^It gives no reason\. Everything/);
  assert.equal(
    cause({ state: 'lost' }, 51_000, { self: 'node-1' })?.finding.sentence,
    'The AMQP broker at amqp://hub is out of reach.',
  );
  assert.deepEqual(explained(lost), ofLinks);
});

test('one that drops the connection three times in 30 s does so again and again', () => {
  const losses = [moment(30_000), moment(40_000), moment(45_000)];
  const drops = cause({ losses }, 60_000);
  assert.deepEqual(
    [drops?.finding.rule, drops?.finding.since, drops?.finding.evidence],
    ['broker-drops', 30_000, losses],
  );
  assert.match(drops?.finding.explanation ?? '', /^3 times in the last 30 s\. It gives no reason\. A broker/);
  assert.deepEqual(explained(drops), ofLinks);
  assert.equal(cause({ losses }, 60_001), null, 'the first one is older than that');
  assert.equal(cause({ losses: losses.slice(1) }, 60_000), null);
  const many = Array.from({ length: 9 }, (_, i) => moment(40_000 + i));
  assert.deepEqual(cause({ losses: many }, 60_000)?.finding.evidence, many.slice(3));
});

test('one that is back is told as long as somebody has not found back, and need not have', () => {
  const losses = [moment(40_000), moment(45_000)];
  const story = seen({ linkDown: moment(46_000) }, { now: 51_000, broker: broker({ losses }) });
  const back = brokerAway(story.run)?.finding;
  assert.deepEqual(
    [back?.rule, back?.since, back?.ages, back?.evidence],
    ['broker-lost', 45_000, true, [moment(45_000), moment(50_000, 'amqp://hub: lost')]],
  );
  assert.deepEqual(explained(brokerAway(story.run)), ofLinks);
  const found = (): boolean => brokerAway(story.run) !== null;
  for (const over of [
    { joined: false },
    { left: moment(47_000) },
    { exited: { ...moment(47_000), expected: true, restarts: false } },
    { linkDown: null },
    { linkDown: moment(53_001) },
  ]) {
    const before = { ...story.node };
    Object.assign(story.node, over);
    assert.equal(found(), false, JSON.stringify(over));
    Object.assign(story.node, before);
  }
  story.node.linkDown = moment(53_000);
  assert.equal(found(), true, 'a link that broke within 3 s of the return still broke for it');
  joined(story.run, 'node-2');
  assert.equal(found(), true, 'one of several');
  story.run.now = 50_000 + 23_000;
  assert.equal(found(), true, 'an attempt may take 10 s to fail, and the pauses after it grow to 10 s');
  story.run.now++;
  assert.equal(found(), false);
});

test('a reason that ends with a mark of its own gets no second one', () => {
  const asked = cause({ state: 'lost', reason: 'nobody listens: is it running?' }, 60_000);
  assert.match(asked?.finding.explanation ?? '', /^The reason: nobody listens: is it running\? Everything/);
  const told = cause({ state: 'lost', reason: 'cut' }, 60_000);
  assert.match(told?.finding.explanation ?? '', /^The reason: cut\. Everything/);
});

test('one that blocks for 2 s is told with its reason', () => {
  assert.equal(cause({ state: 'blocked' }, 51_999), null);
  const blocked = cause({ state: 'blocked', reason: 'low on memory' }, 52_000);
  assert.deepEqual(
    [blocked?.finding.rule, blocked?.finding.since, blocked?.finding.layer],
    ['broker-blocked', 50_000, 'transport'],
  );
  assert.deepEqual(blocked?.finding.evidence, [moment(50_000, 'amqp://hub: lost')]);
  assert.equal(blocked.finding.sentence, 'The AMQP broker at amqp://hub blocks publishers: low on memory.');
  assert.match(cause({ state: 'blocked' }, 52_000)?.finding.sentence ?? '', /blocks publishers: it gives no reason\.$/);
  assert.deepEqual(explained(blocked), ofLinks);
});

test('what it holds up is told of all whom it holds up, and explains nobody else', () => {
  const story = seen({ obstacle: moment(40_000, 'messages over 1 MB are refused'), protocol: 'mqtt' });
  joined(story.run, 'node-2', { obstacle: moment(30_000, 'node-2 may not publish') });
  joined(story.run, 'node-3', { obstacle: moment(35_000, 'node-2 may not publish') });
  joined(story.run, 'node-4');
  joined(story.run, 'gone', { obstacle: moment(1), left: moment(2) });
  joined(story.run, 'ended', { obstacle: moment(1), exited: { ...moment(2), expected: false, restarts: true } });
  const held = brokerCause(story.run);
  assert.equal(
    held?.finding.sentence,
    'The MQTT broker holds up what passes between the coordinator and node-1, node-2, node-3: messages over 1 MB are refused.',
  );
  assert.equal(
    held.finding.explanation,
    'Node-2 may not publish. It is tried again by itself, and goes on as soon as it passes.',
  );
  assert.deepEqual(
    [held.finding.rule, held.finding.layer, held.finding.subject, held.finding.since],
    ['broker-obstacle', 'transport', 'the broker', 30_000],
  );
  assert.deepEqual(
    held.finding.evidence.map(({ at }) => at),
    [30_000, 35_000, 40_000],
  );
  assert.deepEqual(explained(held, 'node-2'), ofLinks);
  assert.deepEqual(explained(held, 'node-4'), []);
  for (let i = 5; i < 12; i++)
    joined(story.run, `node-${i}`, { obstacle: moment(50_000 + i, 'node-2 may not publish') });
  const many = brokerCause(story.run)?.finding;
  assert.match(many?.sentence ?? '', /and node-1, node-2, node-3 and 7 more: /);
  assert.equal(many?.evidence.length, 6);
});
