import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { toErrorReport, type ErrorReport } from '#shared/base/errors.ts';
import type { EventType, RecordedEvent } from '#shared/contract/events.ts';
import type { Chair } from '#shared/contract/events.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import { applyEvent, emptyView } from '#shared/run-view/apply-event.ts';
import { isTold } from '#shared/run-view/seat.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { recordingSuffixes } from './complete-path.ts';
import { isMissing } from '#engine/durability/disk-errors.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { recorderError } from '#engine/recorder/errors.ts';
import { RecordingReader, type EventQuery, type RecordingBrief } from '#engine/recorder/reader.ts';
import { timing } from '#shared/contract/limits.ts';

/** Events of one page; some hundred kilobytes. */
const pageEvents = 1000;

/** What reads events of a recording, in this thread or in another. */
interface EventReading {
  events(query: EventQuery): EventPage | Promise<EventPage>;
}
interface EventPage {
  readonly events: readonly RecordedEvent[];
  readonly malformed: number;
  readonly more: boolean;
}

/** The view that the events of a recording make, all or those of some types, and how many could not be read. */
export async function foldRecording(
  recording: EventReading,
  { run, startedAt }: Pick<RecordingBrief, 'run' | 'startedAt'>,
  types?: readonly EventType[],
): Promise<{ readonly view: RunView; readonly malformed: number }> {
  let view = emptyView(run, startedAt);
  let malformed = 0;
  for (let afterId = 0; ;) {
    const page = await recording.events({ afterId, limit: pageEvents, ...(types === undefined ? {} : { types }) });
    for (const event of page.events) view = applyEvent(view, event);
    malformed += page.malformed;
    const last = page.events.at(-1);
    // A page of nothing but unreadable rows has no id to go on from.
    if (!page.more || last === undefined) return { view, malformed };
    afterId = last.id;
  }
}

/** What a list of recordings says of one, from the events that tell it. */
export interface RecordedRun {
  readonly path: string;
  readonly run: string;
  readonly name: string;
  readonly chair: Chair | null;
  readonly self: string | null;
  readonly startedAt: number;
  /** Of the last row; with no row, when the recording was begun. */
  readonly lastAt: number;
  /** Null: the recording stops without the end of the run. */
  readonly status: string | null;
  readonly reason: string;
  readonly roundsPlanned: number;
  readonly roundsCompleted: number;
  readonly participants: number;
  /** How many participants each carried, as far as it is told; most first. */
  readonly transports: readonly { readonly transport: Protocol; readonly participants: number }[];
  readonly accuracy: number | null;
  readonly verdicts: number;
  readonly sizeBytes: number;
}

export type ListedRecording = RecordedRun | { readonly path: string; readonly error: ErrorReport };

/** What a line of the list is made of; the rest of a recording is not read for it. */
const telling: readonly EventType[] = [
  'run_opened',
  'run_started',
  'run_resumed',
  'participant_joined',
  'round_started',
  'round_ended',
  'verdict_raised',
  'verdict_cleared',
  'run_ended',
];

/** Where recordings lie in a data folder: those of runs, and copies that were saved. */
const folders = ['recordings', 'saved'] as const;

/** Recordings in the data folder, one after the other, the newest name first; what cannot be read says why. */
export async function* listRecordings(dataFolder: string): AsyncGenerator<ListedRecording> {
  for (const folder of folders) {
    for (const name of (await namesIn(join(dataFolder, folder))).toSorted().toReversed()) {
      if (recordingSuffixes.some((suffix) => name.endsWith(suffix)))
        yield await readListed(join(dataFolder, folder, name));
    }
  }
}

async function readListed(path: string): Promise<ListedRecording> {
  try {
    using reader = new RecordingReader(path, { clock: systemClock, ms: timing.recordingQueryMs });
    const brief = reader.brief();
    const { view } = await foldRecording(reader, brief, telling);
    return recordedRun(path, brief, view);
  } catch (error) {
    return { path, error: toErrorReport(recorderError(error, path, 'reading')) };
  }
}

function recordedRun(path: string, brief: RecordingBrief, view: RunView): RecordedRun {
  const carried = new Map<Protocol, number>();
  for (const { id, protocol } of view.participants)
    if (!isTold(view, id)) carried.set(protocol, (carried.get(protocol) ?? 0) + 1);
  const done = view.rounds.filter(({ state }) => state === 'done');
  return {
    path,
    run: brief.run,
    name: view.name,
    chair: view.chair,
    self: view.self,
    startedAt: view.startedAt,
    lastAt: brief.ended?.at ?? brief.lastAt ?? brief.startedAt,
    status: brief.ended?.status ?? null,
    reason: brief.ended?.reason ?? '',
    roundsPlanned: view.roundsPlanned,
    roundsCompleted: Math.max(view.roundsCompleted, done.length),
    participants: view.participants.length,
    transports: [...carried]
      .map(([transport, participants]) => ({ transport, participants }))
      .sort((a, b) => b.participants - a.participants),
    accuracy: done.at(-1)?.accuracy ?? null,
    verdicts: view.verdicts.length,
    sizeBytes: brief.sizeBytes,
  };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw recorderError(error, folder, 'listing recordings in');
  }
}
