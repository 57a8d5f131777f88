import type { Protocol } from '#shared/contract/protocols.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Story } from '#test/support/kits/diagnosis-story.ts';

/** What `lab-1` sees of its run: its own link, its own trainer, what it hears. */
class Seat extends Story {
  constructor() {
    super([], [], 'participant');
    this.event('run_opened', { chair: 'participant', name: 'pilot', self: 'lab-1' }, 'service');
    this.own('connecting', 0);
  }

  own(state: string, connections: number, reason = '', more: object = {}): void {
    const data = { participant: 'lab-1', side: 'participant', state, reason, protocol: 'quic', stack: 'quinn' };
    this.event('link_state', { ...data, connections, reconnects: 0, ...more }, 'lab-1');
  }

  hears(protocol: Protocol = 'quic'): void {
    const packet = {
      protocol,
      source: 'lab-1',
      peer: 'coordinator',
      direction: 'down',
      kind: 'heartbeat',
      durationMs: 2,
    } as const;
    this.packet('lab-1', packet);
  }

  attempt(number: number, result: string, over: object = {}): void {
    const data = { participant: 'lab-1', number, protocol: 'quic', stack: 'quinn', address: '10.0.4.18:4433', result };
    const times = { reason: '', lastHeardAt: 0, nextAt: this.at + 10_000, givesUpAt: 600_000 };
    this.event('link_attempt', { ...data, ...times, ...over }, 'lab-1');
  }

  connected(): void {
    this.own('ready', 1);
    this.pass(2000, () => this.hears());
  }
}

test('a broker that holds up what passes is named from here as well, and no coordinator that falls silent by it', () => {
  const seat = new Seat();
  seat.connected();
  const obstacle =
    'the broker does not take what is published on roundscope/r/lab-1/s/up/control (it says: Not authorized)';
  seat.own('lost', 1, `broker_refused: ${obstacle}`, { obstacle });
  seat.pass(8000);
  assert.deepEqual(seat.standing, ['broker-obstacle the broker']);
  assert.ok(seat.raised[0]?.sentence.endsWith(`between the coordinator and you: ${obstacle}.`));
  seat.own('ready', 2);
  seat.pass(1000, () => seat.hears());
  assert.deepEqual(seat.standing, []);
});

test('a coordinator that falls silent is named within 5 s, from the last sign of life on', () => {
  const seat = new Seat();
  seat.connected();
  const lastHeard = seat.at;
  seat.pass(5000);
  assert.deepEqual(seat.standing, ['coordinator-silent coordinator']);
  assert.match(seat.raised[0]?.sentence ?? '', /^The coordinator does not answer: last heard 4 s ago\.$/);
  assert.deepEqual([seat.raised[0]?.since, seat.raised[0]?.layer], [lastHeard, 'link']);
  seat.own('lost', 1, 'peer silent for 5 s');
  seat.pass(4000);
  assert.deepEqual(seat.cleared, [], 'the end of the session is no answer');
});

test('it says how often it was tried, over what, that the update is kept, and when the next attempt comes', () => {
  const seat = new Seat();
  seat.connected();
  seat.event('participant_phase', { participant: 'lab-1', round: 3, phase: 'send' }, 'lab-1');
  seat.own('lost', 1, 'peer silent for 5 s');
  for (let number = 1; number <= 9; number++) {
    seat.attempt(number, 'no_answer', number % 2 === 0 ? { stack: 'webtransport-h2' } : {});
    seat.pass(10_000);
  }
  const last = seat.raised.at(-1);
  assert.match(
    last?.sentence ?? '',
    /^The coordinator does not answer: last heard \d\d s ago, tried 9 times over UDP and TCP\. Your update is kept\.$/,
  );
  assert.match(last?.nextAction ?? '', /^dials again; gives up in 9 min$/);
  assert.ok((last?.nextActionAt ?? 0) > 0);
  assert.equal(new Set(seat.raised.map(({ verdict }) => verdict)).size, 1, 'one verdict, told again');
});

