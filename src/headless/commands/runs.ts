import { formatBytes } from '#shared/base/bytes.ts';
import { roughDuration } from '#shared/base/duration.ts';
import { visibleText } from '#shared/base/visible-text.ts';
import { untilStopped } from '#shared/contract/settings.ts';
import { exitStatus } from '#shared/contract/summary.ts';
import { dataFolderPath } from '#engine/host/data-folder.ts';
import { listRecordings, type RecordedRun } from '#service/recorded-runs.ts';
import type { Command } from '../arguments.ts';
import { lineOf, writeOut } from '../json-lines.ts';

/** Recordings of the data folder, one a line. */
export const runs: Command = {
  name: 'runs',
  summary: 'Lists the recordings of this machine: what ran, when, how long and how it ended.',
  positionals: [],
  options: [{ name: 'json', help: 'one JSON object a line' }],
  examples: ['roundscope runs', "roundscope runs --json | jq -r 'select(.verdicts > 0) | .path'"],
  run: async (args) => {
    const dataFolder = dataFolderPath(process.env, process.platform);
    const json = args.has('json');
    let listed = 0;
    for await (const recording of listRecordings(dataFolder)) {
      if (json) {
        await writeOut(lineOf('error' in recording ? { event: 'unreadable', ...recording } : jsonOf(recording)));
      } else {
        if (listed === 0) await writeOut(`${heading}\n`);
        await writeOut(
          'error' in recording
            ? `${visibleText(recording.path)}\n  cannot be opened: ${visibleText(recording.error.message)}\n`
            : `${rowOf(recording)}\n  ${visibleText(recording.path)}\n`,
        );
      }
      listed++;
    }
    if (listed === 0) process.stderr.write(`There is no recording in ${visibleText(dataFolder)}.\n`);
    return exitStatus.completed;
  },
};

function jsonOf({ lastAt, ...recording }: RecordedRun): unknown {
  return {
    event: 'recording',
    ...recording,
    endedAt: lastAt,
    durationS: Math.round(lastAt - recording.startedAt) / 1000,
  };
}

const widths = [22, 16, 9, 12, 7, 4, 14, 9, 8] as const;
const heading = lineOfCells([
  'Name',
  'When',
  'Length',
  'Ended',
  'Rounds',
  'Part',
  'Transport',
  'Accuracy',
  'Verdicts',
  'Size',
]);

function rowOf(recording: RecordedRun): string {
  const { name, startedAt, lastAt, status, roundsPlanned, roundsCompleted, participants, transports, accuracy } =
    recording;
  return lineOfCells([
    name,
    dayAndTime(startedAt),
    roughDuration(Math.max(0, lastAt - startedAt)),
    status ?? 'cut off',
    roundsPlanned === 0 || roundsPlanned >= untilStopped
      ? String(roundsCompleted)
      : `${roundsCompleted}/${roundsPlanned}`,
    String(participants),
    transports.map((one) => `${one.transport} ${one.participants}`).join(', ') || 'not told',
    accuracy === null ? 'none' : `${(accuracy * 100).toFixed(1)} %`,
    String(recording.verdicts),
    formatBytes(recording.sizeBytes),
  ]);
}

function lineOfCells(cells: readonly string[]): string {
  return cells
    .map((cell, i) => visibleText(cell).padEnd(widths[i] ?? 0))
    .join('  ')
    .trimEnd();
}

/** `2026-01-02 21:10`, on this machine's clock. */
function dayAndTime(at: number): string {
  const when = new Date(at);
  if (Number.isNaN(when.getTime())) return 'not known';
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())} ${two(when.getHours())}:${two(when.getMinutes())}`;
}
