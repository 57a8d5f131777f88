import assert from 'node:assert/strict';
import { Diagnosis } from '#engine/diagnosis/diagnosis.ts';
import { parseEvent, type Chair, type EventData, type EventType } from '#shared/contract/events.ts';
import { asRunId, type Hash } from '#shared/contract/ids.ts';
import type { PacketRow } from '#shared/contract/packet.ts';

const hash = '0'.repeat(64);

/** What no rule looks at, so that a test names only what matters to it. */
const usual: { readonly [T in EventType]?: Partial<EventData<T>> } = {
  participant_joined: {
    key: '',
    address: '',
    protocol: 'quic',
    stack: 'quinn',
    data: { source: 'digits', examples: 1, heldOut: 0, shape: [1], classes: ['0'], classCounts: [1], skipped: 0 },
    trainer: '',
    fromRound: 1,
  },
  run_resumed: { round: 1, roundsCompleted: 0, selected: [], modelHash: hash as Hash, updates: [], last: null },
};

/** A run told step by step, and what the diagnosis says of it. */
export class Story {
  readonly raised: EventData<'verdict_raised'>[] = [];
  readonly cleared: EventData<'verdict_cleared'>[] = [];
  readonly log: { readonly what: 'raised' | 'cleared'; readonly verdict: string }[] = [];
  readonly #diagnosis = new Diagnosis(
    {
      raised: (verdict) => {
        this.raised.push(verdict);
        this.log.push({ what: 'raised', verdict: verdict.verdict });
      },
      cleared: (verdict) => {
        this.cleared.push(verdict);
        this.log.push({ what: 'cleared', verdict: verdict.verdict });
      },
    },
    { cores: 2 },
  );
  #id = 0;
  at = 0;

  /** @param people who takes part; only `waitingFor` are waited for */
  constructor(
    waitingFor: readonly string[],
    people: readonly string[] = ['node-1', 'node-2'],
    chair: Chair = 'coordinator',
  ) {
    this.event('run_opened', { chair, name: 'd' }, 'service');
    this.event('run_started', {
      name: 'd',
      rounds: 3,
      minimumParticipants: 1,
      quorum: 1,
      seed: 1,
      baselineAccuracy: 0.1,
    });
    this.waits(waitingFor);
    for (const participant of people) {
      this.event('participant_joined', { participant, protocol: 'quic' });
      this.link(participant, 'ready', 1);
      this.packet(participant, { kind: 'register' });
    }
  }

  event(type: EventType, data: unknown, source = 'coordinator'): void {
    const event = parseEvent({
      type,
      run: asRunId('r-1'),
      source,
      at: this.at,
      data: { ...usual[type], ...(data as object) },
    });
    // What a recording would not take cannot be diagnosed either.
    assert.ok(event !== null, `no valid ${type}: ${JSON.stringify(data)}`);
    this.#diagnosis.event({ ...event, id: ++this.#id });
  }

  waits(waitingFor: readonly string[], over: Partial<EventData<'round_status'>> = {}): void {
    const wait = {
      round: 1,
      phase: 'training',
      waitingFor,
      reported: [],
      selected: ['node-1', 'node-2'],
      quorum: 1,
      deadlineAt: 20_000,
      nextAction: 'closes the round',
      why: [],
      ...over,
    };
    this.event('round_status', wait);
  }

  link(participant: string, state: string, connections: number, reason = '', more: object = {}): void {
    this.event('link_state', {
      participant,
      side: 'coordinator',
      state,
      reason,
      protocol: 'quic',
      stack: 'quinn',
      connections,
      reconnects: connections - 1,
      ...more,
    });
  }

  /** A step of training. */
  progress(participant: string, batch: number, source = participant): void {
    const data = { participant, round: 1, epoch: 1, epochs: 1, batch, batches: 40, loss: 1 };
    this.event('training_progress', data, source);
  }

  /** A process tells of itself. */
  ticks(name: string, loopDelayMsMax = 5, pid = 7): void {
    const data = { name, pid, cpuPercent: 20, memoryBytes: 1, loopDelayMsMax, doing: 'taking part' };
    this.event('process_stats', data, name);
  }

  packet(participant: string, packet: Partial<PacketRow>): void {
    const whole = {
      at: this.at,
      source: 'coordinator',
      peer: participant,
      participant,
      direction: 'up',
      side: 'received',
      protocol: 'quic',
      stack: 'quinn',
      kind: 'heartbeat',
      round: 1,
      messageId: '',
      replyTo: '',
      sizeBytes: 10,
      connection: 1,
      stream: '',
      chunk: '',
      status: 'ok',
      bodyBytes: 0,
      note: '',
      ...packet,
    };
    this.#diagnosis.packet({ ...whole, id: ++this.#id } as PacketRow);
  }

  pass(ms: number, each: () => void = () => undefined): void {
    for (const end = this.at + ms; this.at < end;) {
      this.at += 250;
      each();
      this.#diagnosis.check(this.at);
    }
  }

  /** Nobody checks for so long, and what is reported meanwhile is read after that only. */
  away(ms: number): void {
    this.at += ms;
    this.#diagnosis.check(this.at);
  }

  /** What happened so long ago is reported now. */
  late(ms: number, report: () => void): void {
    const now = this.at;
    this.at = now - ms;
    report();
    this.at = now;
  }

  /** The verdicts that stand, as `rule subject`. */
  get standing(): readonly string[] {
    const last = new Map<string, string | null>();
    for (const { verdict, rule, subject } of this.raised) last.set(verdict, `${rule} ${subject}`);
    return [...last].flatMap(([verdict, what]) => (what === null || !this.#stands(verdict) ? [] : [what]));
  }

  #stands(verdict: string): boolean {
    return this.log.findLast((entry) => entry.verdict === verdict)?.what === 'raised';
  }
}

/** As `link-core.ts` and `single-message-session.ts` say it. */
export const hungUp = 'closed by the other end (clean): hung up right after heartbeat';

/** What a healthy participant keeps sending. */
export function heartbeats(story: Story, participant: string): () => void {
  return () => story.packet(participant, { kind: 'heartbeat' });
}
