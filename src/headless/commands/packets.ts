import { formatBytes } from '#shared/base/bytes.ts';
import { counted } from '#shared/base/counted.ts';
import { visibleText } from '#shared/base/visible-text.ts';
import { exitStatus } from '#shared/contract/summary.ts';
import { receiverOf, senderOf, type PacketRow } from '#shared/contract/packet.ts';
import { parseFilter } from '#shared/filter/parse-filter.ts';
import type { Command } from '../arguments.ts';
import { complain } from '../complain.ts';
import { lineOf, writeOut } from '../json-lines.ts';
import { openToTell, recordingPath, recordingPositional } from '../recording-argument.ts';

/** Rows of one page: little enough that a pipe that closes early ends it at once. */
const pageRows = 1000;

/** Packets of a recording that a filter lets through, oldest first. */
export const packets: Command = {
  name: 'packets',
  summary: "Prints a recording's packets, oldest first, with the filters of the packet view.",
  positionals: [
    recordingPositional,
    { name: 'FILTER', help: 'such as "kind == model_update && size > 1MB"; without one, all' },
  ],
  options: [{ name: 'json', help: 'one JSON object a line' }],
  examples: [
    "roundscope packets r-7f3a2c.rscope 'status != ok'",
    "roundscope packets r-7f3a2c.rscope 'kind == model_update' --json | jq .size_bytes",
  ],
  run: async (args) => {
    const path = recordingPath(args);
    if (path === null) return complain('packets takes a recording, and perhaps a filter.', exitStatus.usage);
    const filter = args.positionals[1] ?? '';
    const wrong = filterFault(filter);
    if (wrong !== null) return complain(wrong, exitStatus.usage);
    await using recording = await openToTell(path);
    const asText = args.has('json') ? jsonOf : rowOf;
    let malformed = 0;
    for (let afterId = 0; ;) {
      const page = await recording.queryPackets({ filter, beforeId: 0, afterId, limit: pageRows });
      malformed += page.malformed;
      const last = page.rows.at(-1);
      if (last !== undefined) await writeOut(page.rows.map(asText).join(''));
      if (!page.more || last === undefined) break;
      afterId = last.id;
    }
    if (malformed > 0) process.stderr.write(`${counted(malformed, 'row')} could not be read and are left out.\n`);
    return exitStatus.completed;
  },
};

/** What is wrong with it, with the place under which it is; null: nothing. */
function filterFault(filter: string): string | null {
  const parsed = parseFilter(filter);
  if (parsed.ok) return null;
  const { message, from } = parsed.error;
  return `The filter has an error at character ${from + 1}: ${message}`;
}

function jsonOf(packet: PacketRow): string {
  return lineOf({ event: 'packet', ...packet, from: senderOf(packet), to: receiverOf(packet) });
}

function rowOf(packet: PacketRow): string {
  const { id, at, protocol, kind, round, status, note, chunk, gapMs } = packet;
  const cells = [
    String(id).padStart(7),
    timeOfDay(at),
    `${senderOf(packet)} → ${receiverOf(packet)}`.padEnd(26),
    packet.side.padEnd(8),
    protocol.padEnd(4),
    `${kind}${chunk === '' ? '' : ` ${chunk}`}`.padEnd(20),
    `r${round}`.padEnd(4),
    formatBytes(packet.sizeBytes).padStart(8),
    status.padEnd(8),
    gapMs === null ? '' : `+${(gapMs / 1000).toFixed(3)} s`,
    note,
  ];
  return `${visibleText(cells.join('  ').trimEnd())}\n`;
}

/** `21:10:25.123`, on this machine's clock. */
function timeOfDay(at: number): string {
  const when = new Date(at);
  if (Number.isNaN(when.getTime())) return 'not known   ';
  return `${when.toTimeString().slice(0, 8)}.${String(when.getMilliseconds()).padStart(3, '0')}`;
}
