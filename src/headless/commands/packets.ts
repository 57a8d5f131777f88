import { formatBytes } from '#shared/base/bytes.ts';
import { counted } from '#shared/base/text/counted.ts';
import { visibleText } from '#shared/base/text/visible-text.ts';
import { exitStatus } from '#shared/contract/run/summary.ts';
import { receiverOf, senderOf, type PacketRow } from '#shared/contract/packet.ts';
import { parseFilter } from '#shared/filter/parse-filter.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import type { OpenedRecording } from '#engine/recorder/reading/open-recording.ts';
import type { Command } from '../arguments.ts';
import { complain } from '../complain.ts';
import { lineOf, writeOut } from '../json-lines.ts';
import { packetLine, packetRecord, readFields, tabbed } from '../output/packet-lines.ts';
import { bodyOptions, printBody } from '../print-body.ts';
import { openToTell, recordingPath, recordingPositional } from '../options/recording-argument.ts';

/** Rows of one page: little enough that a pipe that closes early ends it at once. */
const pageRows = 1000;
/** How long until a recording that is being written is asked again. */
const followMs = 500;

/** Packets of a recording that a filter lets through, oldest first. */
export const packets: Command = {
  name: 'packets',
  summary:
    "Prints a recording's packets, oldest first, with the filters of the packet view (docs/filter.md). " +
    'Exit status 2: the filter or a field has an error; 1: the recording cannot be read.',
  positionals: [
    recordingPositional,
    { name: 'FILTER', help: 'such as "kind == model_update && size > 1MB"; without one, all' },
  ],
  options: [
    {
      name: 'fields',
      value: 'NAMES',
      help: 'only these, in this order, with tabs between them: such as at,from,to,kind,size',
      default: 'a line for people; with --json, all',
    },
    ...bodyOptions,
    { name: 'follow', help: 'goes on with what is recorded meanwhile, until the run has ended' },
    { name: 'json', help: 'one JSON object a line' },
  ],
  examples: [
    "roundscope packets r-7f3a2c.rscope 'status != ok'",
    "roundscope packets r-7f3a2c.rscope 'kind == model_update' --json | jq .size_bytes",
    "roundscope packets r-7f3a2c.rscope 'gap > 5s' --fields at,participant,gap | sort -k2",
    "roundscope packets r-7f3a2c.rscope 'protocol == mqtt && last 5m' --fields packet,mqtt.topic,size",
    'roundscope packets r-7f3a2c.rscope --body 27650',
  ],
  run: async (args) => {
    const path = recordingPath(args);
    if (path === null) return complain('packets takes a recording, and perhaps a filter.', exitStatus.usage);
    const filter = args.positionals[1] ?? '';
    const wrong = filterFault(filter);
    if (wrong !== null) return complain(wrong, exitStatus.usage);
    const named = args.text('fields');
    const fields = named === undefined ? null : readFields(named);
    if (fields?.ok === false) return complain(fields.error, exitStatus.usage);
    await using recording = await openToTell(path);
    if (args.has('body')) return await printBody(recording, args);
    const asText = lineFor(fields?.value ?? null, args.has('json'));
    let malformed = 0;
    for await (const page of pagesOf(recording, filter, args.has('follow'))) {
      malformed += page.malformed;
      await writeOut(page.rows.map(asText).join(''));
    }
    if (malformed > 0) process.stderr.write(`${counted(malformed, 'row')} could not be read and are left out.\n`);
    return exitStatus.completed;
  },
};

/** All there is; with `follow` also what comes, until the run has ended. */
async function* pagesOf(
  recording: OpenedRecording,
  filter: string,
  follow: boolean,
): AsyncGenerator<Awaited<ReturnType<OpenedRecording['queryPackets']>>> {
  let told = false;
  for (let afterId = 0; ;) {
    // Looked at before the rows are: those of a run that has ended meanwhile are all there.
    const over = !follow || recording.brief.cut !== null || (await recording.look()).ended !== null;
    const page = await recording.queryPackets({ filter, beforeId: 0, afterId, limit: pageRows });
    const last = page.rows.at(-1);
    if (last !== undefined) yield page;
    if (last !== undefined) afterId = last.id;
    if (page.more && last !== undefined) continue;
    if (over) return;
    if (!told) process.stderr.write('Waiting for what is recorded next; Ctrl+C ends it.\n');
    told = true;
    await systemClock.sleep(followMs, { signal: new AbortController().signal });
  }
}

/** What is wrong with it, with the place under which it is; null: nothing. */
function filterFault(filter: string): string | null {
  const parsed = parseFilter(filter);
  if (parsed.ok) return null;
  const { message, from } = parsed.error;
  return `The filter has an error at character ${from + 1}: ${message}`;
}

function lineFor(fields: readonly string[] | null, json: boolean): (packet: PacketRow) => string {
  if (fields === null) return json ? packetLine : rowOf;
  return (packet) => {
    const record = packetRecord(packet);
    if (!json)
      return tabbed(
        fields.map((name) => record[name] ?? null),
        visibleText,
      );
    return lineOf(Object.fromEntries(fields.map((name) => [name, record[name] ?? null])));
  };
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
