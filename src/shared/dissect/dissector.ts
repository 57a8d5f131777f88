import type { PacketRow } from '../contract/packet.ts';

/** What a dissector may look at: columns that are in every row, so that a field means the same in a window and in a recording. */
export const dissectedColumns = [
  'protocol',
  'stack',
  'stream',
  'kind',
  'chunk',
  'side',
  'direction',
  'sizeBytes',
  'bodyBytes',
  'durationMs',
] as const satisfies readonly (keyof PacketRow)[];
export type DissectedColumn = (typeof dissectedColumns)[number];
export type DissectedRow = Pick<PacketRow, DissectedColumn>;

/** Null: this packet has no such value, or nobody can know it. */
export type FieldValue = string | number | null;

/** One value that a layer has, declared once for filter, completion, detail, command line and export. */
export interface DissectorField {
  /** As filters and scripts write it: `mqtt.topic`. */
  readonly name: string;
  /** `choice`: one of `values`; `count`: a plain number; `size`: bytes; `duration`: ms. */
  readonly type: 'choice' | 'text' | 'count' | 'size' | 'duration';
  /** What it is called on a screen. */
  readonly label: string;
  /** What it means, for completion and documents. */
  readonly words: string;
  /** A filter that lets something through. */
  readonly example: string;
  readonly values?: readonly string[];
  readonly of: (row: DissectedRow) => FieldValue;
}

/** One layer of what a packet carries: our frame, the message in it, or the protocol that carried it. */
export interface Dissector {
  readonly id: string;
  /** Heading of its fields. */
  readonly title: string;
  /** Columns that its fields are computed from; a recording's query hands over these alone. */
  readonly reads: readonly DissectedColumn[];
  readonly applies: (row: DissectedRow) => boolean;
  readonly fields: readonly DissectorField[];
  /** One line on this layer of a packet; empty: nothing to say. */
  readonly summary: (row: DissectedRow) => string;
}

/**
 * A frame that never got onto a stream is recorded with the lane that it was meant for, `control` or `bulk:ID`; its stream,
 * topic or queue is then not known.
 */
export function wasCarried({ stream }: Pick<DissectedRow, 'stream'>): boolean {
  return stream !== '' && stream !== 'control' && !stream.startsWith('bulk:');
}

/** The lane that a transport's own name ends with. */
export const laneValues = ['control', 'bulk'] as const;
