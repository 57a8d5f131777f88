import { rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createFile } from '#engine/recorder/writing/create-file.ts';
import { recorderError } from '#engine/recorder/errors.ts';
import type { OpenedRecording } from '#engine/recorder/reading/open-recording.ts';
import { packetsInOrder, rowsInOrder, type RecordedRow } from '#service/replay/rows-in-order.ts';
import { lineOf, writeOut } from '../json-lines.ts';
import { commaSeparated, packetFields, packetLine, packetRecord } from './packet-lines.ts';

export const rowFormats = ['jsonl', 'csv'] as const;
export type RowFormat = (typeof rowFormats)[number];

export interface Exported {
  readonly events: number;
  readonly packets: number;
  readonly malformed: number;
}

export interface RowExport {
  readonly format: RowFormat;
  /** Null: stdout. */
  readonly target: string | null;
  /** Rows since then, by their own time. */
  readonly fromAt: number | undefined;
}

/**
 * The rows of a recording for other tools: as lines of JSON all events and packets in the order of their times, as comma-separated
 * values the packets. A file that is there already is not written over, and a failed one is taken away again.
 */
export async function exportRows(recording: OpenedRecording, { format, target, fromAt }: RowExport): Promise<Exported> {
  const counted = { events: 0, packets: 0, malformed: 0 };
  // What is there already is no failed export of ours.
  const sink = await sinkTo(target);
  try {
    if (format === 'csv') await sink.write(commaSeparated(packetFields));
    const rows =
      format === 'csv' ? packetsInOrder(recording, { fromAt }, counted) : rowsInOrder(recording, { fromAt }, counted);
    let text = '';
    for await (const row of rows) {
      if ('event' in row) counted.events++;
      else counted.packets++;
      text += format === 'csv' ? csvOf(row) : jsonOf(row);
      if (text.length < 65_536) continue;
      await sink.write(text);
      text = '';
    }
    await sink.write(text);
    await sink.end();
    return counted;
  } catch (error) {
    await sink.end().catch(() => undefined);
    if (target !== null) rmSync(target, { force: true });
    throw recorderError(error, target ?? 'stdout', 'exporting to');
  }
}

function jsonOf(row: RecordedRow): string {
  if ('packet' in row) return packetLine(row.packet);
  const { type, data, ...rest } = row.event;
  return lineOf({ event: type, ...rest, data });
}

function csvOf(row: RecordedRow): string {
  if (!('packet' in row)) return '';
  const record = packetRecord(row.packet);
  return commaSeparated(packetFields.map((name) => record[name] ?? null));
}

/** Where rows go: a file of its own, or stdout. */
interface RowSink {
  readonly write: (text: string) => Promise<unknown>;
  readonly end: () => Promise<void>;
}

async function sinkTo(target: string | null): Promise<RowSink> {
  if (target === null) return { write: writeOut, end: async () => undefined };
  createFile(target);
  const file = await open(target, 'w', 0o600);
  return { write: (text) => file.writeFile(text), end: () => file.close() };
}
