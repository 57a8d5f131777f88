import { counted } from '#shared/base/text/counted.ts';
import { parseDuration } from '#shared/base/text/duration.ts';
import { exitStatus } from '#shared/contract/run/summary.ts';
import { visibleText } from '#shared/base/text/visible-text.ts';
import { typedIn } from '#engine/host/user-path.ts';
import { fileOf } from '#service/checks/typed-paths.ts';
import type { Arguments, Command } from '../arguments.ts';
import { complain } from '../complain.ts';
import { exportRows, rowFormats, type RowFormat } from '../output/export-rows.ts';
import { openToTell, recordingPositional } from '../options/recording-argument.ts';

const msPerMinute = 60_000;

/** A copy of a recording, whoever made that, or its rows for other tools. */
export const exportRecording: Command = {
  name: 'export',
  summary:
    'Copies a recording, also one from elsewhere, to a file of its own that its owner alone can read; or writes its rows for other tools. ' +
    'Exit status 2: wrong usage; 1: it cannot be read or written.',
  positionals: [
    recordingPositional,
    { name: 'TO', help: 'the new file, must not exist yet; rows without one go to stdout' },
  ],
  options: [
    {
      name: 'format',
      value: 'jsonl|csv',
      help: 'rows in place of a copy: jsonl has all events and packets in order of time, csv the packets',
    },
    { name: 'out', value: 'FILE', help: 'the same as TO' },
    {
      name: 'bare',
      help: 'a copy to give away: without bodies, headers, notes, addresses, class names and other text of people and machines',
    },
    { name: 'last', value: 'DURATION', help: 'packets of so long before the newest one, such as 10m', default: 'all' },
  ],
  examples: [
    'roundscope export r-7f3a2c.rscope for-you.rscope --bare --last 10m',
    'roundscope export r-7f3a2c.rscope --format csv --out packets.csv',
    'roundscope export r-7f3a2c.rscope --format jsonl | jq \'select(.event == "round_ended")\'',
  ],
  run: async (args) => {
    const [from, positional] = args.positionals;
    const to = args.text('out') ?? positional;
    const format = rowFormats.find((known) => known === args.text('format'));
    const wrong = misuse(args, { from, to, format });
    if (wrong !== null || from === undefined) return complain(wrong ?? '', exitStatus.usage);
    const last = args.text('last');
    const lastMs = last === undefined ? undefined : parseDuration(last);
    if (lastMs === null)
      return complain(`--last takes a length of time, such as 90s or 10m, not ${last}.`, exitStatus.usage);
    const source = fileOf(from, typedIn(process.env));
    const target = to === undefined ? null : fileOf(to, typedIn(process.env));
    if (format !== undefined) return await writeRows(source, { format, target, lastMs });
    if (target === null) return complain('export takes a recording and the file to copy it to.', exitStatus.usage);
    await using recording = await openToTell(source);
    const { name, run, packets, events } = await recording.info();
    const { sizeBytes } = await recording.saveCopy(target, {
      ...(lastMs === undefined ? {} : { minutes: lastMs / msPerMinute }),
      bare: args.has('bare'),
    });
    const what = args.has('bare') ? 'without bodies, addresses and class names' : 'with all that it holds';
    process.stdout.write(
      `${visibleText(`${run} (${name}), ${events} events and ${packets} packets, ${what}: ${sizeBytes.toLocaleString('en')} bytes in ${target}`)}\n`,
    );
    return exitStatus.completed;
  },
};

function misuse(
  args: Arguments,
  {
    from,
    to,
    format,
  }: { readonly from: string | undefined; readonly to: string | undefined; readonly format: RowFormat | undefined },
): string | null {
  const asked = args.text('format');
  if (asked !== undefined && format === undefined) return `--format takes ${rowFormats.join(' or ')}, not ${asked}.`;
  if (args.text('out') !== undefined && args.positionals.length > 1)
    return 'export takes one file to write to, not two.';
  if (format !== undefined && args.has('bare'))
    return 'Rows are written as they are: make a copy with --bare first, and export that.';
  if (from === undefined || (to === undefined && format === undefined))
    return 'export takes a recording and the file to copy it to.';
  return null;
}

interface Rows {
  readonly format: RowFormat;
  readonly target: string | null;
  readonly lastMs: number | undefined;
}

async function writeRows(source: string, { format, target, lastMs }: Rows): Promise<number> {
  await using recording = await openToTell(source);
  const { lastAt } = recording.brief;
  const fromAt = lastMs === undefined || lastAt === null ? undefined : lastAt - lastMs;
  const { events, packets, malformed } = await exportRows(recording, { format, target, fromAt });
  const what =
    format === 'csv' ? counted(packets, 'packet') : `${counted(events, 'event')} and ${counted(packets, 'packet')}`;
  // On stdout there are rows and nothing else.
  process.stderr.write(`${visibleText(`${what}${target === null ? '' : ` in ${target}`}`)}\n`);
  if (malformed > 0) process.stderr.write(`${counted(malformed, 'row')} could not be read and are left out.\n`);
  return exitStatus.completed;
}
