import { rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { RecordedEvent } from '#shared/contract/events.ts';
import type { PacketRow } from '#shared/contract/packet.ts';
import { createFile } from '#engine/recorder/create-file.ts';
import { recorderError } from '#engine/recorder/errors.ts';
import type { OpenedRecording } from '#engine/recorder/open-recording.ts';
import { lineOf, writeOut } from './json-lines.ts';
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

const pageRows = 1000;

type Row = { readonly event: RecordedEvent } | { readonly packet: PacketRow };

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
    const rows = format === 'csv' ? packetsOf(recording, fromAt, counted) : inOrder(recording, fromAt, counted);
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

function jsonOf(row: Row): string {
  if ('packet' in row) return packetLine(row.packet);
  const { type, data, ...rest } = row.event;
  return lineOf({ event: type, ...rest, data });
}

function csvOf(row: Row): string {
  if (!('packet' in row)) return '';
  const record = packetRecord(row.packet);
  return commaSeparated(packetFields.map((name) => record[name] ?? null));
}

interface Count {
  malformed: number;
}

/** Two streams, each in the order of its recording, as one by their times. */
async function* inOrder(recording: OpenedRecording, fromAt: number | undefined, count: Count): AsyncGenerator<Row> {
  const events = eventsOf(recording, fromAt, count);
  const packets = packetsOf(recording, fromAt, count);
  let [event, packet] = [await events.next(), await packets.next()];
  while (event.done !== true || packet.done !== true) {
    const first = packet.done === true || (event.done !== true && event.value.event.at <= packet.value.packet.at);
    if (first && event.done !== true) {
      yield event.value;
      event = await events.next();
    } else if (packet.done !== true) {
      yield packet.value;
      packet = await packets.next();
    }
  }
}

async function* eventsOf(
  recording: OpenedRecording,
  fromAt: number | undefined,
  count: Count,
): AsyncGenerator<{ readonly event: RecordedEvent }, undefined> {
  for (let afterId = 0; ;) {
    const page = await recording.events({ afterId, limit: pageRows });
    count.malformed += page.malformed;
    for (const event of page.events) if (fromAt === undefined || event.at >= fromAt) yield { event };
    const last = page.events.at(-1);
    if (!page.more || last === undefined) return;
    afterId = last.id;
  }
}

async function* packetsOf(
  recording: OpenedRecording,
  fromAt: number | undefined,
  count: Count,
): AsyncGenerator<{ readonly packet: PacketRow }, undefined> {
  for (let afterId = 0; ;) {
    const page = await recording.queryPackets({ filter: '', beforeId: 0, afterId, limit: pageRows, fromAt });
    count.malformed += page.malformed;
    for (const packet of page.rows) yield { packet };
    const last = page.rows.at(-1);
    if (!page.more || last === undefined) return;
    afterId = last.id;
  }
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
