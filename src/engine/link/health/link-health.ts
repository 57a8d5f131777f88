import { timing } from '#shared/contract/limits.ts';
import type { Inbox } from '../transfer/inbox.ts';
import type { Outbox } from '../transfer/outbox.ts';

/** What is known of an open session, looked at once per heartbeat. Times are monotonic ms. */
export interface LifeSigns {
  readonly nowMs: number;
  /** As in `Session`. */
  readonly blocked: string;
  readonly lastHeardMs: number;
  readonly rttMs: number | null;
  readonly slowInARow: number;
  /** The peer speaks again after a silence but does not receive what this end sends, and this end is the one that dials. */
  readonly unheard: boolean;
  /** When the oldest unacknowledged message of any kind last made progress. */
  readonly oldestSentMs: number | null;
  /** When the oldest unacknowledged control message was sent; null: all are acknowledged. */
  readonly oldestControlMs: number | null;
  readonly ackedMs: number;
  readonly stuck: StuckTransfer | null;
  /** As in `Session`. */
  readonly obstacle: string | null;
  /** The peer says that it has no room to read for now. */
  readonly peerFull: boolean;
}

export interface StuckTransfer {
  readonly kind: string;
  readonly direction: 'sent' | 'received';
  readonly bytes: number;
  readonly totalBytes: number;
  readonly sinceMs: number;
}

/** What is wrong with a session that still works. Two of the same kind are the same problem. */
export interface Trouble {
  readonly kind: 'blocked' | 'obstacle' | 'full' | 'unread' | 'silent' | 'stuck' | 'unacknowledged' | 'slow';
  readonly reason: string;
}

/** Why a session is given up, so that the link dials again; null: it is kept. */
export function findDeath(signs: LifeSigns): { readonly code: string; readonly reason: string } | null {
  const { nowMs, lastHeardMs, ackedMs, blocked, obstacle, stuck } = signs;
  const silentMs = nowMs - lastHeardMs;
  const why = blocked === '' ? '' : `, and the broker blocks publishers: ${blocked}`;
  if (silentMs >= timing.peerSilentMs)
    return { code: 'peer_silent', reason: `nothing heard for ${seconds(silentMs)}${why}` };
  if (signs.peerFull) return null;
  if (signs.unheard)
    return { code: 'send_timeout', reason: 'heard again after a silence, but nothing of ours arrives there since' };
  // A new session would not get past the broker's limit either, so only control messages count then.
  const oldestMs = obstacle === null ? signs.oldestSentMs : signs.oldestControlMs;
  if (oldestMs !== null && nowMs - Math.max(oldestMs, ackedMs) >= timing.sendTimeoutMs)
    return { code: 'send_timeout', reason: `nothing acknowledged for ${timing.sendTimeoutMs} ms` };
  if (obstacle === null && stuck?.direction === 'sent' && nowMs - stuck.sinceMs >= timing.sendTimeoutMs)
    return { code: 'transfer_stuck', reason: `${stuck.kind} has not moved for ${timing.sendTimeoutMs} ms` };
  return null;
}

/**
 * What makes a session slow without being a reason to end it; null: nothing. The surest sign comes first.
 * Decision 0021.
 */
export function findTrouble(signs: LifeSigns): Trouble | null {
  const { nowMs, blocked, lastHeardMs, oldestControlMs, ackedMs, stuck, rttMs, slowInARow, obstacle } = signs;
  if (blocked !== '') return { kind: 'blocked', reason: `the broker blocks publishers: ${blocked}` };
  if (obstacle !== null) return { kind: 'obstacle', reason: obstacle };
  const silentMs = nowMs - lastHeardMs;
  if (silentMs >= timing.degradedSilentMs) return { kind: 'silent', reason: `nothing heard for ${seconds(silentMs)}` };
  if (signs.peerFull)
    return { kind: 'full', reason: 'the other end has no room for more right now: what is sent waits for its turn' };
  if (stuck !== null && nowMs - stuck.sinceMs >= timing.degradedStuckMs) {
    const where = `${megabytes(stuck.bytes)} of ${megabytes(stuck.totalBytes)} MB`;
    const reason = `heartbeats pass, but ${stuck.kind} is stuck at ${where} for ${seconds(nowMs - stuck.sinceMs)}`;
    return { kind: 'stuck', reason };
  }
  const unansweredMs = oldestControlMs === null ? 0 : nowMs - Math.max(oldestControlMs, ackedMs);
  if (unansweredMs >= timing.degradedStuckMs)
    return { kind: 'unacknowledged', reason: `nothing acknowledged for ${seconds(unansweredMs)}` };
  if (rttMs !== null && slowInARow >= 2) return { kind: 'slow', reason: `round trips of ${seconds(rttMs)}` };
  return null;
}

/**
 * Measures how long transfers have made no progress, independently of heartbeats: a transfer that moves bytes is alive,
 * however slow; one that moves none is stuck, even while heartbeats pass. It is asked once per heartbeat, so it is exact
 * to within one.
 */
export class TransferClock {
  #marks = new Map<string, { readonly mark: string; readonly sinceMs: number }>();

  /** Returns the open transfer that has not moved for longest. */
  look(outbox: Outbox, inbox: Inbox, nowMs: number): StuckTransfer | null {
    const marks = new Map<string, { readonly mark: string; readonly sinceMs: number }>();
    let longest: StuckTransfer | null = null;
    const see = (id: string, mark: string, transfer: Omit<StuckTransfer, 'sinceMs'>): void => {
      const known = this.#marks.get(id);
      const entry = known?.mark === mark ? known : { mark, sinceMs: nowMs };
      marks.set(id, entry);
      if (longest === null || entry.sinceMs < longest.sinceMs) longest = { ...transfer, sinceMs: entry.sinceMs };
    };
    for (const { header, payload, sentMs, peerBytes } of outbox.entries()) {
      if (payload === null || sentMs === null) continue;
      // A chunk that flow control took is movement too: `sentMs` is that of the last one.
      const bytes = { bytes: peerBytes, totalBytes: payload.byteLength };
      see(header.id, `${peerBytes} ${sentMs}`, { kind: header.kind, direction: 'sent', ...bytes });
    }
    for (const { header, receivedBytes, info } of inbox.open()) {
      const bytes = { bytes: receivedBytes, totalBytes: info.length };
      see(header.id, String(receivedBytes), { kind: header.kind, direction: 'received', ...bytes });
    }
    this.#marks = marks;
    return longest;
  }

  /** Time in which this process itself stood still does not count against the peer. */
  forgive(): void {
    this.#marks.clear();
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
