import { seededRandom } from '#shared/base/random.ts';
import type { Random } from '#shared/base/random.ts';
import type { EventData } from '#shared/contract/events.ts';
import { asParticipantId } from '#shared/contract/ids.ts';
import type { Hash, ParticipantId } from '#shared/contract/ids.ts';
import type { RoundPhase } from '#shared/contract/messages.ts';
import type { Protocol, Stack } from '#shared/contract/protocols.ts';
import { demoDefaults } from '#shared/contract/run/settings.ts';
import { modelBytes, RecordedTape } from './recorded-tape.ts';
import { recordedMatrix } from './recorded-matrix.ts';
import type { Recorded, RecordedNode } from './recorded-tape.ts';
import { weightRuleDefault } from '#shared/contract/run/weight-rule.ts';

export type { Recorded } from './recorded-tape.ts';

export interface RecordedSessionOptions {
  readonly startAt: number;
  readonly seed?: number;
  readonly rounds?: number;
  readonly participants?: number;
  /** In this round the last but one participant opens a connection per message and never hears the answer. */
  readonly stallInRound?: number;
  /** All five transports in turn instead of QUIC and MQTT. */
  readonly mixed?: boolean;
  /** The second participant says that it has nine times its examples, and sends more than the norm clip lets through. */
  readonly claims?: boolean;
}

const deadlineMs = 20_000;
const transports = [
  ['quic', 'quinn'],
  ['mqtt', 'mqtt.js'],
  ['grpc', 'grpc-js'],
  ['amqp', 'amqplib'],
  ['dds', 'cyclonedds'],
] as const satisfies readonly (readonly [Protocol, Stack])[];
const classes = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/**
 * A run that never was, in the shape of a recording: events and packets as the service would send them, the same for the
 * same options. Views are tested and photographed on it.
 */
export function recordedSession(options: RecordedSessionOptions): readonly Recorded[] {
  return new Script(options).play();
}

class Script {
  readonly #options: Required<Omit<RecordedSessionOptions, 'stallInRound'>> & { readonly stallInRound: number };
  readonly #random: Random;
  readonly #tape: RecordedTape;
  #model: Hash;

