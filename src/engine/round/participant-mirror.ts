import type { Hash } from '#shared/contract/ids.ts';
import type { HeaderOf, MessageHeader, RoundPhase } from '#shared/contract/messages.ts';
import { report, type ReportEffect } from './machine.ts';

/** The hash of the model that a round starts from is told only to those who train; zeros say that it is not known here. */
const unknownHash = '0'.repeat(64) as Hash;

/**
 * What a participant can tell of rounds whose coordinator is on another machine: the events that the coordinator would
 * report, as far as its messages carry them. Reasons for waiting and the others' updates stay with the coordinator.
 */
export class RoundMirror {
  #started = false;
  #round = 0;
  #phase: RoundPhase | null = null;
  #model = unknownHash;

  eventsOf(header: MessageHeader): readonly ReportEffect[] {
    switch (header.kind) {
      case 'welcome':
        return this.#welcome(header);
      case 'start_training':
        this.#model = header.body.base ?? unknownHash;
        return [];
      case 'round_status':
        return this.#status(header);
      case 'round_summary':
        return [report('round_ended', { round: header.round, ...header.body })];
      case 'training_complete':
        return [report('run_ended', header.body)];
      default:
        return [];
    }
  }

  /** Once: welcomed again after a lost link, it is still the same run. */
  #welcome({ body }: HeaderOf<'welcome'>): readonly ReportEffect[] {
    if (this.#started) return [];
    this.#started = true;
    const { runName: name, rounds, minimumParticipants, participant: self } = body;
    return [
      report('run_started', { name, rounds, minimumParticipants, quorum: 0, seed: 0, baselineAccuracy: null, self }),
    ];
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
