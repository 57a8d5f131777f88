import { z } from 'zod';
import { timing } from '../limits.ts';
import { participantIdSchema } from '../ids.ts';

/** Networks by name, in the order of the reference framework; `none` is this machine as it is. */
export const networkPresets = [
  'none',
  'excellent',
  'good',
  'moderate',
  'poor',
  'very_poor',
  'satellite',
  'congested_light',
  'congested_moderate',
  'congested_heavy',
] as const;
export const networkPresetSchema = z.enum(networkPresets);
export type NetworkPreset = z.infer<typeof networkPresetSchema>;

/** What a network does to what is sent over it; each way, as `tc netem` at both ends would. */
export const networkFiguresSchema = z.object({
  /** One way; a round trip takes twice that. */
  latencyMs: z.number().min(0).max(10_000),
  /** Uniform, plus or minus. */
  jitterMs: z.number().min(0).max(5_000),
  lossPercent: z.number().min(0).max(90),
  /** 0: no limit. */
  bandwidthKbps: z.number().int().min(0).max(10_000_000),
  /** Datagrams that are overtaken by those behind them; TCP puts its bytes in order again. */
  reorderPercent: z.number().min(0).max(100),
});
export type NetworkFigures = z.infer<typeof networkFiguresSchema>;
export const networkFigureNames = Object.keys(networkFiguresSchema.shape) as (keyof NetworkFigures)[];

/** `blackhole`: nothing passes and nobody is told; `disconnect`: connections are reset, too. */
export const networkOutages = ['none', 'blackhole', 'disconnect'] as const;
export const networkOutageSchema = z.enum(networkOutages);
export type NetworkOutage = z.infer<typeof networkOutageSchema>;

/** A preset, and what differs from it, for one participant or (without one) for all that have none of their own. */
export const networkSpecSchema = z.object({
  preset: networkPresetSchema,
  participant: participantIdSchema.optional(),
  change: networkFiguresSchema.partial().optional(),
});
export type NetworkSpec = z.infer<typeof networkSpecSchema>;

/** What a relay applies to one participant. */
export const networkConditionsSchema = z.object({
  preset: networkPresetSchema,
  figures: networkFiguresSchema,
  outage: networkOutageSchema,
});
export type NetworkConditions = z.infer<typeof networkConditionsSchema>;

/**
 * Latency and loss of the first six are those of the reference framework's table as it is cited most; jitter, bandwidth and
 * the congestion levels are from its simulator. It names no reordering.
 */
export const networkFigures: Readonly<Record<NetworkPreset, NetworkFigures>> = {
  none: figures(0, 0, 0, 0),
  excellent: figures(2, 0.5, 0.01, 1_000_000),
  good: figures(20, 2, 0.1, 100_000),
  moderate: figures(50, 10, 0.5, 20_000),
  poor: figures(100, 30, 1, 2_000),
  very_poor: figures(200, 60, 2, 384),
  satellite: figures(600, 50, 0.5, 5_000),
  congested_light: figures(30, 15, 1.5, 10_000),
  congested_moderate: figures(75, 35, 3.5, 5_000),
  congested_heavy: figures(150, 60, 6, 2_000),
};

function figures(latencyMs: number, jitterMs: number, lossPercent: number, bandwidthKbps: number): NetworkFigures {
  return { latencyMs, jitterMs, lossPercent, bandwidthKbps, reorderPercent: 0 };
}

/** What holds for a participant: its own entry, else the one for all, else nothing; of several the last. */
export function networkOf(network: readonly NetworkSpec[], participant: string): NetworkConditions {
  const spec =
    network.findLast((entry) => entry.participant === participant) ??
    network.findLast((entry) => entry.participant === undefined);
  const preset = spec?.preset ?? 'none';
  const changed = networkFigureNames.map((name) => [name, spec?.change?.[name] ?? networkFigures[preset][name]]);
  return { preset, figures: Object.fromEntries(changed) as NetworkFigures, outage: 'none' };
}

/** Bytes of a model of the bundled data, with room, and how often they go one way before a phase can close. */
const usualModelBytes = 256 * 1024;
const transfersPerPhase = 2;
/** Round trips of a phase besides: windows that grow, acknowledgements, one session dialed again. */
const roundTripsPerPhase = 30;
/** `segment x sqrt(3/2)`: see the relay's TCP, whose rate over a lossy way is this by round trip and root of the loss. */
const mathisBytes = 1448 * Math.sqrt(1.5);

/**
 * How much longer than on this machine alone a phase of a round takes over the slowest of these networks, so that a demo
 * with a slow network completes within its deadlines unless people set them otherwise.
 */
export function networkAllowanceMs(network: readonly NetworkSpec[]): number {
  const participants = ['', ...network.flatMap(({ participant }) => participant ?? [])];
  return Math.max(...participants.map((name) => allowanceOf(networkOf(network, name).figures)));
}

function allowanceOf({ latencyMs, jitterMs, lossPercent, bandwidthKbps }: NetworkFigures): number {
  const roundTripMs = 2 * (latencyMs + jitterMs);
  const linkMs = bandwidthKbps === 0 ? 0 : (usualModelBytes * 8) / bandwidthKbps;
  const lossMs = (usualModelBytes * roundTripMs * Math.sqrt(lossPercent / 100)) / mathisBytes;
  return Math.ceil(roundTripsPerPhase * roundTripMs + transfersPerPhase * Math.max(linkMs, lossMs));
}

/** Whether anything is done to what is sent. */
export function impairs({
  figures: { latencyMs, jitterMs, lossPercent, bandwidthKbps, reorderPercent },
  outage,
}: NetworkConditions): boolean {
  return outage !== 'none' || latencyMs + jitterMs + lossPercent + bandwidthKbps + reorderPercent > 0;
}

/** Why nobody can open a connection over it, in a sentence; null: arithmetic alone does not say so. */
export function dialLimitWords(
  participant: string,
  { figures: { latencyMs }, outage }: NetworkConditions,
): string | null {
  const roundTripMs = 2 * latencyMs;
  // Every protocol waits for at least one answer.
  if (outage !== 'none' || roundTripMs < timing.connectTimeoutMs) return null;
  return (
    `${participant} cannot open a connection: a round trip of its network takes ${roundTripMs / 1000} s, ` +
    `and dialing is given up after ${timing.connectTimeoutMs / 1000} s.`
  );
}

/** `poor: 100 ms, 1 % loss, 2 Mbit/s`, for a lane, a terminal and a log. */
export function networkWords({ preset, figures: f, outage }: NetworkConditions): string {
  if (outage === 'blackhole') return 'blackhole: nothing passes';
  if (outage === 'disconnect') return 'disconnected';
  const parts = [
    ...(f.latencyMs > 0 ? [`${f.latencyMs} ms`] : []),
    ...(f.lossPercent > 0 ? [`${f.lossPercent} % loss`] : []),
    ...(f.bandwidthKbps > 0 ? [rateWords(f.bandwidthKbps)] : []),
    ...(f.reorderPercent > 0 ? [`${f.reorderPercent} % reordered`] : []),
  ];
  const name = preset.replaceAll('_', ' ');
  return parts.length === 0 ? 'no added delay or loss' : `${preset === 'none' ? 'network' : name}: ${parts.join(', ')}`;
}

function rateWords(kbps: number): string {
  return kbps >= 1_000_000 ? `${kbps / 1_000_000} Gbit/s` : kbps >= 1000 ? `${kbps / 1000} Mbit/s` : `${kbps} kbit/s`;
}
