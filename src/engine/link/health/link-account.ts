import type { LogContext, PacketLog } from '../records/packet-log.ts';
import type { Wire } from '../wire.ts';

/** What a link has moved over all its sessions, told once per heartbeat and at the end of each. */
export class LinkAccount {
  readonly #log: PacketLog;
  readonly #totals = { sentBytes: 0, receivedBytes: 0, payloadSentBytes: 0, payloadReceivedBytes: 0 };
  /** Messages that were given up before they were sent whole, since nobody needed them any more. */
  withdrawn = 0;
  /** Times that reading waited for room, and transfers of which what had come was let go. */
  waited = 0;
  dropped = 0;

  constructor(log: PacketLog) {
    this.#log = log;
  }

  payload(side: 'sent' | 'received', bytes: number): void {
    this.#totals[side === 'sent' ? 'payloadSentBytes' : 'payloadReceivedBytes'] += bytes;
  }

  tell(wire: Wire, rttMs: number | null, unacknowledged: number): void {
    const stats = wire.session.stats();
    const counters = stats.counters.slice(0, 57).map(({ name, value }) => ({ name, value }));
    this.#log.stats(wire.context, {
      ...this.#totals,
      rttMs,
      sentBytes: this.#totals.sentBytes + stats.sentBytes,
      receivedBytes: this.#totals.receivedBytes + stats.receivedBytes,
      unacknowledged,
      counters: [...counters, ...this.#own],
    });
  }

  /** A session is over: what it moved is the link's from now on. */
  close(wire: Wire, context: LogContext, unacknowledged: number): void {
    const { sentBytes, receivedBytes } = wire.session.stats();
    this.#totals.sentBytes += sentBytes;
    this.#totals.receivedBytes += receivedBytes;
    this.#log.stats(context, { rttMs: null, ...this.#totals, unacknowledged, counters: this.#own });
  }

  get #own(): { name: string; value: number }[] {
    const { withdrawn, waited, dropped } = this;
    const all = { 'link.withdrawn': withdrawn, 'link.waited_for_room': waited, 'link.transfers_dropped': dropped };
    return Object.entries(all).flatMap(([name, value]) => (value === 0 ? [] : [{ name, value }]));
  }
}
