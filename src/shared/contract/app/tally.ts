import { z } from 'zod';

/** How many packets match a filter; with bars of their times. An answer may be of the newest only: then it is asked for again. */
export const tallyRequestSchema = z.object({
  filter: z.string().max(1000),
  fromAt: z.number().optional(),
  toAt: z.number().optional(),
  /** Of a stretch of time; without `from`: from the first packet on, and at least to the last. */
  bars: z.object({ from: z.number().optional(), to: z.number(), count: z.number().int().min(1).max(1000) }).optional(),
});

/** How many packets pass a filter, and when. */
export interface PacketTally {
  readonly count: number;
  /** Of these, packets of whose body only the beginning is kept. */
  readonly cut: number;
  /** Whether all were looked at; else it is the count of the newest, and asking again continues from there. */
  readonly complete: boolean;
  /** Of the first packet, whether it passes or not; null: there is none. */
  readonly firstAt: number | null;
  /** Where they were asked for. */
  readonly bars: BinsView | null;
  readonly filterError: string | null;
}

/** Packets over time. */
export interface BinsView {
  readonly from: number;
  readonly to: number;
  readonly bins: readonly BinView[];
  readonly binMs: number;
}

export interface BinView {
  readonly at: number;
  /** Packets by protocol, in the order of `protocols`. */
  readonly counts: readonly number[];
  /** Of how many of them only the beginning of the body is kept. */
  readonly cut: number;
}
