import type { ErrorCode, ErrorReport } from '#shared/base/errors.ts';
import type { EventData, EventType, ParticipantPhase } from '#shared/contract/events.ts';
import type { RunStatus } from '#shared/contract/messages.ts';
import type { Hash } from '#shared/contract/ids.ts';
import { report, type Instant, type ParticipantMessage, type RunOutcome } from '../machine.ts';
import type { ParticipantEffect, ParticipantState } from './state.ts';

type Fields = { -readonly [K in keyof ParticipantState]: ParticipantState[K] };

/** The next state of a participant while one input is worked on. */
export class ParticipantDraft {
  readonly now: Instant;
  readonly effects: ParticipantEffect[] = [];
  readonly s: Fields;

  constructor(state: ParticipantState, now: Instant) {
    this.s = { ...state };
    this.now = now;
  }

  send(message: ParticipantMessage): void {
    this.effects.push({ kind: 'send', message });
  }

  report<T extends EventType>(type: T, data: EventData<T>): void {
    this.effects.push(report(type, data));
  }

  warn(code: ErrorCode, reason: string, round: number): void {
    const participant = this.s.config.name;
    const error = {
      code,
      layer: 'round' as const,
      message: reason,
      retryable: false,
      context: { participant, round },
      causes: [],
    };
    this.report('notice', { level: 'warning', text: reason, participant, error });
  }

  /** Says what it does now: one segment of its lane; nothing if that is what it did already. */
  enterPhase(phase: ParticipantPhase, round: number, modelHash?: Hash): void {
    const { s } = this;
    if (s.phase === phase && s.phaseRound === round) return;
    s.phase = phase;
    s.phaseRound = round;
    this.report('participant_phase', {
      participant: s.config.name,
      round,
      phase,
      ...(modelHash === undefined ? {} : { modelHash }),
    });
  }

  /** It cannot take part, for a reason with a code. */
  fail(error: ErrorReport): void {
    this.end('failed', error.message, { roundsCompleted: 0, loss: null, accuracy: null, error });
  }

  dropTask(reason: string): void {
    const { task } = this.s;
    if (task?.job != null) this.effects.push({ kind: 'abort_work', job: task.job, reason });
    this.s.task = null;
  }

  end(
    status: RunStatus,
    reason: string,
    reached: Omit<RunOutcome, 'status' | 'reason'> = {
      roundsCompleted: 0,
      loss: null,
      accuracy: null,
    },
  ): void {
    this.dropTask(reason);
    this.enterPhase('idle', this.s.phaseRound);
    this.s.outcome = { status, reason, ...reached };
    this.effects.push({ kind: 'end', outcome: this.s.outcome });
  }
}
