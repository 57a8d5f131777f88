import { seededRandom } from '#shared/base/random.ts';
import type { EventData, EventType, RecordedEvent, RunEvent } from '#shared/contract/events.ts';
import { asParticipantId, asRunId, hashSchema } from '#shared/contract/ids.ts';
import type { Hash } from '#shared/contract/ids.ts';
import type { RoundPhase } from '#shared/contract/messages.ts';
import { recordedMatrix } from './recorded-matrix.ts';
import type { Recorded } from './recorded-tape.ts';

/** What becomes of the run after `roundsBefore` whole rounds. */
export type SeatStory =
  | 'live'
  | 'gone'
  | 'back'
  | 'paused'
  | 'joining'
  | 'ended'
  | 'left'
  | 'stopped'
  | 'resumed'
  | 'restarting'
  | 'killed';

export interface RecordedSeatOptions {
  readonly startAt: number;
  readonly story: SeatStory;
  readonly roundsBefore?: number;
}

const self = asParticipantId('lab-2');
const others = ['lab-1', 'lab-3', 'lab-4'].map(asParticipantId);
const selected = [others[0]!, self, others[1]!, others[2]!];
const classes = ['angry', 'fear', 'happy', 'neutral', 'sad', 'surprise'];
const rounds = 20;
const modelBytes = 9_380_000;
const steps = 84;
const address = '10.0.4.18:4433';
/** Beginnings of tries after the last sign of life, s; pauses grow. */
const triesAt = [5, 9, 14, 20, 28, 38, 50, 65, 81, 97];

/**
 * A run seen by one of its participants, in the shape of a recording: only what that participant's own process reports and
 * its coordinator tells. Round 9 comes too late. The same for the same options.
 */
export function recordedSeat(options: RecordedSeatOptions): readonly Recorded[] {
  return new Script(options).play();
}

class Script {
  readonly #options: Required<RecordedSeatOptions>;
  readonly #random = seededRandom(11);
  readonly #events: RunEvent[] = [];
  #model: Hash;
  #received = 4_000;
  #sent = 4_000;
  #heardUntil = 0;
  #phaseTold = '';

  constructor(options: RecordedSeatOptions) {
    this.#options = { roundsBefore: 12, ...options };
    this.#model = this.#hash();
  }

  play(): readonly Recorded[] {
    const { startAt, story, roundsBefore } = this.#options;
    this.#event(startAt, 'run_opened', { chair: 'participant', name: 'emotion pilot', self }, 'service');
    this.#tryOnce(startAt + 200, { number: 1, result: 'trying', lastHeardAt: 0 });
    if (story === 'joining') return this.#finish(startAt + 60_000);
    this.#begin(startAt + 260);
    let at = startAt + 900;
    for (let round = 1; round <= roundsBefore; round++) at = this.#round(round, at);
    const round = roundsBefore + 1;
    this.#heardUntil = Number.POSITIVE_INFINITY;
    if (story === 'ended') return this.#finish(this.#end(at, roundsBefore));
    if (story === 'left' || story === 'stopped') return this.#finish(this.#cutRound(round, at, story === 'left'));
    if (story === 'restarting' || story === 'killed') return this.#finish(this.#killedRound(round, at, story));
    if (story === 'resumed') return this.#finish(this.#resumedRound(round, at));
    if (story === 'paused') return this.#finish(this.#pausedRound(round, at));
    if (story === 'gone' || story === 'back') return this.#finish(this.#goneRound(round, at));
    for (let next = round; next <= rounds; next++) at = this.#round(next, at);
    return this.#finish(this.#end(at, rounds));
  }

