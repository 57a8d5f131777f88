import type { Hash, ParticipantId } from '#shared/contract/ids.ts';
import type { DataSummary, HeaderOf, MessageHeader, RoundPhase } from '#shared/contract/messages.ts';
import type { Protocol, Stack } from '#shared/contract/protocols.ts';
import { report, type ReportEffect } from '../machine.ts';

/** The hash of the model that a round starts from is told only to those who train; zeros say that it is not known here. */
const unknownHash = '0'.repeat(64) as Hash;

/** What a participant knows of itself without being told. */
export interface OwnFacts {
  readonly participant: ParticipantId;
  /** SHA-256 of its public key. */
  readonly key: string;
  /** Known by the time that it is welcomed. */
  readonly data: () => DataSummary;
  readonly trainer: string;
  /** Its link as it is now. */
  readonly session: () => { readonly protocol: Protocol; readonly stack: Stack };
}

/**
 * What a participant can tell of rounds whose coordinator is on another machine: the events that the coordinator would
 * report, as far as its messages carry them and as far as they are about this participant. Reasons for waiting and the
 * others' updates, data, keys and links stay with the coordinator. Decision 0058.
 */
export class RoundMirror {
  readonly #own: OwnFacts;
  #started: 'no' | 'by_welcome' | 'by_plan' = 'no';
  #welcomed = false;
  #round = 0;
  #ended = 0;
  #phase: RoundPhase | null = null;
  #model = unknownHash;

  constructor(own: OwnFacts) {
    this.#own = own;
  }

  eventsOf(header: MessageHeader): readonly ReportEffect[] {
    switch (header.kind) {
      case 'run_plan':
        return this.#plan(header);
      case 'welcome':
        return this.#welcome(header);
      case 'start_training':
        this.#model = header.body.base ?? unknownHash;
        return [];
      case 'round_status':
        return this.#status(header);
      case 'round_summary':
        return this.#summary(header);
      case 'training_complete':
        return [report('run_ended', header.body)];
      default:
        return [];
    }
  }

  /** Once: told again by a coordinator that was restarted, it is still the same run. */
  #plan({ body }: HeaderOf<'run_plan'>): readonly ReportEffect[] {
    if (this.#started === 'by_plan') return [];
    this.#started = 'by_plan';
    const { runName: name, rounds, minimumParticipants, quorum, baselineAccuracy, classes, weightCap, normClip } = body;
    const self = this.#own.participant;
    const rule = { ...(weightCap === undefined ? {} : { weightCap }), ...(normClip === undefined ? {} : { normClip }) };
    const plan = { name, rounds, minimumParticipants, quorum, baselineAccuracy, classes, ...rule };
    const started = report('run_started', { ...plan, seed: 0, self });
    // Who comes in the middle sees where the run stands before it is told of a round of its own.
    const { round, phase } = body;
    return round === 0 ? [started] : [started, report('round_phase', { round, phase, deadlineAt: 0 })];
  }

  /** An older coordinator tells no plan: its welcome starts the run then, with less known of it. */
  #welcome({ body, round }: HeaderOf<'welcome'>): readonly ReportEffect[] {
    const events: ReportEffect[] = [];
    const { runName: name, rounds, minimumParticipants, participant: self } = body;
    if (this.#started === 'no') {
      this.#started = 'by_welcome';
      const plan = { name, rounds, minimumParticipants, quorum: 0, seed: 0, baselineAccuracy: null };
      events.push(report('run_started', { ...plan, self }));
    }
    // Once: welcomed again after a lost link, it is still in.
    if (this.#welcomed) return events;
    this.#welcomed = true;
    const { session, data, participant, key, trainer } = this.#own;
    const own = { participant, key, trainer, data: data() };
    const { protocol, stack } = session();
    const fromRound = body.phase === 'registering' ? Math.max(1, round) : round + 1;
    events.push(report('participant_joined', { ...own, address: '', protocol, stack, fromRound }));
    return events;
  }

  /** Told once, however often it comes. Of a round that was slept through, its beginning and its end are told together. */
  #summary({ round, body }: HeaderOf<'round_summary'>): readonly ReportEffect[] {
    if (round <= this.#ended) return [];
    this.#ended = round;
    const ended = report('round_ended', { round, ...body });
    if (round <= this.#round) return [ended];
    this.#round = round;
    this.#phase = null;
    const selected = [...body.contributions, ...body.missing].sort();
    return [report('round_started', { round, selected, modelHash: body.modelBefore }), ended];
  }

  #status({ round, body }: HeaderOf<'round_status'>): readonly ReportEffect[] {
    const events: ReportEffect[] = [];
    const { phase, selected, deadlineAt } = body;
    if (round > this.#round && phase !== 'registering') {
      this.#round = round;
      this.#phase = null;
      events.push(report('round_started', { round, selected, modelHash: this.#model }));
    }
    if (phase !== this.#phase) {
      this.#phase = phase;
      events.push(report('round_phase', { round, phase, deadlineAt }));
    }
    events.push(report('round_status', { round, ...body, why: [] }));
    return events;
  }
}
