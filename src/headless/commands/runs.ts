import { formatBytes } from '#shared/base/bytes.ts';
import { counted } from '#shared/base/text/counted.ts';
import { roughDuration } from '#shared/base/text/duration.ts';
import { visibleText } from '#shared/base/text/visible-text.ts';
import { nameOf, type LibraryRecording } from '#shared/contract/app/library.ts';
import { untilStopped } from '#shared/contract/run/settings.ts';
import { exitStatus } from '#shared/contract/run/summary.ts';
import { dataFolderPath } from '#engine/host/data-folder.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { appLibrary } from '#service/library/app-library.ts';
import { RecentRuns } from '#service/runs/recent-runs.ts';
import type { Command } from '../arguments.ts';
import { lineOf, writeOut } from '../json-lines.ts';
import { openNamed } from '../options/recording-argument.ts';

/** The library of the window, one recording a line. */
export const runs: Command = {
  name: 'runs',
  summary:
    'Lists the recordings of this machine: what ran, when, how long and how it ended. The latest run comes first.',
  positionals: [],
  options: [{ name: 'json', help: 'one JSON object a line' }],
  examples: ['roundscope runs', "roundscope runs --json | jq -r 'select(.verdicts > 0) | .path'"],
  run: async (args) => {
    const dataFolder = dataFolderPath(process.env, process.platform);
    const library = appLibrary(
      { app: { dataFolder }, clock: systemClock, openToRead: openNamed },
      { recents: new RecentRuns(dataFolder, () => undefined), host: () => null },
    );
    await using _library = library;
    const { recordings, unreadable, left } = await library.whole();
    const json = args.has('json');
    if (!json && recordings.length > 0) await writeOut(`${heading}\n`);
    for (const recording of recordings) await writeOut(json ? lineOf(jsonOf(recording)) : wordsOf(recording));
    for (const file of unreadable) {
      await writeOut(
        json
          ? lineOf({ event: 'unreadable', ...file })
          : `${visibleText(file.path)}\n  cannot be opened: ${visibleText(file.error.message)}\n`,
      );
    }
    if (recordings.length + unreadable.length === 0)
      process.stderr.write(`There is no recording in ${visibleText(dataFolder)}.\n`);
    if (left > 0) process.stderr.write(`${counted(left, 'file')} more, with older names, are not listed.\n`);
    return exitStatus.completed;
  },
};

function jsonOf(recording: LibraryRecording): unknown {
  const { lastAt, firstVerdicts: _first, notes, name, ...rest } = recording;
  return {
    event: 'recording',
    ...rest,
    name: nameOf(recording),
    runName: name,
    note: notes.note,
    pinned: notes.pinned,
    endedAt: lastAt,
    durationS: Math.round(lastAt - recording.startedAt) / 1000,
  };
}

const widths = [24, 16, 9, 12, 7, 4, 14, 9, 8] as const;
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

function wordsOf(recording: LibraryRecording): string {
  const { path, cut, notes, notesFault } = recording;
  const said = [cut ?? '', notes.pinned ? 'pinned' : '', notes.note.split('\n')[0] ?? '', notesFault ?? ''].filter(
    (words) => words !== '',
  );
  const below = [path, ...said].map((words) => `  ${visibleText(words)}\n`);
  return `${rowOf(recording)}\n${below.join('')}`;
}

function rowOf(recording: LibraryRecording): string {
  const { startedAt, lastAt, status, goesOn, cut, roundsPlanned, roundsCompleted, participants, transports, accuracy } =
    recording;
  return lineOfCells([
    nameOf(recording),
    dayAndTime(startedAt),
    roughDuration(Math.max(0, lastAt - startedAt)),
    goesOn ? 'goes on' : cut === null ? (status ?? 'cut off') : 'cut off',
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
