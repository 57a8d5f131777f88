import { limits, timing } from '#shared/contract/limits.ts';

const MiB = 1024 * 1024;

/** Times that tests shorten; the product uses the contract's. */
export interface QuicOptions {
  readonly connectTimeoutMs: number;
  /** How long an answer over UDP is waited for where a way over TCP is left to try. */
  readonly udpAnswerMs: number;
  readonly idleTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly closeTimeoutMs: number;
  /** Time for a dialer's first words, on streams of ours and on the control stream (slow-loris). */
  readonly helloTimeoutMs: number;
}

export const quicDefaults: QuicOptions = {
  connectTimeoutMs: timing.connectTimeoutMs,
  udpAnswerMs: timing.udpAnswerMs,
  idleTimeoutMs: timing.idleTimeoutMs,
  keepAliveMs: timing.keepAliveMs,
  closeTimeoutMs: timing.closeTimeoutMs,
  helloTimeoutMs: limits.helloTimeoutMs,
};

/** Flow control, spelled out: what a peer may send before we have read, per stream and in all. Decision 0014. */
export const windows = {
  /**
   * 50 MB/s at 40 ms of round trip for one transfer, 200 for four. What is in flight delays control on a busy machine: with
   * 4 MiB a round trip beside four uploads took twice as long. All transfers of a peer together leave room for control.
   */
  streamBytes: 2 * MiB,
  sessionBytes: 16 * MiB,
  /** The library's own for WebTransport; smaller ones stall, see `NativeWindows`. */
  webTransportStreamBytes: 6 * MiB,
  webTransportSessionBytes: 15 * MiB,
  /**
   * All that one session over HTTP/2 may have in flight, control included, which cannot pass what is before it: 25 MB/s at
   * 40 ms. With HTTP/2's own 64 KB it takes twice the processor time.
   */
  http2Bytes: 1 * MiB,
  /** UDP socket buffers; the system may grant less. */
  socketBytes: 4 * MiB,
  /** Control, close and bulk transfers that a peer may have open at once; further ones wait. */
  streams: 32,
} as const;
