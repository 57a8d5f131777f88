import { bytesIn, start, type Parts } from '#engine/framing/parts.ts';
import { toErrorReport } from '#shared/base/errors.ts';
import { coordinatorId } from '#shared/contract/ids.ts';
import type { LinkState } from '#shared/contract/events.ts';
import { limits } from '#shared/contract/limits.ts';
import type { PacketStatus } from '#shared/contract/packet.ts';
import type { Protocol, Stack } from '#shared/contract/protocols.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import { recordedHeader } from './recorded-header.ts';

export type Side = 'participant' | 'coordinator';

/** Which connection of which participant something happened on. */
export interface LogContext {
  /** Empty while the other end has not proved that it may take part. */
  participant: string;
  /** Address of who has said no name yet. */
  readonly from?: string;
  readonly protocol: Protocol;
  readonly stack: Stack;
  /** Ordinal of the participant's connection in this run, from 1. */
  connection: number;
}

export interface FrameNote {
  readonly side: 'sent' | 'received';
  readonly kind: string;
  readonly round?: number;
  readonly messageId?: string;
  readonly replyTo?: string;
  readonly sizeBytes?: number;
  readonly stream?: string;
  readonly chunk?: string;
  readonly status?: PacketStatus;
  readonly durationMs?: number;
  readonly header?: string;
  readonly body?: Parts;
  readonly note?: string;
  /** Where a session has two protocols: the one that carried this frame. */
  readonly protocol?: Protocol | undefined;
  readonly stack?: Stack | undefined;
}

const noteCharsMax = 500;
const progressEveryMs = 100;

/** Tells the reporter what one end's links do, in the words of the packet log. */
export class PacketLog {
  readonly side: Side;
  readonly #reporter: Reporter;
  /** When progress of a transfer was last told, by participant and id. */
  readonly #progressMs = new Map<string, number>();

  constructor(reporter: Reporter, side: Side) {
    this.#reporter = reporter;
    this.side = side;
  }

  frame(context: LogContext, note: FrameNote): void {
    const body = note.body ?? [];
    const bodyBytes = bytesIn(body);
    this.#reporter.packet({
      peer: this.side === 'participant' ? coordinatorId : context.participant || (context.from ?? ''),
      participant: context.participant,
      direction: (this.side === 'participant') === (note.side === 'sent') ? 'up' : 'down',
      side: note.side,
      protocol: note.protocol ?? context.protocol,
      stack: note.stack ?? context.stack,
      kind: note.kind,
      round: note.round ?? 0,
      messageId: note.messageId ?? '',
      replyTo: note.replyTo ?? '',
      sizeBytes: note.sizeBytes ?? 0,
      connection: context.connection,
      stream: (note.stream ?? '').slice(0, 200),
      chunk: note.chunk ?? '',
      status: note.status ?? 'ok',
      ...(note.durationMs === undefined ? {} : { durationMs: note.durationMs }),
      header: recordedHeader(note.header ?? '', note.kind),
      // A copy: the sample must not keep the whole payload alive, nor share its memory.
      ...(bodyBytes === 0 ? {} : { bodySample: start(body, limits.bodySampleBytes) }),
      bodyBytes,
      note: (note.note ?? '').slice(0, noteCharsMax),
    });
  }

  /** Opened and closed connections; the participant is the one who opens, either may close. */
  connection(
    context: LogContext,
    what: 'connection_open' | 'connection_close',
    { local, note }: { readonly local: boolean; readonly note: string },
  ): void {
    this.frame(context, { side: local ? 'sent' : 'received', kind: what, note });
  }

  state(
    context: LogContext,
    told: {
      readonly state: LinkState;
      readonly reason: string;
      readonly connections: number;
      readonly reconnects: number;
      readonly fallback?: string | undefined;
      readonly obstacle?: string | undefined;
      readonly unread?: boolean | undefined;
    },
  ): void {
    const { protocol, stack } = context;
    const participant = context.participant as never;
    const { unread, ...state } = told;
    this.#reporter.event('link_state', {
      participant,
      side: this.side,
      protocol,
      stack,
      ...state,
      ...(unread === undefined ? {} : { unread }),
      reason: told.reason.slice(0, noteCharsMax),
      ...(told.fallback === undefined ? {} : { fallback: told.fallback.slice(0, noteCharsMax) }),
      ...(told.obstacle === undefined ? {} : { obstacle: told.obstacle.slice(0, noteCharsMax) }),
    });
  }

  stats(context: LogContext, stats: LinkTotals): void {
    const { protocol, stack } = context;
    this.#reporter.event('link_stats', {
      participant: context.participant as never,
      side: this.side,
      protocol,
      stack,
      ...stats,
    });
  }

  /** At most ten times a second for a transfer, and at its end. */
  progress(context: LogContext, transfer: TransferProgress): void {
    const key = `${context.participant}/${transfer.id}`;
    const complete = transfer.bytes >= transfer.totalBytes;
    const last = this.#progressMs.get(key);
    if (!complete && last !== undefined && transfer.nowMs - last < progressEveryMs) return;
    if (complete) this.#progressMs.delete(key);
    else this.#progressMs.set(key, transfer.nowMs);
    this.#reporter.event('transfer_progress', {
      participant: context.participant as never,
      round: transfer.round,
      kind: transfer.kind,
      direction: (this.side === 'participant') === (transfer.side === 'sent') ? 'up' : 'down',
      sentBytes: transfer.bytes,
      totalBytes: transfer.totalBytes,
    });
  }

  /** Something people should know about a participant's link. */
  warn(context: LogContext, text: string): void {
    this.#reporter.event('notice', {
      level: 'warning',
      text: text.slice(0, noteCharsMax),
      participant: context.participant as never,
    });
  }

  /** A link's memory is not what it must be. */
  fault(context: LogContext, text: string, error: unknown): void {
    const participant = context.participant as never;
    this.#reporter.event('notice', { level: 'error', text, participant, error: toErrorReport(error) });
  }

  /** Forgets transfers that will not end any more; without an id, all of this participant's. */
  forgetProgress(participant: string, id = ''): void {
    for (const key of this.#progressMs.keys()) if (key.startsWith(`${participant}/${id}`)) this.#progressMs.delete(key);
  }
}

export interface LinkTotals {
  readonly rttMs: number | null;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly payloadSentBytes: number;
  readonly payloadReceivedBytes: number;
  readonly unacknowledged: number;
  readonly counters: { name: string; value: number }[];
}

export interface TransferProgress {
  readonly side: 'sent' | 'received';
  readonly id: string;
  readonly round: number;
  readonly kind: string;
  readonly bytes: number;
  readonly totalBytes: number;
  readonly nowMs: number;
}
