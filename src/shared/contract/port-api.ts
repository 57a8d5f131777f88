import { z } from 'zod';
import { strategyNameSchema } from './selection.ts';
import type { ErrorReport } from '../base/errors.ts';
import type { RunView } from '../run-view/run-view.ts';
import type { RecordedEvent } from './events.ts';
import type { PacketDetail, PacketRow } from './packet.ts';
import type { Protocol } from './protocols.ts';
import { comparisonSettingsSchema, type ComparisonView } from './comparison.ts';
import { networkSpecSchema } from './network.ts';
import { demoSettingsSchema, faultSchema } from './settings.ts';
import { limits } from './limits.ts';

/** Requests of a renderer and what they take; answers are in `PortAnswers`. Judged by the service before use. */
export const requestSchemas = {
  /** Starts the demo federation; fails with `already_running` while one runs. */
  start_demo: z.object({ settings: demoSettingsSchema }),
  /** Runs the same demo over several transports; fails with `already_running` while anything runs. */
  start_comparison: comparisonSettingsSchema,
  /** Stops what runs, a comparison with all its runs. */
  stop_run: z.object({}),
  inject_fault: z.object({ fault: faultSchema }),
  clear_fault: z.object({ fault: faultSchema }),
  /** Changes the network of one participant, or of all without one, while a demo runs. */
  set_network: z.object({ network: networkSpecSchema }),
  /** Join a federation elsewhere with local data. */
  join_run: z.object({
    invitation: z.string().max(4096),
    data: z.string().max(4096),
    name: z.string().max(48),
    selection: strategyNameSchema.optional(),
  }),
  /** Rows before `beforeId` (0: the newest) that match a filter, newest first. */
  query_packets: z.object({
    filter: z.string().max(1000),
    beforeId: z.number().int().nonnegative(),
    limit: z.number().int().min(1).max(5000),
    fromAt: z.number().optional(),
    toAt: z.number().optional(),
  }),
  packet_detail: z.object({ id: z.number().int().positive() }),
  /** Packets per bucket and protocol over a time span. */
  packet_histogram: z.object({
    filter: z.string().max(1000),
    fromAt: z.number(),
    toAt: z.number(),
    buckets: z.number().int().min(1).max(1000),
  }),
  /** Where the whole recording of the current run lies, and a copy of its last minutes. */
  save_recording: z.object({
    minutes: z
      .number()
      .min(1)
      .max(24 * 60),
  }),
  /** Split of the data for these settings, to show before the start. */
  preview_split: z.object({ settings: demoSettingsSchema }),
  /** What works on this machine. */
  check: z.object({}),
} as const;

export type RequestName = keyof typeof requestSchemas;
export type RequestOf<N extends RequestName> = z.infer<(typeof requestSchemas)[N]>;

export interface HistogramBucket {
  readonly at: number;
  readonly counts: readonly { readonly protocol: string; readonly packets: number; readonly bytes: number }[];
}

export interface CheckLine {
  readonly what: string;
  /** The protocol that needs it, where one alone does. */
  readonly protocol?: Protocol;
  readonly state: 'works' | 'needs_a_step' | 'absent';
  readonly detail: string;
  /** What to do when it does not work; empty when it does. */
  readonly mend: string;
  /** Whether the demo needs it. */
  readonly required: boolean;
}

export interface PortAnswers {
  start_demo: { readonly run: string };
  start_comparison: Record<string, never>;
  stop_run: { readonly stopped: boolean };
  inject_fault: Record<string, never>;
  clear_fault: Record<string, never>;
  set_network: Record<string, never>;
  join_run: { readonly run: string };
  query_packets: { readonly rows: readonly PacketRow[]; readonly more: boolean; readonly filterError: string | null };
  packet_detail: { readonly packet: PacketDetail | null };
  packet_histogram: {
    readonly buckets: readonly HistogramBucket[];
    readonly total: number;
    readonly filterError: string | null;
  };
  save_recording: { readonly path: string; readonly sizeBytes: number };
  preview_split: {
    readonly classes: readonly string[];
    readonly shares: readonly {
      readonly participant: string;
      readonly examples: number;
      readonly classCounts: readonly number[];
    }[];
  };
  check: { readonly lines: readonly CheckLine[] };
}

export const requestEnvelopeSchema = z.object({
  type: z.literal('request'),
  id: z.number().int().nonnegative(),
  name: z.string().max(40),
  params: z.unknown(),
});

/** What a renderer sends. `credit`: it has shown the batch and takes another (back-pressure on the feed). */
export type FromRenderer =
  | { readonly type: 'request'; readonly id: number; readonly name: RequestName; readonly params: unknown }
  | { readonly type: 'credit'; readonly batch: number };

/** First message after (re)connect and whenever another run is shown: replaces all that the view knew. */
export interface Snapshot {
  readonly type: 'snapshot';
  readonly app: {
    readonly version: string;
    readonly mode: 'electron' | 'browser';
    readonly platform: string;
    readonly dataFolder: string;
  };
  /** Null: no run yet. */
  readonly view: RunView | null;
  /** Newest packets, oldest first, at most `packetRowsMax`. */
  readonly packets: readonly PacketRow[];
  readonly packetsRecorded: number;
  /** The comparison that runs or ran last. */
  readonly comparison: ComparisonView | null;
}

/** At most `portBatchesPerSecondMax` a second. Events are folded by `run-view/apply-event.ts` on arrival. */
export interface Batch {
  readonly type: 'batch';
  readonly batch: number;
  readonly events: readonly RecordedEvent[];
  readonly packets: readonly PacketRow[];
  /** Packet rows left out of the feed because the renderer was slow; they are in the recording. */
  readonly skippedPackets: number;
}

export type FromService =
  | Snapshot
  | Batch
  | { readonly type: 'comparison'; readonly view: ComparisonView }
  | { readonly type: 'answer'; readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly type: 'answer'; readonly id: number; readonly ok: false; readonly error: ErrorReport };

/** Longest text of a filter, here because the filter box and the service both check it. */
export const filterTextMax = Math.min(1000, limits.headerBytesMax);