  #begin(at: number): void {
    this.#tryOnce(at, { number: 1, result: 'connected', lastHeardAt: 0 });
    this.#link(at, 'ready', 1);
    this.#event(at + 40, 'run_started', {
      name: 'emotion pilot',
      rounds,
      minimumParticipants: 4,
      quorum: 0.75,
      seed: 0,
      baselineAccuracy: 0.251,
      classes,
      self,
    });
    this.#event(at + 41, 'participant_joined', {
      participant: self,
      key: '7c1e94d0b6e209f4'.repeat(4),
      address: '',
      protocol: 'quic',
      stack: 'quinn',
      data: {
        source: 'faces',
        examples: 2688,
        heldOut: 298,
        shape: [1, 48, 48],
        classes,
        classCounts: [420, 310, 760, 512, 402, 284],
        skipped: 12,
      },
      trainer: 'onnxruntime',
      fromRound: 1,
    });
  }

  #round(round: number, at: number): number {
    const late = round === 9;
    const trainMs = (late ? 39_000 : 26_200) + this.#random.next() * 600;
    const deadline = at + 45_000;
    this.#opens(round, at, deadline);
    this.#train(round, at + 30, trainMs);
    const sendAt = at + 30 + trainMs;
    this.#trained(round, sendAt, trainMs);
    const arrival = this.#send(round, sendAt);
    const told: [typeof self, number][] = [
      [others[2]!, at + 21_200 + this.#random.next() * 300],
      [others[0]!, at + 24_700 + this.#random.next() * 300],
      [others[1]!, at + 31_700 + this.#random.next() * 200],
    ];
    if (!late) told.push([self, arrival]);
    told.sort((a, b) => a[1] - b[1]);
    told.forEach(([, when], i) => {
      const reported = told.slice(0, i + 1).map(([id]) => id);
      this.#status(when, round, 'training', reported, deadline);
    });
    const order = told.findIndex(([id]) => id === self) + 1;
    const contribution = this.#hash();
    const closedAt = late ? deadline : told.at(-1)![1] + 20;
    if (late)
      this.#status(
        deadline,
        round,
        'aggregating',
        told.map(([id]) => id),
        0,
      );
    this.#event(late ? Math.max(arrival, deadline + 1800) : arrival, 'update_acknowledged', {
      participant: self,
      round,
      contribution,
      accepted: !late,
      reason: late ? 'training of round 9 is over' : '',
      order: late ? null : order,
      sizeBytes: modelBytes,
    });
    this.#phase(round, 'wait', late ? Math.max(arrival, deadline + 1800) : arrival);
    if (!late)
      this.#status(
        closedAt,
        round,
        'aggregating',
        told.map(([id]) => id),
        0,
      );
    const evaluateAt = Math.max(closedAt + 900, arrival + 200);
    this.#status(evaluateAt, round, 'evaluating', [], evaluateAt + 30_000);
    this.#phase(round, 'receive', evaluateAt);
    this.#received += modelBytes;
    this.#phase(round, 'evaluate', evaluateAt + 1900);
    this.#phase(round, 'wait', evaluateAt + 4200);
    const ended = evaluateAt + 5000;
    const before = this.#model;
    this.#model = this.#hash();
    this.#event(ended, 'round_ended', {
      round,
      loss: lossOf(round),
      accuracy: accuracyOf(round),
      confusion: { cells: recordedMatrix(accuracyOf(round), 1400, classes.length), from: 3, of: 4 },
      contributions: told.map(([id]) => id),
      missing: late ? [self] : [],
      durationMs: ended - at,
      modelBefore: before,
      modelAfter: this.#model,
      examples: late ? 8512 : 11_200,
    });
    return ended + 20;
  }

  #opens(round: number, at: number, deadline: number): void {
    this.#event(at, 'round_started', { round, selected, modelHash: this.#model });
    this.#status(at + 1, round, 'training', [], deadline);
  }

  #train(round: number, at: number, trainMs: number, until = steps): void {
    this.#phase(round, 'train', at);
    for (let batch = 1; batch <= until; batch++) {
      this.#event(at + (batch / steps) * trainMs * 0.999, 'training_progress', {
        participant: self,
        round,
        epoch: 1,
        epochs: 1,
        batch,
        batches: steps,
        loss: lossOf(round - 1 + batch / steps) * 0.93,
      });
    }
  }

  #trained(round: number, at: number, durationMs: number): void {
    this.#event(at - 1, 'training_done', {
      participant: self,
      round,
      loss: lossOf(round) + 0.07,
      accuracy: accuracyOf(round) - 0.018,
      examples: 2688,
      durationMs,
      norm: 1.9 - round * 0.068,
      modelHash: this.#hash(),
    });
  }

  #send(round: number, at: number): number {
    this.#phase(round, 'send', at);
    for (let i = 1; i <= 10; i++) {
      this.#event(at + i * 320, 'transfer_progress', {
        participant: self,
        round,
        kind: 'model_update',
        direction: 'up',
        sentBytes: (modelBytes / 10) * i,
        totalBytes: modelBytes,
      });
    }
    this.#sent += modelBytes;
    return at + 3260;
  }

  /** Two updates are in, then silence while the third, its own, is about to be sent. */
  #goneRound(round: number, at: number): number {
    const { story } = this.#options;
    this.#opens(round, at, at + 45_000);
    this.#train(round, at + 30, 26_000);
    this.#status(at + 21_100, round, 'training', [others[2]!], at + 45_000);
    this.#status(at + 24_500, round, 'training', [others[2]!, others[0]!], at + 45_000);
    const heardAt = at + 25_000;
    this.#heardUntil = heardAt;
    this.#trained(round, at + 26_030, 26_000);
    this.#phase(round, 'send', at + 26_030);
    this.#link(heardAt + 2600, 'degraded', 1, 'nothing heard for 2.5 s');
    this.#link(heardAt + 5000, 'lost', 1, 'nothing heard for 5 s');
    const tries = story === 'back' ? triesAt.slice(0, 3) : triesAt;
    tries.forEach((s, i) => {
      const begun = heardAt + s * 1000;
      const nextAt = heardAt + (triesAt[i + 1] ?? s + 16) * 1000;
      const number = i + 1;
      this.#tryOnce(begun, { number, result: 'trying', lastHeardAt: heardAt });
      const last = story === 'back' && i === tries.length - 1;
      const result = last ? 'connected' : 'no_answer';
      this.#tryOnce(begun + (last ? 90 : 2500), { number, result, lastHeardAt: heardAt, nextAt: last ? 0 : nextAt });
    });
    if (story === 'gone') return heardAt + 112_000;
    const back = heardAt + tries.at(-1)! * 1000 + 90;
    this.#heardUntil = Number.POSITIVE_INFINITY;
    this.#link(back, 'ready', 2);
    return back + 20_000;
  }

  #pausedRound(round: number, at: number): number {
    this.#opens(round, at, at + 45_000);
    this.#train(round, at + 30, 26_000, 41);
    this.#status(at + 12_900, round, 'training', [others[2]!], at + 45_000);
    this.#event(at + 12_950, 'participant_paused', { participant: self, paused: true, reason: 'paused by its user' });
    this.#phase(round, 'idle', at + 12_951);
    return at + 60_000;
  }

  /** Its user goes on 17 s later; the round closes without it, and a pause lasts from before one round into the next. */
  #resumedRound(round: number, at: number): number {
    this.#pausedRound(round, at);
    this.#event(at + 29_950, 'participant_paused', { participant: self, paused: false, reason: '' });
    this.#phase(round, 'train', at + 29_950);
    return at + 60_000;
  }

  /** In the middle of training this node leaves, or the coordinator's user stops the run. */
  #cutRound(round: number, at: number, left: boolean): number {
    this.#opens(round, at, at + 45_000);
    this.#train(round, at + 30, 26_000, 41);
    this.#status(at + 12_900, round, 'training', [others[2]!], at + 45_000);
    const reason = left ? 'stopped in the window' : 'interrupted by the user';
    if (left) {
      this.#phase(round, 'idle', at + 13_100);
      this.#link(at + 13_102, 'closed', 1, 'clean: stopped in the window');
    }
    this.#event(at + 13_110, 'run_ended', {
      status: 'interrupted',
      reason,
      roundsCompleted: round - 1,
      loss: null,
      accuracy: null,
      ...(left ? { left } : {}),
    });
    return at + 13_200;
  }

  /** Its own process is killed in the middle of training; it is started again, or has been too often. */
  #killedRound(round: number, at: number, story: 'restarting' | 'killed'): number {
    this.#opens(round, at, at + 45_000);
    this.#train(round, at + 30, 26_000, 41);
    this.#status(at + 12_900, round, 'training', [others[2]!], at + 45_000);
    const exit = { name: self, pid: 4711, expected: false, note: 'ended by SIGKILL' };
    this.#event(at + 13_000, 'process_exited', { ...exit, restarts: story === 'restarting' }, 'service');
    this.#heardUntil = at + 13_000;
    if (story === 'restarting') return at + 14_000;
    const reason = 'The process of lab-2 ended unexpectedly (ended by SIGKILL).';
    const figures = { roundsCompleted: round - 1, loss: null, accuracy: null };
    this.#event(at + 13_010, 'run_ended', { status: 'failed', reason, ...figures, left: true }, 'service');
    return at + 13_100;
  }

  #end(at: number, completed: number): number {
    this.#event(at, 'run_ended', {
      status: 'completed',
      reason: 'all rounds done',
      roundsCompleted: completed,
      loss: lossOf(completed),
      accuracy: accuracyOf(completed),
    });
    this.#event(at + 30, 'model_saved', {
      participant: self,
      kind: 'final',
      round: completed,
      accuracy: accuracyOf(completed),
      path: '~/.local/share/roundscope/models/emotion-pilot-final.safetensors',
      modelHash: this.#model,
    });
    return at + 60;
  }

  #status(
    at: number,
    round: number,
    phase: RoundPhase,
    reported: EventData<'round_status'>['reported'],
    deadlineAt: number,
  ): void {
    const key = `${round} ${phase}`;
    if (this.#phaseTold !== key) {
      this.#phaseTold = key;
      this.#event(at, 'round_phase', { round, phase, deadlineAt });
    }
    this.#event(at, 'round_status', {
      round,
      phase,
      waitingFor: selected.filter((id) => !reported.includes(id)),
      reported,
      selected,
      quorum: 3,
      deadlineAt,
      nextAction: 'aggregate what is in',
      why: [],
    });
  }

  #phase(round: number, phase: EventData<'participant_phase'>['phase'], at: number): void {
    this.#event(at, 'participant_phase', { participant: self, round, phase });
  }

  #link(at: number, state: EventData<'link_state'>['state'], connections: number, reason = ''): void {
    this.#event(at, 'link_state', {
      participant: self,
      side: 'participant',
      state,
      reason,
      protocol: 'quic',
      stack: 'quinn',
      connections,
      reconnects: connections - 1,
    });
  }

  #tryOnce(
    at: number,
    told: Pick<EventData<'link_attempt'>, 'number' | 'result' | 'lastHeardAt'> & { readonly nextAt?: number },
  ): void {
    const udp = told.number % 2 === 1;
    this.#event(at, 'link_attempt', {
      participant: self,
      protocol: udp ? 'quic' : 'mqtt',
      stack: udp ? 'quinn' : 'mqtt.js',
      address: udp ? address : '10.0.4.18:1883',
      reason: told.result === 'no_answer' ? 'no answer in 2.5 s' : '',
      nextAt: 0,
      givesUpAt: told.lastHeardAt === 0 ? 0 : told.lastHeardAt + 600_000,
      ...told,
    });
  }

  #event<T extends EventType>(at: number, type: T, data: EventData<T>, source: string = self): void {
    this.#events.push({ run: asRunId('r-5c20be'), source, at, type, data } as unknown as RunEvent);
  }

  #pulses(end: number): void {
    const { startAt, story } = this.#options;
    let recorded = 0;
    const silent = this.#heardUntil;
    const backAt = this.#events.find(
      ({ type, data }) => type === 'link_state' && 'connections' in data && data.connections > 1,
    )?.at;
    for (let at = startAt + 700; at < end; at += 1000) {
      const heard = story !== 'joining' && (at <= silent || (backAt !== undefined && at >= backAt));
      const gone = story === 'gone' && at > silent + 5000;
      if (heard) this.#received += 420;
      if (!gone && story !== 'joining') {
        this.#event(at, 'link_stats', {
          participant: self,
          side: 'participant',
          protocol: 'quic',
          stack: 'quinn',
          rttMs: 18,
          sentBytes: (this.#sent += 180),
          receivedBytes: this.#received,
          payloadSentBytes: 0,
          payloadReceivedBytes: 0,
          unacknowledged: 0,
          counters: [],
        });
      }
      this.#event(
        at + 8,
        'recorder_stats',
        {
          sizeBytes: 290e6 + recorded++ * 42_000,
          packets: recorded * 90,
          events: recorded * 20,
          droppedPackets: 0,
          droppedEvents: 0,
          state: at + 1000 < end ? 'recording' : 'recorded',
          note: '',
        },
        'service',
      );
    }
  }

  #finish(end: number): readonly Recorded[] {
    this.#pulses(end);
    this.#events.sort((a, b) => a.at - b.at);
    return this.#events.map((event, i) => ({ at: event.at, event: { ...event, id: i + 1 } as RecordedEvent }));
  }

  #hash(): Hash {
    let text = '';
    while (text.length < 64) text += Math.floor(this.#random.next() * 16).toString(16);
    return hashSchema.parse(text);
  }
}

function lossOf(round: number): number {
  return 0.93 + 0.98 * Math.exp(-(round + 0.4) / 6.5);
}

function accuracyOf(round: number): number {
  return 0.66 - 0.45 * Math.exp(-(round + 0.3) / 5);
}
