import { z } from 'zod';
import { networkPresetSchema, type NetworkPreset } from './network.ts';
import { protocolSchema, type Protocol } from '../protocols.ts';
import { demoSettingsSchema } from './settings.ts';

/** Runs of one comparison; each takes as long as a demo. */
export const comparisonRunsMax = 64;

function each<T extends z.ZodType>(one: T): z.ZodArray<T> {
  return z
    .array(one)
    .min(1)
    .max(comparisonRunsMax)
    .refine((list) => new Set(list).size === list.length, 'names one twice');
}

/** The same demo over each of these transports on each of these networks, one after the other. */
export const comparisonSettingsSchema = z
  .object({
    settings: demoSettingsSchema,
    transports: each(protocolSchema),
    networks: each(networkPresetSchema),
  })
  .refine(
    ({ transports, networks }) => transports.length * networks.length <= comparisonRunsMax,
    `makes more than ${comparisonRunsMax} runs`,
  );
export type ComparisonSettings = z.infer<typeof comparisonSettingsSchema>;

/** One run of a comparison. Figures are null until they are known. */
export interface ComparisonRow {
  readonly transport: Protocol;
  readonly network: NetworkPreset;
  readonly state: 'waiting' | 'running' | 'completed' | 'stalled' | 'failed' | 'interrupted' | 'unreachable';
  /** Why it did not complete. */
  readonly note: string;
  readonly run: string;
  readonly roundsDone: number;
  readonly figures: ComparisonFigures;
}

export interface ComparisonFigures {
  /** Median time of a round, and of opening a participant's session, ms. */
  readonly roundMs: number | null;
  readonly connectMs: number | null;
  /** Heartbeat round trips of all participants beside everything else, once a second each, ms. */
  readonly controlP50Ms: number | null;
  readonly controlP99Ms: number | null;
  /** Both ways, all participants, as their links counted them. */
  readonly payloadBytes: number;
  readonly wireBytes: number;
  /** Processor time, seconds: the coordinator, and all participants with their training. */
  readonly coordinatorCpuS: number;
  readonly participantsCpuS: number;
  /** Largest resident memory: the coordinator, and of one participant. */
  readonly coordinatorMemoryBytes: number;
  readonly participantMemoryBytes: number;
  readonly accuracy: number | null;
  /** Of the last global model: the same for the same seed, whatever carried it. */
  readonly modelHash: string;
}

export interface ComparisonView {
  readonly state: 'running' | 'done' | 'stopped';
  readonly rounds: number;
  readonly rows: readonly ComparisonRow[];
}