test('it is told again about once a second, then ever more seldom', () => {
  const seat = new Seat();
  seat.connected();
  seat.own('lost', 1, 'peer silent for 5 s');
  seat.pass(60_000);
  const inFirstMinute = seat.raised.length;
  assert.ok(inFirstMinute > 20 && inFirstMinute < 60, `${inFirstMinute}`);
  seat.pass(600_000);
  assert.ok(seat.raised.length - inFirstMinute < 120, `${seat.raised.length}`);
});

test('it is over when the coordinator answers', () => {
  const seat = new Seat();
  seat.connected();
  seat.own('lost', 1, 'cut');
  seat.attempt(1, 'failed', { reason: 'ECONNREFUSED' });
  seat.pass(4000);
  assert.deepEqual(seat.standing, ['coordinator-silent coordinator']);
  assert.match(seat.raised[0]?.explanation ?? '', /ECONNREFUSED/);
  seat.own('ready', 2);
  seat.pass(1000, () => seat.hears());
  assert.deepEqual(seat.standing, []);
});

test('a link that is dialed again within a second is no news', () => {
  const seat = new Seat();
  seat.connected();
  seat.own('lost', 1, 'cut');
  seat.own('resuming', 1, 'dialing');
  seat.pass(1500);
  seat.own('ready', 2);
  seat.pass(10_000, () => seat.hears());
  assert.deepEqual(seat.raised, []);
});

test('a coordinator that was never reached is told as that', () => {
  const seat = new Seat();
  seat.attempt(1, 'no_answer', { nextAt: 1000 });
  seat.pass(6000);
  assert.match(seat.raised[0]?.sentence ?? '', /^The coordinator does not answer: never heard, tried once over UDP\.$/);
});

test('the own trainer that stops is told, and nothing of others', () => {
  const seat = new Seat();
  seat.connected();
  seat.event('participant_phase', { participant: 'lab-1', round: 1, phase: 'train' }, 'lab-1');
  seat.progress('lab-1', 1);
  seat.waits(['lab-1', 'lab-2']);
  seat.pass(6000, () => seat.hears());
  assert.deepEqual(seat.standing, ['trainer-frozen lab-1']);
  assert.equal(seat.raised[0]?.sentence, 'Your training has stopped: no gradient step is made, and the link is well.');
});

test('the own update that is stuck is told', () => {
  const seat = new Seat();
  seat.connected();
  seat.event('participant_phase', { participant: 'lab-1', round: 1, phase: 'send' }, 'lab-1');
  const transfer = { participant: 'lab-1', round: 1, kind: 'model_update', direction: 'up', totalBytes: 10_500_000 };
  seat.event('transfer_progress', { ...transfer, sentBytes: 2_900_000 }, 'lab-1');
  seat.pass(7000, () => seat.hears());
  assert.equal(seat.raised[0]?.sentence, 'Your model update is stuck at 2.9 of 10.5 MB; heartbeats pass.');
});

test('a participant that ends says nothing about itself', () => {
  const seat = new Seat();
  seat.connected();
  seat.waits(['lab-1']);
  seat.event('process_exited', { name: 'lab-1', pid: 7, expected: true, note: 'exit status 0' }, 'service');
  seat.own('closed', 1, 'interrupted');
  seat.pass(10_000);
  assert.deepEqual(seat.raised, []);
});

test('a broker that blocks publishers is named instead of the coordinator, as long as it does', () => {
  const seat = new Seat();
  seat.connected();
  const news = { participant: 'lab-1', protocol: 'amqp', address: 'amqp://hub' };
  // That of others is told by the coordinator, where there is one to tell it.
  seat.event('broker_state', { ...news, participant: 'lab-2', state: 'blocked', reason: 'low on disk' }, 'lab-2');
  seat.event('broker_state', { ...news, state: 'blocked', reason: 'low on memory' }, 'lab-1');
  seat.pass(5000);
  seat.own('lost', 1, 'nothing heard for 5.0 s, and the broker blocks publishers: low on memory');
  seat.pass(6000);
  assert.deepEqual(seat.standing, ['broker-blocked the broker']);
  assert.deepEqual([...new Set(seat.raised.map(({ rule }) => rule))], ['broker-blocked']);
  assert.equal(seat.raised[0]?.sentence, 'The AMQP broker at amqp://hub blocks publishers: low on memory.');
  seat.event('broker_state', { ...news, state: 'connected', reason: '' }, 'lab-1');
  seat.own('ready', 2);
  seat.pass(2000, () => seat.hears());
  assert.deepEqual(seat.standing, []);
});

