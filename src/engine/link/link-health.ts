import { timing } from '#shared/contract/limits.ts';
import type { Inbox } from './inbox.ts';
import type { Outbox } from './outbox.ts';

/** What can be told of an open session once per heart-beat. Times are monotonic ms. */
export interface LifeSigns {
  readonly nowMs: number;
  /** As in `Session`. */
  readonly blocked: string;
  readonly lastHeardMs: number;
  readonly rttMs: number | null;
  readonly slowInARow: number;
  /** The peer is heard again after a silence and does not hear us, and it is for us to dial it anew. */
  readonly unheard: boolean;
  /** When the oldest message of any kind that is not acknowledged moved last. */
  readonly oldestSentMs: number | null;
  /** When the oldest control message that is not acknowledged went out; null: all are. */
  readonly oldestControlMs: number | null;
  readonly ackedMs: number;
  readonly stuck: StuckTransfer | null;
  /** As in `Session`. */
  readonly obstacle: string | null;
  /** The peer does not read, and says so. */
  readonly peerFull: boolean;
}

export interface StuckTransfer {
  readonly kind: string;
  readonly direction: 'sent' | 'received';
  readonly bytes: number;
  readonly totalBytes: number;
  readonly sinceMs: number;
}

/** What ails a session that is not dead. The kind tells whether it is still the same trouble. */
export interface Trouble {
  readonly kind: 'blocked' | 'obstacle' | 'full' | 'unread' | 'silent' | 'stuck' | 'unacknowledged' | 'slow';
  readonly reason: string;
}

/** Of what a session dies, to be dialled again; null: it lives. */
export function findDeath(signs: LifeSigns): { readonly code: string; readonly reason: string } | null {
  const { nowMs, lastHeardMs, ackedMs, blocked, obstacle, stuck } = signs;
  const silentMs = nowMs - lastHeardMs;
  const why = blocked === '' ? '' : `, and the broker blocks publishers: ${blocked}`;
  if (silentMs >= timing.peerSilentMs)
    return { code: 'peer_silent', reason: `nothing heard for ${seconds(silentMs)}${why}` };
  if (signs.peerFull) return null;
  if (signs.unheard)
    return { code: 'send_timeout', reason: 'heard again after a silence, but nothing of ours arrives there since' };
  // What a broker holds up, another session would not get through either.
  const oldestMs = obstacle === null ? signs.oldestSentMs : signs.oldestControlMs;
  if (oldestMs !== null && nowMs - Math.max(oldestMs, ackedMs) >= timing.sendTimeoutMs)
    return { code: 'send_timeout', reason: `nothing acknowledged for ${timing.sendTimeoutMs} ms` };
  if (obstacle === null && stuck?.direction === 'sent' && nowMs - stuck.sinceMs >= timing.sendTimeoutMs)
    return { code: 'transfer_stuck', reason: `${stuck.kind} has not moved for ${timing.sendTimeoutMs} ms` };
  return null;
}

/** Slow is told from dead: null is well, and what is found here ends nothing. The surest sign wins. */
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
    const reason = `heart-beats pass, but ${stuck.kind} is stuck at ${where} for ${seconds(nowMs - stuck.sinceMs)}`;
    return { kind: 'stuck', reason };
  }
  const unansweredMs = oldestControlMs === null ? 0 : nowMs - Math.max(oldestControlMs, ackedMs);
  if (unansweredMs >= timing.degradedStuckMs)
    return { kind: 'unacknowledged', reason: `nothing acknowledged for ${seconds(unansweredMs)}` };
  if (rttMs !== null && slowInARow >= 2) return { kind: 'slow', reason: `round trips of ${seconds(rttMs)}` };
  return null;
}

/**
 * The clock of transfers, apart from that of heart-beats: one that moves bytes is alive however slow it is, one that moves
 * none is stuck however well heart-beats pass. Looks once per heart-beat, so it knows a pause to within one.
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

  /** A pause of our own is no pause of theirs. */
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
