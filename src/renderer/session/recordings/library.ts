import { useCallback, useEffect, useMemo, useState } from 'react';
import { toErrorReport, type ErrorReport } from '#shared/base/errors.ts';
import { nameOf, type LibraryList, type LibraryRecording } from '#shared/contract/app/library.ts';
import type { RequestOf } from '#shared/contract/app/port-api.ts';
import { useRunView, useSession } from '../hooks.ts';
import { showError } from '../toasts.ts';
import { useLiveRequest } from '../run/use-live-request.ts';

/** How long until the list is asked for again: while files are read, while a run goes on, and for what others add. */
const readingMs = 300;
const growingMs = 2000;
const restMs = 10_000;

export interface LibraryState {
  /** Null: not asked for yet. */
  readonly list: LibraryList | null;
  readonly error: ErrorReport | null;
  readonly again: () => void;
}

const nothingAsked = {};

/** The recordings of the data folder, asked for again as long as somebody looks. */
export function useLibrary(): LibraryState {
  const [turn, setTurn] = useState(0);
  // What is recorded changes when a run begins and when it is over.
  const run = useRunView((view) => `${view.run} ${view.endedAt ?? ''}`) ?? '';
  const { value, error, again } = useLiveRequest('list_recordings', nothingAsked, 0, turn);
  useEffect(() => again(), [again, run]);
  const paceMs = paceOf(value);
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') setTurn((before) => before + 1);
    }, paceMs);
    return () => clearInterval(timer);
  }, [paceMs]);
  return { list: value, error, again };
}

function paceOf(list: LibraryList | null): number {
  if (list === null || list.reading > 0) return readingMs;
  return list.recordings.some(({ goesOn }) => goesOn) ? growingMs : restMs;
}

export interface LibraryActions {
  readonly annotate: (change: RequestOf<'annotate_recording'>) => void;
  readonly remove: (recording: LibraryRecording) => void;
  readonly restore: (id: string) => void;
}

/** What can be done with recordings; what goes wrong becomes a toast. */
export function useLibraryActions(done: () => void): LibraryActions {
  const session = useSession();
  const told = useCallback(
    (asked: Promise<unknown>): void => {
      asked.then(done, (error: unknown) => showError(toErrorReport(error)));
    },
    [done],
  );
  return useMemo(
    () => ({
      annotate: (change) => told(session.request('annotate_recording', change)),
      remove: ({ path }) => told(session.request('delete_recording', { path })),
      restore: (id) => told(session.request('restore_recording', { id })),
    }),
    [session, told],
  );
}

/** All of a recording in which a word is looked for. */
export function searchedText(recording: LibraryRecording): string {
  const { run, name, self, status, reason, notes, path, transports, firstVerdicts } = recording;
  return [
    nameOf(recording),
    name,
    run,
    self ?? '',
    status ?? 'cut off',
    reason,
    notes.note,
    path,
    ...transports.map(({ transport }) => transport),
    ...firstVerdicts.map(({ sentence }) => sentence),
  ]
    .join('\n')
    .toLowerCase();
}