  constructor(options: RecordedSessionOptions) {
    this.#options = { seed: 7, rounds: 10, participants: 4, stallInRound: 0, mixed: false, claims: false, ...options };
    this.#random = seededRandom(this.#options.seed);
    this.#tape = new RecordedTape(options.startAt, this.#random);
    this.#model = this.#tape.hash();
    for (let i = 0; i < this.#options.participants; i++) this.#tape.nodes.push(this.#newNode(i));
  }

  play(): readonly Recorded[] {
    let at = this.#options.startAt;
    this.#begin(at);
    at += 900;
    for (let round = 1; round <= this.#options.rounds; round++) {
      if (round === this.#options.stallInRound) {
        this.#stalledRound(round, at);
        return this.#tape.finish();
      }
      at = this.#round(round, at);
    }
    this.#tape.event(at + 50, 'coordinator', 'run_ended', {
      status: 'completed',
      reason: 'all rounds done',
      roundsCompleted: this.#options.rounds,
      loss: lossOf(this.#options.rounds),
      accuracy: accuracyOf(this.#options.rounds),
    });
    this.#tape.end = at;
    return this.#tape.finish();
  }

  #newNode(i: number): RecordedNode {
    const mqtt = i % 4 === 1;
    const [protocol, stack] = this.#options.mixed
      ? (transports[i % transports.length] as (typeof transports)[number])
      : transports[mqtt ? 1 : 0];
    const counts = classes.map(() => Math.round(8 + this.#random.next() ** 3 * 110));
    return {
      id: asParticipantId(`node-${i + 1}`),
      protocol,
      stack,
      trainMs: [6200, 3600, 8300, 4700][i % 4]! * (1 + (Math.floor(i / 4) % 5) * 0.06),
      batches: [45, 24, 56, 32][i % 4]!,
      examples: counts.reduce((sum, count) => sum + count, 0),
      classCounts: counts,
      rttMs: mqtt ? 2.4 : 0.61,
      connections: 0,
      sentBytes: 0,
      receivedBytes: 0,
      payloadSent: 0,
      payloadReceived: 0,
    };
  }

  #begin(at: number): void {
    this.#tape.event(at, 'coordinator', 'run_started', {
      name: 'digits, uneven split',
      rounds: this.#options.rounds,
      minimumParticipants: this.#tape.nodes.length,
      quorum: 0.75,
      seed: 7,
      baselineAccuracy: 0.101,
      demo: {
        ...demoDefaults,
        participants: this.#tape.nodes.length,
        rounds: this.#options.rounds,
        split: 'dirichlet:0.3',
        seed: 7,
      },
    });
    this.#tape.nodes.forEach((node, i) => {
      const when = at + 120 + i * 60;
      this.#tape.connect(node, when);
      this.#tape.message(node, when + 20, 'up', 'register', 0, 640);
      this.#tape.event(when + 30, 'coordinator', 'participant_joined', {
        participant: node.id,
        key: this.#tape.hash(),
        address: `127.0.0.1:${40211 + i}`,
        protocol: node.protocol,
        stack: node.stack,
        data: {
          source: 'digits',
          examples: node.examples,
          heldOut: 90,
          shape: [1, 8, 8],
          classes,
          classCounts: [...node.classCounts],
          skipped: 0,
        },
        trainer: 'onnxruntime',
        fromRound: 1,
      });
      this.#tape.message(node, when + 32, 'down', 'welcome', 0, 320);
      this.#tape.message(node, when + 36, 'down', 'training_config', 0, 512);
    });
  }

  #round(round: number, at: number): number {
    const deadline = at + deadlineMs;
    const ids = this.#tape.nodes.map((node) => node.id);
    this.#tape.event(at, 'coordinator', 'round_started', { round, selected: ids, modelHash: this.#model });
    this.#phase(at, round, 'distributing', deadline);
    this.#phase(at + 200, round, 'training', deadline);
    const arrivals = this.#tape.nodes.map((node) => ({ node, at: this.#train(node, round, at + 20) }));
    arrivals.sort((a, b) => a.at - b.at);
    arrivals.forEach(({ node, at: arrived }, index) => {
      const waiting = arrivals.slice(index + 1).map((other) => other.node.id);
      this.#update(node, round, arrived);
      this.#status(arrived + 1, round, 'training', waiting, deadline, 'averages them when all are in');
    });
    this.#status(at + 210, round, 'training', ids, deadline, 'averages them when all are in');
    const last = arrivals.at(-1)!.at + 10;
    const before = this.#model;
    this.#model = this.#tape.hash();
    this.#phase(last, round, 'aggregating', deadline);
    this.#tape.event(last + 240, 'coordinator', 'aggregated', {
      round,
      contributions: ids,
      durationMs: 230,
      modelHash: this.#model,
      stepNorm: 2.1 / Math.sqrt(round),
    });
    this.#weighed(round, last + 241);
    const ended = this.#evaluate(round, last + 250, deadline, this.#tape.nodes);
    this.#tape.event(ended, 'coordinator', 'round_ended', {
      round,
      loss: lossOf(round),
      accuracy: accuracyOf(round),
      confusion: {
        cells: recordedMatrix(accuracyOf(round), 360, 10),
        from: Math.max(1, ids.length - 1),
        of: ids.length,
      },
      contributions: ids,
      missing: [],
      durationMs: ended - at,
      modelBefore: before,
      modelAfter: this.#model,
    });
    for (const node of this.#tape.nodes) this.#tape.message(node, ended + 2, 'down', 'round_summary', round, 410);
    this.#tape.end = ended;
    return ended + 40;
  }

  #weighed(round: number, at: number): void {
    const sum = this.#tape.nodes.reduce((total, { examples }) => total + examples, 0);
    const { claims } = this.#options;
    const updates = this.#tape.nodes.map(({ id: participant, examples }, i) => ({
      participant,
      claimed: claims && i === 1 ? examples * 9 : examples,
      examples,
      share: examples / sum,
      clipped: claims && i === 1 ? 0.41 : 1,
      norm: 3.6 / Math.sqrt(round),
      cosine: 0.62 + this.#random.next() * 0.3,
      agreement: 0.5,
    }));
    this.#tape.event(at, 'coordinator', 'updates_weighed', { round, ...weightRuleDefault, updates });
  }

  /** Receive, train, send; returns when the update has arrived. */
  #train(node: RecordedNode, round: number, at: number): number {
    const receiveMs = 240 + this.#random.next() * 160;
    const trainMs = node.trainMs * (0.96 + this.#random.next() * 0.08);
    const sendMs = (node.protocol === 'mqtt' ? 760 : 420) * (0.9 + this.#random.next() * 0.4);
    this.#participantPhase(node, at, round, 'receive');
    this.#tape.bulk(node, at, at + receiveMs, 'down', 'global_model', round);
    const trainAt = at + receiveMs;
    this.#tape.message(node, trainAt - 4, 'down', 'start_training', round, 180);
    this.#participantPhase(node, trainAt, round, 'train');
    this.#progress(node, trainAt, trainMs, round);
    const sendAt = trainAt + trainMs;
    this.#tape.event(sendAt - 1, node.id, 'training_done', {
      participant: node.id,
      round,
      loss: lossOf(round) * (0.85 + this.#random.next() * 0.2),
      accuracy: Math.min(1, accuracyOf(round) * (0.94 + this.#random.next() * 0.1)),
      examples: node.examples,
      durationMs: trainMs,
      norm: 2.4 / Math.sqrt(round),
      modelHash: this.#tape.hash(),
    });
    this.#participantPhase(node, sendAt, round, 'send');
    this.#tape.bulk(node, sendAt, sendAt + sendMs, 'up', 'model_update', round);
    this.#participantPhase(node, sendAt + sendMs, round, 'wait');
    return sendAt + sendMs;
  }

  #progress(node: RecordedNode, at: number, trainMs: number, round: number): void {
    const steps = Math.max(4, Math.floor(trainMs / 250));
    for (let i = 1; i <= steps; i++) {
      const done = Math.round((i / steps) * node.batches * 2);
      const epoch = done > node.batches ? 2 : 1;
      const when = at + (i / steps) * trainMs * 0.999;
      const loss = lossOf(round - 1 + i / steps) * (0.9 + this.#random.next() * 0.2);
      const body = {
        participant: node.id,
        round,
        epoch,
        epochs: 2,
        batch: done - (epoch - 1) * node.batches,
        batches: node.batches,
        loss,
      };
      this.#tape.event(when, node.id, 'training_progress', body);
      this.#tape.message(node, when + 0.4, 'up', 'training_progress', round, 231);
    }
  }

  #update(node: RecordedNode, round: number, at: number): void {
    this.#tape.event(at, 'coordinator', 'update_received', {
      participant: node.id,
      round,
      contribution: this.#tape.hash(),
      examples: node.examples,
      sizeBytes: modelBytes,
      counted: true,
      reason: '',
      loss: lossOf(round),
      accuracy: accuracyOf(round),
      norm: 2.4 / Math.sqrt(round),
      cosine: null,
    });
    this.#tape.message(node, at + 2, 'down', 'update_ack', round, 212);
  }

  #evaluate(round: number, at: number, deadline: number, nodes: readonly RecordedNode[]): number {
    const ids = nodes.map((node) => node.id);
    this.#phase(at, round, 'evaluating', deadline);
    let ended = at;
    nodes.forEach((node, index) => {
      const receivedAt = at + 260 + this.#random.next() * 180;
      const doneAt = receivedAt + 320 + this.#random.next() * 200;
      this.#participantPhase(node, at + 2, round, 'receive');
      this.#tape.bulk(node, at + 2, receivedAt, 'down', 'global_model', round);
      this.#participantPhase(node, receivedAt, round, 'evaluate');
      this.#tape.message(node, doneAt - 2, 'up', 'evaluation_result', round, 260);
      this.#tape.event(doneAt, 'coordinator', 'evaluation_received', {
        participant: node.id,
        round,
        loss: lossOf(round) * (0.95 + this.#random.next() * 0.1),
        accuracy: Math.min(1, accuracyOf(round) * (0.97 + this.#random.next() * 0.05)),
        examples: 90,
        // One of them is of an older version.
        ...(index === 2 ? {} : { confusion: recordedMatrix(accuracyOf(round), 90, 10) }),
      });
      this.#participantPhase(node, doneAt, round, 'wait');
      this.#status(
        doneAt + 1,
        round,
        'evaluating',
        ids.slice(index + 1),
        deadline,
        'closes the round when all results are in',
      );
      ended = Math.max(ended, doneAt);
    });
    return ended + 30;
  }

  /** All but one hear the new model; that one hangs up after every message. */
  #stalledRound(round: number, at: number): void {
    const bad = this.#tape.nodes.at(-2)!;
    const deadline = at + deadlineMs + 14_000;
    const ids = this.#tape.nodes.map((node) => node.id);
    this.#tape.event(at - 5, 'service', 'fault_injected', {
      fault: 'connection-per-message',
      participant: bad.id,
      round,
      note: 'on cue',
    });
    this.#tape.event(at, 'coordinator', 'round_started', { round, selected: ids, modelHash: this.#model });
    this.#phase(at, round, 'training', deadline);
    this.#status(at + 1, round, 'training', ids, deadline, 'averages them when all are in');
    const arrivals = this.#tape.nodes
      .map((node) => ({ node, at: this.#train(node, round, at + 20) }))
      .sort((a, b) => a.at - b.at);
    const waiting = [...ids];
    for (const { node, at: arrived } of arrivals) {
      this.#update(node, round, arrived);
      waiting.splice(waiting.indexOf(node.id), 1);
      this.#status(arrived + 1, round, 'training', [...waiting], deadline, 'averages them when all are in');
    }
    const last = arrivals.at(-1)!.at + 10;
    for (let when = at + 600; when < last; when += 700) this.#tape.reconnect(bad, when, round);
    this.#phase(last, round, 'aggregating', deadline);
    this.#tape.event(last + 240, 'coordinator', 'aggregated', {
      round,
      contributions: ids,
      durationMs: 230,
      modelHash: this.#tape.hash(),
      stepNorm: 1,
    });
    const evalAt = last + 250;
    const heard = this.#tape.nodes.filter((node) => node !== bad);
    this.#evaluate(round, evalAt, deadline, heard);
    const packet = this.#tape.message(bad, evalAt + 5, 'down', 'global_model', round, modelBytes, 'undeliverable');
    for (let when = evalAt + 1500; when < deadline; when += 4200) {
      this.#tape.reconnect(bad, when, round);
      this.#tape.message(bad, when + 900, 'down', 'global_model', round, modelBytes, 'undeliverable');
    }
    this.#status(evalAt + 1200, round, 'evaluating', [bad.id], deadline, 'closes the round without it');
    this.#tape.event(evalAt + 4000, 'service', 'verdict_raised', {
      verdict: `never-hears:${bad.id}`,
      rule: 'connection-per-message',
      layer: 'transport',
      subject: bad.id,
      sentence: `${bad.id} never hears the answer: it opens a new QUIC connection for every message and hangs up.`,
      explanation:
        'What the coordinator sends finds no open session; the participant waits for a model that cannot reach it.',
      since: evalAt,
      detectedAfterMs: 4000,
      nextAction: `round ${round} closes without ${bad.id}`,
      nextActionAt: deadline,
      injected: 'connection-per-message',
      evidence: [
        { ref: 'packet:1', at: evalAt - 200, text: `${bad.id} sends model_update on connection 34 and hangs up` },
        { ref: `packet:${packet}`, at: evalAt + 5, text: 'global_model to it is undeliverable: no open session' },
        { ref: 'event:12', at: evalAt + 1200, text: `the coordinator waits for ${bad.id} alone` },
      ],
    });
    this.#tape.event(deadline, 'coordinator', 'run_ended', {
      status: 'stalled',
      reason: `deadline of round ${round} passed without quorum`,
      roundsCompleted: round - 1,
      loss: lossOf(round - 1),
      accuracy: accuracyOf(round - 1),
    });
    this.#tape.end = deadline;
  }

  #phase(at: number, round: number, phase: RoundPhase, deadlineAt: number): void {
    this.#tape.event(at, 'coordinator', 'round_phase', { round, phase, deadlineAt });
  }

  #participantPhase(
    node: RecordedNode,
    at: number,
    round: number,
    phase: EventData<'participant_phase'>['phase'],
  ): void {
    this.#tape.event(at, node.id, 'participant_phase', { participant: node.id, round, phase });
  }

  #status(
    at: number,
    round: number,
    phase: RoundPhase,
    waitingFor: ParticipantId[],
    deadlineAt: number,
    nextAction: string,
  ): void {
    const selected = this.#tape.nodes.map((node) => node.id);
    this.#tape.event(at, 'coordinator', 'round_status', {
      round,
      phase,
      waitingFor,
      reported: selected.filter((id) => !waitingFor.includes(id)),
      selected,
      quorum: Math.ceil(selected.length * 0.75),
      deadlineAt,
      nextAction,
      why: waitingFor.map((participant) => ({
        participant,
        reason: phase === 'training' ? 'is training' : 'has not sent its result',
      })),
    });
  }
}

function lossOf(round: number): number {
  return 0.24 + 2.05 * Math.exp(-round / 3.2);
}

function accuracyOf(round: number): number {
  return 0.96 - 0.84 * Math.exp(-round / 2.6);
}
