import type { Clock } from '#shared/base/time/clock.ts';
import type { EventData } from '#shared/contract/events.ts';
import { carrierOf, type Protocol } from '#shared/contract/protocols.ts';
import type { LinkConditions } from '#shared/contract/run/selection.ts';
import { bandwidthBehindBursts, lossLimitedRate, protocolTraits } from './expected-time.ts';

/** Round trips that are looked back on. */
const recentMax = 8;
/** Packets that must have been sent before a share of lost ones means anything. */
const packetsMin = 200;
/** Older figures say nothing about now. */
const memoryMs = 30 * 60_000;
/** As many transfers as a busy run has in that time. */
const transfersMax = 64;
/** Of the counts so far, kept with each new figure (one a second while packets move): a memory of some twenty seconds. */
const lossKeep = 0.95;
/** A transfer at less than this share of what loss allows was held up by the path itself: its rate is the bandwidth. */
const pathLimitedShare = 0.5;
/** Sessions lost within `movingWindowMs` that make a participant count as moving. */
const movingLosses = 2;
const movingWindowMs = 5 * 60_000;
/** Smaller payloads are over before their rate says anything. */
const rateBytesMin = 64 * 1024;

type LinkState = Pick<EventData<'link_state'>, 'side' | 'state' | 'stack' | 'reason' | 'fallback'>;
type LinkStats = Pick<EventData<'link_stats'>, 'protocol' | 'rttMs' | 'counters'>;

/**
 * What a link shows of the network it runs on, for the choice of protocol. Fed with what the link reports anyway; sends
 * nothing itself. Loss is known only while QUIC runs, which counts it.
 */
export class LinkObserver {
  readonly #clock: Clock;
  readonly #roundTripsMs: number[] = [];
  readonly #transfers: { readonly rate: number; readonly pathLimited: boolean; readonly atMs: number }[] = [];
  readonly #lostAtMs: number[] = [];
  readonly #packets = { sent: 0, lost: 0, sentBefore: 0, lostBefore: 0, atMs: Number.NEGATIVE_INFINITY };
  #protocol: Protocol | null = null;
  #udp: LinkConditions['udp'] = null;
  #battery: LinkConditions['battery'] = null;
  #cpuLoad: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Of the participant's own end, once a second. */
  stats({ protocol, rttMs, counters }: LinkStats): void {
    if (protocol !== this.#protocol) this.#roundTripsMs.length = 0;
    this.#protocol = protocol;
    if (rttMs !== null) keepRecent(this.#roundTripsMs, rttMs);
    const of = (name: string): number | undefined => counters.find((counter) => counter.name === name)?.value;
    const [sent, lost] = [of('pathSentPackets') ?? of('udpTxDatagrams'), of('pathLostPackets')];
    if (sent !== undefined && lost !== undefined) this.#countPackets(sent, lost);
  }

  /** A model got through over this protocol, on a link that was open before. */
  transferred(protocol: Protocol, bytes: number, seconds: number): void {
    if (bytes < rateBytesMin || seconds <= 0) return;
    const rate = bytes / seconds;
    const kind = protocolTraits[protocol].congestion;
    const atMs = this.#clock.monotonicMs();
    if (kind === 'none') {
      keepRecent(this.#transfers, { rate: bandwidthBehindBursts(rate), pathLimited: true, atMs }, transfersMax);
      return;
    }
    const { lossRatio, rttMs } = this.#measured();
    const bound =
      lossRatio === null || rttMs === null ? null : lossLimitedRate(kind, { rttS: rttMs / 1000, loss: lossRatio });
    const pathLimited = bound !== null && rate < pathLimitedShare * bound;
    keepRecent(this.#transfers, { rate, pathLimited, atMs }, transfersMax);
  }

  /** Of the participant's own end: what a session that opened or went says of the network. */
  state({ side, state, stack, reason, fallback }: LinkState): void {
    if (side !== 'participant') return;
    if (state === 'lost' && !reason.startsWith('clean')) this.sessionLost();
    if (state !== 'ready') return;
    if (carrierOf(stack) === 'UDP') this.udp('open');
    else if (fallback?.startsWith('UDP blocked') === true) this.udp('blocked');
  }

  /** A session was lost; two within minutes, and the participant counts as moving. */
  sessionLost(): void {
    keepRecent(this.#lostAtMs, this.#clock.monotonicMs());
  }

  udp(state: 'open' | 'blocked'): void {
    this.#udp = state;
  }

  machine({ battery, cpuLoad }: Pick<LinkConditions, 'battery' | 'cpuLoad'>): void {
    this.#battery = battery;
    this.#cpuLoad = cpuLoad;
  }

  conditions(payloadBytes: number): LinkConditions {
    return {
      udp: this.#udp,
      ...this.#measured(),
      bandwidthBytesPerS: this.#bandwidth(),
      payloadBytes,
      battery: this.#battery,
      cpuLoad: this.#cpuLoad,
      mobility: this.#mobility(),
    };
  }

  #measured(): Pick<LinkConditions, 'rttMs' | 'lossRatio'> {
    const { sent, lost, atMs } = this.#packets;
    const known = sent >= packetsMin && this.#clock.monotonicMs() - atMs <= memoryMs;
    return {
      // The shortest: heartbeats of a busy process wait for it, and never the other way round.
      rttMs: this.#roundTripsMs.length === 0 ? null : Math.min(...this.#roundTripsMs),
      lossRatio: known ? Math.min(1, lost / sent) : null,
    };
  }

  /** The fastest of late where the path was the limit; null where only loss or nothing was seen to be one. */
  #bandwidth(): number | null {
    const since = this.#clock.monotonicMs() - memoryMs;
    const recent = this.#transfers.filter(({ atMs }) => atMs >= since);
    return recent.some(({ pathLimited }) => pathLimited) ? Math.max(...recent.map(({ rate }) => rate)) : null;
  }

  #mobility(): LinkConditions['mobility'] {
    const since = this.#clock.monotonicMs() - movingWindowMs;
    if (this.#lostAtMs.filter((atMs) => atMs >= since).length >= movingLosses) return 'moving';
    // The reference goes by the deviation of round trips; on a busy machine that says how busy it is.
    return this.#protocol === null ? null : 'static';
  }

  #countPackets(sent: number, lost: number): void {
    const own = this.#packets;
    // A new session counts from zero again.
    const fresh = sent < own.sentBefore || lost < own.lostBefore;
    const sentNow = fresh ? sent : sent - own.sentBefore;
    const lostNow = fresh ? lost : lost - own.lostBefore;
    own.sentBefore = sent;
    own.lostBefore = lost;
    if (sentNow === 0) return;
    own.sent = own.sent * lossKeep + sentNow;
    own.lost = own.lost * lossKeep + lostNow;
    own.atMs = this.#clock.monotonicMs();
  }
}

function keepRecent<T>(list: T[], item: T, max = recentMax): void {
  list.push(item);
  if (list.length > max) list.shift();
}
