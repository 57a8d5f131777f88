import type { Path } from './transfer.ts';

const kbit = 1000 / 8;

/** The nine networks of the reference framework: latency and loss each way, bandwidth. */
export const scenarios: Readonly<Record<string, Path>> = {
  excellent: path(2, 0.5, 0.01, 1_000_000),
  good: path(20, 2, 0.1, 100_000),
  moderate: path(50, 10, 0.5, 20_000),
  poor: path(100, 30, 1, 2_000),
  'very poor': path(200, 60, 2, 384),
  satellite: path(600, 50, 0.5, 5_000),
  'congested, light': path(30, 15, 1.5, 10_000),
  'congested, moderate': path(75, 35, 3.5, 5_000),
  'congested, heavy': path(150, 60, 6, 2_000),
};

function path(latencyMs: number, jitterMs: number, lossPercent: number, kbps: number): Path {
  return {
    rttS: (2 * latencyMs) / 1000,
    jitterS: (2 * jitterMs) / 1000,
    loss: lossPercent / 100,
    bandwidthBytesPerS: kbps * kbit,
    udpShare: 1,
  };
}