test('a broker elsewhere that is out of reach is named instead of the coordinator, where the link goes through it', () => {
  const news = { participant: 'lab-1', protocol: 'mqtt', address: 'mqtt://hub' };
  const through = { protocol: 'mqtt', stack: 'mqtt.js' };
  const seat = new Seat();
  seat.own('ready', 1, '', through);
  seat.pass(2000, () => seat.hears('mqtt'));
  seat.own('lost', 1, 'the connection to the broker closed', through);
  seat.event('broker_state', { ...news, state: 'lost', reason: 'nobody listens there' }, 'lab-1');
  seat.pass(9000, () => seat.at % 1000 === 0 && seat.ticks('lab-1'));
  assert.deepEqual([...new Set(seat.raised.map(({ rule }) => rule))], ['broker-lost']);
  assert.equal(seat.raised[0]?.sentence, 'The MQTT broker at mqtt://hub is out of reach.');
  // It is there again, and the coordinator is not.
  seat.event('participant_joined', { participant: 'lab-1', protocol: 'mqtt' }, 'lab-1');
  seat.event('broker_state', { ...news, state: 'connected', reason: '' }, 'lab-1');
  seat.pass(5000, () => seat.at % 1000 === 0 && seat.ticks('lab-1'));
  assert.deepEqual(seat.standing, ['coordinator-silent coordinator']);
  assert.ok(seat.raised.every(({ sentence }) => !sentence.includes('is back')));
  const elsewhere = new Seat();
  elsewhere.connected();
  elsewhere.event('broker_state', { ...news, state: 'lost', reason: 'nobody listens there' }, 'lab-1');
  elsewhere.pass(5000, () => elsewhere.hears());
  assert.deepEqual(elsewhere.raised, [], 'a link over another protocol is well');
});

test('a silence is over with the link that is ready again, and not a decision later', () => {
  const seat = new Seat();
  seat.connected();
  seat.own('lost', 1, 'nothing heard for 5.0 s');
  seat.pass(8000);
  assert.deepEqual(seat.standing, ['coordinator-silent coordinator']);
  seat.own('resuming', 2);
  assert.deepEqual(seat.standing, ['coordinator-silent coordinator']);
  seat.own('ready', 2);
  assert.deepEqual(seat.standing, []);
});

for (const [how, cause] of Object.entries({
  'a broker that blocks publishers': (seat: Seat): void =>
    seat.event(
      'broker_state',
      { participant: 'lab-1', protocol: 'amqp', address: 'amqp://hub', state: 'blocked', reason: 'low on memory' },
      'lab-1',
    ),
  'a coordinator that does not answer': (seat: Seat): void => seat.own('lost', 1, 'peer silent for 5 s'),
}))
  test(`${how} is not told to be over because this participant gives up`, () => {
    const seat = new Seat();
    seat.connected();
    cause(seat);
    seat.pass(8000);
    assert.equal(seat.standing.length, 1);
    seat.own('closed', 1, 'gives up');
    seat.pass(1000);
    seat.event('process_exited', { name: 'lab-1', pid: 7, expected: true, note: 'exit status 0' }, 'service');
    seat.pass(1000);
    seat.event('run_ended', { status: 'unreachable', reason: '', roundsCompleted: 0, loss: null, accuracy: null });
    assert.deepEqual(
      seat.cleared.map(({ reason }) => reason),
      ['the run ended'],
    );
  });
