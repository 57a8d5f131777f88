import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { limits, timing } from '#shared/contract/limits.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';
import type { Carrier, SessionWord } from '../credited/carrier.ts';
import { CreditedSession } from '../credited/credited-session.ts';
import { Conversation } from './conversation.ts';
import { encodeWord, type Word } from './words.ts';

const there: Word = { type: 'there' };
const goodbye = { type: 'close', code: 'clean', reason: 'done' } as const;
const bulkPiece = { first: true, last: true, laneEnd: true, abandon: false, sequence: 0 } as const;

/** One end of a session; what it says goes nowhere. */
class End {
  readonly clock = new VirtualClock();
  readonly told: SessionWord['type'][] = [];
  readonly session: CreditedSession;
  readonly words: Conversation;
  end = '';

  constructor() {
    const carrier: Carrier = {
      protocol: 'memory',
      stack: 'memory',
      remote: 'nowhere',
      pieceBytes: 1024,
      windowBytes: { control: limits.mqttControlWindowBytes, bulk: limits.mqttBulkWindowBytes },
      rttMs: null,
      streamOf: (lane) => lane,
      send: () => Promise.resolve(),
      tell: ({ type }) => Promise.resolve(void this.told.push(type)),
      counters: () => [],
      release: async () => this.words.end(),
    };
    this.session = new CreditedSession(carrier, this.clock);
    this.words = new Conversation({ session: this.session, clock: this.clock });
    void this.session.closed.then(({ code }) => (this.end = code));
  }

  hear(sequence: number, word: Word): void {
    this.words.hear(sequence, encodeWord(word));
  }

  /** The next bulk lane, with one frame of one piece. */
  takeBulk(lane: number): void {
    this.session.take(`bulk:${lane}`, `bulk:${lane}`, { ...bulkPiece, lane, frameBytes: 1, body: Uint8Array.of(lane) });
    this.words.came();
  }
}

describe('the words of a session', () => {
  test('are heard once each: one that comes again is counted and does nothing', async () => {
    const end = new End();
    end.hear(0, there);
    end.hear(0, there);
    end.hear(1, there);
    end.hear(0, { ...goodbye, pieces: 0 });
    await end.clock.advance(0);
    assert.deepEqual([end.told, end.words.repeated, end.end], [['here', 'here'], 2, '']);
  });

  test('are all there: one that is missing ends the session', async () => {
    const end = new End();
    end.hear(0, there);
    end.hear(2, there);
    await end.clock.advance(0);
    assert.deepEqual([end.told, end.end], [['here'], 'lost']);
  });

  test('are those that there are: anything else ends the session, and a last will among them', async () => {
    for (const bytes of [Buffer.from('{"type":"open sesame"}'), encodeWord({ type: 'vanished' })]) {
      const end = new End();
      end.words.hear(0, bytes);
      await end.clock.advance(0);
      assert.deepEqual([end.told, end.end], [['close'], 'garbage']);
    }
  });

  test('end it when what was sent before the farewell has come, and soon when it does not', async () => {
    const patient = new End();
    patient.hear(0, { ...goodbye, pieces: 2 });
    patient.takeBulk(0);
    await patient.clock.advance(timing.closeTimeoutMs - 1);
    assert.equal(patient.end, '');
    patient.takeBulk(1);
    await patient.clock.advance(0);
    assert.equal(patient.end, 'clean');

    const tired = new End();
    tired.hear(0, { ...goodbye, pieces: 2 });
    await tired.clock.advance(timing.closeTimeoutMs);
    assert.equal(tired.end, 'clean');
    assert.equal(tired.clock.pendingTimers, 0);
  });
});
