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

/** Flow control, spelled out: what a peer may send before we have read, per stream and in all. */
export const windows = {
  /** A few chunks in flight: 100 MB/s at 40 ms of round trip. */
  streamBytes: 4 * MiB,
  sessionBytes: 16 * MiB,
  /** The library's own for WebTransport; smaller ones stall, see `NativeWindows`. */
  webTransportStreamBytes: 6 * MiB,
  webTransportSessionBytes: 15 * MiB,
  /** UDP socket buffers; the system may grant less. */
  socketBytes: 4 * MiB,
  /** Control, close and bulk transfers that a peer may have open at once; further ones wait. */
  streams: 32,
} as const;
