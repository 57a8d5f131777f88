import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { asParticipantId, asRunId } from '#shared/contract/ids.ts';
import type { EventData, EventType, RecordedEvent } from '#shared/contract/events.ts';
import { LinkReporter } from './link-reporter.ts';

const startAt = Date.UTC(2026, 10, 29);

class Terminal {
  readonly lines: string[] = [];
  readonly #reporter = new LinkReporter();
  #at = startAt;
  #heardAt = 0;
  #number = 0;
  #id = 0;

  wait(seconds: number): void {
    this.#at += seconds * 1000;
  }

  /** The machine's clock is set: what is told afterwards is told in its time. */
  setClock(seconds: number): void {
    this.#at += seconds * 1000;
    if (this.#heardAt > 0) this.#heardAt += seconds * 1000;
  }

  state(state: EventData<'link_state'>['state'], reason: string): void {
    const side = 'participant' as const;
    const protocol = { protocol: 'quic', stack: 'quinn' } as const;
    this.#tell('link_state', { participant, side, state, reason, ...protocol, connections: 1, reconnects: 0 });
    if (state === 'ready') [this.#heardAt, this.#number] = [this.#at, 0];
  }

  broker(state: EventData<'broker_state'>['state'], reason: string): void {
    this.#tell('broker_state', { participant, protocol: 'amqp', address: 'amqp://hub', state, reason });
  }

  attempt(
    result: EventData<'link_attempt'>['result'],
    reason: string,
    {
      stack = 'quinn',
      pauseS = 0,
      limitS = 600,
    }: { stack?: 'quinn' | 'webtransport-h2'; pauseS?: number; limitS?: number },
  ): void {
    const told = { participant, number: ++this.#number, protocol: 'quic', stack, address: '10.0.4.18:4433' } as const;
    const times = { lastHeardAt: this.#heardAt, nextAt: 0, givesUpAt: limitS === 0 ? 0 : this.#at + limitS * 1000 };
    this.#tell('link_attempt', { ...told, result: 'trying', reason: 'dialing', ...times });
    this.#tell('link_attempt', { ...told, result, reason, ...times, nextAt: this.#at + pauseS * 1000 });
  }

  #tell<T extends EventType>(type: T, data: EventData<T>): void {
    const envelope = { id: ++this.#id, run: asRunId('r-1'), source: 'lab-2', at: this.#at };
    const line = this.#reporter.lineOf({ ...envelope, type, data } as unknown as RecordedEvent);
    if (line !== null) this.lines.push(line);
  }
}

const participant = asParticipantId('lab-2');
const udpSilent = 'No coordinator answered at 10.0.4.18:4433 (UDP) within 2.5 s. Check that it is running.';
const tcpRefused = 'Nothing listens at 10.0.4.18:4434 (TCP). Check that the coordinator is running.';

describe('a link in the terminal', () => {
  test('lost, nobody there, still nobody, back: each once', () => {
    const terminal = new Terminal();
    terminal.state('ready', 'connected');
    terminal.wait(5);
    terminal.state('degraded', 'nothing heard for 2.5 s');
    terminal.state('lost', 'peer_silent: nothing heard for 5.0 s');
    for (let i = 0; i < 12; i++) {
      terminal.attempt('no_answer', udpSilent, {});
      terminal.attempt('refused', tcpRefused, { stack: 'webtransport-h2', pauseS: 10 });
      terminal.state('lost', tcpRefused);
      terminal.wait(11);
    }
    terminal.attempt('connected', 'connected', {});
    terminal.state('resuming', 'somebody answers at 10.0.4.18:4433');
    terminal.state('ready', 'resumed on connection 2');
    assert.deepEqual(terminal.lines, [
      'link lost: nothing heard for 5.0 s; trying again',
      'no coordinator: nothing listens at 10.0.4.18:4434 (TCP); trying for 10 min more',
      'still no coordinator for 71 s (14 attempts over UDP and TCP); trying for 10 min more',
      'link is back after 2 min',
    ]);
  });

  test('before the first connection: one line, with how long it is tried', () => {
    const terminal = new Terminal();
    for (let i = 0; i < 3; i++) {
      terminal.attempt('refused', tcpRefused, { stack: 'webtransport-h2', pauseS: 1, limitS: 20 });
      terminal.wait(1);
    }
    terminal.attempt('connected', 'connected', {});
    terminal.state('ready', 'connected');
    assert.deepEqual(terminal.lines, [
      'no coordinator yet: nothing listens at 10.0.4.18:4434 (TCP); trying for 20 s more',
    ]);
  });

  test('a broker that takes nothing is told before the first connection; later the diagnosis names it', () => {
    const terminal = new Terminal();
    terminal.broker('blocked', 'low on memory');
    terminal.broker('connected', '');
    terminal.attempt('connected', 'connected', {});
    terminal.state('ready', 'connected');
    terminal.broker('blocked', 'low on memory');
    terminal.state('lost', 'nothing heard for 5.0 s');
    terminal.broker('connected', '');
    assert.deepEqual(terminal.lines, [
      'the broker blocks publishers: low on memory',
      'the broker takes messages again',
      'link lost: nothing heard for 5.0 s; trying again',
    ]);
  });

  test('a link that is changed on purpose is no news, and a clock that is set changes no length of time', () => {
    const terminal = new Terminal();
    terminal.state('ready', 'connected');
    terminal.state('resuming', 'quinn answers again');
    terminal.attempt('connected', 'connected', {});
    terminal.state('ready', 'resumed on connection 2');
    terminal.state('lost', 'closed by the other end (lost): read ECONNRESET');
    terminal.setClock(3600);
    terminal.wait(3);
    terminal.attempt('failed', 'x', { pauseS: 1, limitS: 0 });
    terminal.setClock(-7200);
    terminal.wait(62);
    terminal.attempt('failed', 'x', { pauseS: 1, limitS: 0 });
    terminal.attempt('connected', 'connected', {});
    assert.deepEqual(terminal.lines, [
      'link lost: closed by the other end: read ECONNRESET; trying again',
      'no coordinator: x; trying without a time limit',
      'still no coordinator for 65 s (2 attempts over UDP); trying without a time limit',
      'link is back after 65 s',
    ]);
  });
});
