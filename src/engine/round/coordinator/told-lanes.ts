import type { ParticipantPhase } from '#shared/contract/events.ts';
import type { Hash, ParticipantId } from '#shared/contract/ids.ts';
import type { MessageHeader } from '#shared/contract/messages.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import type { MachineMessage } from '../machine.ts';

interface Lane {
  readonly phase: ParticipantPhase;
  readonly round: number;
  /** Kinds of messages that it needs before it can begin and whose arrival is not acknowledged yet. */
  readonly awaits: ReadonlySet<string>;
  /** What it does once it has them. */
  readonly next: ParticipantPhase | null;
}

/**
 * What participants on other machines do, as far as the coordinator hears it: phase and progress of each, from what is
 * sent to it, acknowledged and answered. In a demo participants report themselves, and this is not used.
 */
export class ToldLanes {
  readonly #reporter: Reporter;
  readonly #lanes = new Map<ParticipantId, Lane>();

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  sent(participant: ParticipantId, message: MachineMessage): void {
    switch (message.kind) {
      case 'global_model':
        return this.#awaits(participant, message.round, message.kind, null);
      case 'start_training':
        return this.#awaits(participant, message.round, message.kind, 'train', message.body.base);
      case 'start_evaluation':
        return this.#awaits(participant, message.round, message.kind, 'evaluate');
      case 'update_ack':
        if (!this.#isPast(participant, message.round)) this.#enter(participant, 'wait', message.round);
        return;
      default:
        return;
    }
  }

  /** The participant's link has it. */
  delivered(participant: ParticipantId, kind: MachineMessage['kind'], round: number): void {
    const lane = this.#lanes.get(participant);
    if (lane?.round !== round || !lane.awaits.has(kind)) return;
    const awaits = new Set(lane.awaits);
    awaits.delete(kind);
    this.#lanes.set(participant, { ...lane, awaits });
    if (awaits.size === 0 && lane.next !== null) this.#enter(participant, lane.next, round);
  }

  heard(participant: ParticipantId, header: MessageHeader): void {
    switch (header.kind) {
      case 'register':
        // Work that is under way goes on over a link that began again.
        if (!this.#lanes.has(participant)) this.#enter(participant, 'wait', 0);
        return;
      case 'training_progress':
        if (this.#isPast(participant, header.round)) return;
        this.#enter(participant, 'train', header.round);
        return this.#reporter.event('training_progress', { participant, round: header.round, ...header.body });
      case 'model_update':
        if (!this.#isPast(participant, header.round)) this.#enter(participant, 'send', header.round);
        return;
      case 'evaluation_result':
        if (this.#lanes.get(participant)?.round === header.round) this.#enter(participant, 'wait', header.round);
        return;
      default:
        return;
    }
  }

  transfer(participant: ParticipantId, kind: string, round: number): void {
    if (kind === 'model_update' && !this.#isPast(participant, round)) this.#enter(participant, 'send', round);
  }

  left(participant: ParticipantId): void {
    const lane = this.#lanes.get(participant);
    if (lane === undefined) return;
    this.#enter(participant, 'idle', lane.round);
    this.#lanes.delete(participant);
  }

  /** A late word about training of an earlier round, or of one that is being evaluated by now. */
  #isPast(participant: ParticipantId, round: number): boolean {
    const lane = this.#lanes.get(participant);
    return lane !== undefined && (lane.round > round || (lane.round === round && lane.next === 'evaluate'));
  }

  #awaits(
    participant: ParticipantId,
    round: number,
    kind: 'global_model' | 'start_training' | 'start_evaluation',
    next: ParticipantPhase | null,
    modelHash?: Hash,
  ): void {
    const lane = this.#lanes.get(participant);
    const same = lane?.phase === 'receive' && lane.round === round ? lane : null;
    this.#lanes.set(participant, {
      phase: lane?.phase ?? 'idle',
      round: lane?.round ?? 0,
      awaits: new Set([...(same?.awaits ?? []), kind]),
      next: next ?? same?.next ?? null,
    });
    this.#enter(participant, 'receive', round, modelHash);
  }

  #enter(participant: ParticipantId, phase: ParticipantPhase, round: number, modelHash?: Hash): void {
    const lane = this.#lanes.get(participant);
    const goesOn = phase === 'receive' || phase === lane?.next;
    this.#lanes.set(participant, {
      phase,
      round,
      awaits: goesOn ? (lane?.awaits ?? new Set()) : new Set(),
      next: goesOn ? (lane?.next ?? null) : null,
    });
    if (lane?.phase === phase && lane.round === round) return;
    const hash = modelHash === undefined ? {} : { modelHash };
    this.#reporter.event('participant_phase', { participant, round, phase, ...hash });
  }
}
