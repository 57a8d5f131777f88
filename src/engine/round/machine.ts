import type { ErrorReport } from '#shared/base/errors.ts';
import type { EventData, EventType } from '#shared/contract/events.ts';
import type { Hash, MessageId } from '#shared/contract/ids.ts';
import type { BodyOf, MessageKind, RunStatus, ParticipantKind } from '#shared/contract/messages.ts';

/** A moment as a machine is told it: durations and deadlines use the one clock, what people read uses the other. */
export interface Instant {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** What a machine answers: the next state, what is to be done in this order, and when it wants to be called at the latest. */
export interface Step<S, E> {
  readonly state: S;
  readonly effects: readonly E[];
  /** Monotonic ms; Infinity: only input can change anything. */
  readonly wakeAtMs: number;
}

/** A message without bytes: the driver adds the payload of `model`, the content hash of a model that it keeps. */
export type MachineMessage = {
  [K in MessageKind]: {
    readonly kind: K;
    readonly round: number;
    readonly body: BodyOf<K>;
    readonly replyTo?: MessageId | undefined;
    readonly model?: Hash | undefined;
  };
}[MessageKind];

/** One that a participant may send. */
export type ParticipantMessage = Extract<MachineMessage, { readonly kind: ParticipantKind }>;

/** An event for the reporter. */
export type ReportEffect = {
  [T in EventType]: { readonly kind: 'report'; readonly type: T; readonly data: EventData<T> };
}[EventType];

export function report<T extends EventType>(type: T, data: EventData<T>): ReportEffect {
  // The union is discriminated by type, which a generic constructor cannot express.
  return { kind: 'report', type, data } as ReportEffect;
}

/** How a run ended, at either end. */
export interface RunOutcome {
  readonly status: RunStatus;
  readonly reason: string;
  readonly roundsCompleted: number;
  /** Global loss and accuracy of the last completed round; null before the first. */
  readonly loss: number | null;
  readonly accuracy: number | null;
  /** What made it fail, where that has a code of its own. */
  readonly error?: ErrorReport | undefined;
}
