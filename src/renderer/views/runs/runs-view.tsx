import { useCallback, useMemo, useState } from 'react';
import type { JSX, KeyboardEvent } from 'react';
import { counted } from '#shared/base/text/counted.ts';
import { shownWithin } from '#shared/base/text/visible-text.ts';
import type { DeletedRecording, LibraryList, LibraryRecording } from '#shared/contract/app/library.ts';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { formatBytes } from '#renderer/components/words/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { Keys } from '#renderer/components/keys.tsx';
import { useWallNow } from '#renderer/session/hooks.ts';
import { useLibrary, useLibraryActions } from '#renderer/session/recordings/library.ts';
import { useLiveFigures, type LiveFigures } from '#renderer/session/run/live-figures.ts';
import { askForRecording, useOpenRecording, useRecording } from '#renderer/session/recordings/recordings.ts';
import { NoRecordings } from './no-recordings.tsx';
import { RecordingPane } from './recording-pane.tsx';
import { useRunsCommands } from './runs-commands.ts';
import { choices, countOf, ordered, type Choice, type Order } from './runs-order.ts';
import { RunsTable } from './runs-table.tsx';
import { Unreadable } from './unreadable.tsx';
import './runs.css';

const none: readonly LibraryRecording[] = [];

/** The library: every recording of the data folder, whatever goes on meanwhile. */
export function RunsView(): JSX.Element {
  const { list, error, again } = useLibrary();
  const actions = useLibraryActions(again);
  const live = useLiveFigures();
  const [order, setOrder] = useState<Order>({ by: 'when', descending: true });
  const [choice, setChoice] = useState<Choice>('all');
  const [words, setWords] = useState('');
  const [chosen, setChosen] = useState<string | null>(null);
  const now = useWallNow(60_000);
  const showing = useRecording()?.path ?? null;
  const openPath = useOpenRecording();
  const open = useCallback(({ path }: LibraryRecording) => openPath(path), [openPath]);
  const all = useMemo(() => (list?.recordings ?? none).map((one) => withLive(one, live)), [list, live]);
  const shown = useMemo(() => ordered(all, order, { choice, words }), [all, order, choice, words]);
  const rows = useMemo(() => shown.map(asShown), [shown]);
  // Until one is chosen it is the one that this window shows.
  const wanted = chosen ?? showing;
  const selected = shown.find(({ path }) => path === wanted) ?? shown[0] ?? null;
  const deleted = list?.deleted.at(-1) ?? null;
  useRunsCommands({ recordings: shown, selected, deleted, actions, select: setChosen, open });
  const onKeyDown = (event: KeyboardEvent): void => onRowKey(event, { rows: shown, selected, select: setChosen, open });
  return (
    <main
      className={`v-runs${selected === null ? '' : ' open'}`}
      aria-busy={list === null && error === null ? true : undefined}
    >
      <section className="panel p-lib" aria-label="Recordings">
        <div className="ph">
          <h2>Recordings</h2>
          <span className="sub" role="status">
            {list !== null && headWords(list)}
          </span>
          <div className="end">
            <button type="button" className="btn" onClick={askForRecording}>
              <Icon name="file" />
              Open a file… <Keys of="Ctrl+o" />
            </button>
          </div>
        </div>
        <FindBar all={all} words={words} choice={choice} onWords={setWords} onChoice={setChoice} />
        {error !== null && <ErrorCard error={error} />}
        <RunsTable
          recordings={rows}
          selected={selected?.path ?? null}
          order={order}
          now={now}
          onOrder={setOrder}
          onSelect={setChosen}
          onKeyDown={onKeyDown}
          onOpen={open}
          nothing={list === null ? 'Reading …' : <NoRecordings list={list} filtered={all.length > 0} />}
        />
        {list !== null && <Unreadable files={shownWithin(list.unreadable)} left={list.left} />}
        {deleted !== null && <Undo deleted={deleted} onUndo={() => actions.restore(deleted.id)} />}
      </section>
      {selected !== null && (
        <RecordingPane recording={asShown(selected)} notes={selected.notes} now={now} actions={actions} onOpen={open} />
      )}
    </main>
  );
}

interface RowKeys {
  readonly rows: readonly LibraryRecording[];
  readonly selected: LibraryRecording | null;
  readonly select: (path: string) => void;
  readonly open: (recording: LibraryRecording) => void;
}

function onRowKey(event: KeyboardEvent, { rows, selected, select, open }: RowKeys): void {
  // Heads of columns are buttons, and have Enter.
  if (event.key === 'Enter' && event.target instanceof Element && event.target.closest('button') !== null) return;
  const place = selected === null ? -1 : rows.indexOf(selected);
  const to = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: rows.length - 1 }[event.key];
  const next = to === undefined ? undefined : rows[Math.min(rows.length - 1, Math.max(0, to))];
  if (next !== undefined) select(next.path);
  else if (event.key === 'Enter' && selected !== null) open(selected);
  else return;
  event.preventDefault();
}

interface FindBarProps {
  readonly all: readonly LibraryRecording[];
  readonly words: string;
  readonly choice: Choice;
  readonly onWords: (words: string) => void;
  readonly onChoice: (choice: Choice) => void;
}

function FindBar({ all, words, choice, onWords, onChoice }: FindBarProps): JSX.Element {
  return (
    <div className="find">
      <input
        type="search"
        data-find-run
        className="inp"
        aria-label="Find a recording"
        placeholder="Names, notes, ids, verdicts"
        value={words}
        onChange={(event) => onWords(event.target.value)}
      />
      <span className="seg-ctl" role="group" aria-label="Which recordings">
        {choices.map((one) => (
          <button type="button" key={one} aria-pressed={one === choice} onClick={() => onChoice(one)}>
            {choiceWords[one]} {countOf(all, one)}
          </button>
        ))}
      </span>
    </div>
  );
}

const choiceWords: { readonly [C in Choice]: string } = {
  all: 'All',
  pinned: 'Pinned',
  verdicts: 'With verdicts',
  cut: 'Cut off',
};

function headWords({ recordings, reading }: LibraryList): string {
  const bytes = recordings.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const words = recordings.length === 0 ? '' : `${counted(recordings.length, 'recording')}, ${formatBytes(bytes)}`;
  return reading === 0 ? words : `${words}${words === '' ? '' : ' · '}reading ${counted(reading, 'file')}`;
}

/** Text from outside as it may stand on screen; its path stays what the service is asked about. */
function asShown(recording: LibraryRecording): LibraryRecording {
  const shown = shownWithin(recording);
  return shown === recording ? recording : { ...shown, path: recording.path };
}

/** Of the run that goes on this window knows more than its list. */
function withLive(recording: LibraryRecording, live: LiveFigures | null): LibraryRecording {
  if (!recording.goesOn || live === null || live.run !== recording.run) return recording;
  const { roundsPlanned, roundsCompleted, accuracy } = live;
  return {
    ...recording,
    accuracy,
    roundsPlanned: roundsPlanned ?? recording.roundsPlanned,
    roundsCompleted: roundsCompleted ?? recording.roundsCompleted,
  };
}

function Undo({ deleted, onUndo }: { readonly deleted: DeletedRecording; readonly onUndo: () => void }): JSX.Element {
  const now = useWallNow(1000);
  const leftS = Math.max(0, Math.ceil((deleted.until - now) / 1000));
  return (
    <div className="undo" role="status">
      <Icon name="bin" />
      <span>
        <b>{shownWithin(deleted.name)}</b> deleted, {formatBytes(deleted.sizeBytes)}
      </span>
      {/* Read out once, not every second. */}
      <span className="t2" aria-hidden="true">
        the file goes in {leftS} s
      </span>
      <button type="button" className="btn sm" onClick={onUndo}>
        Undo <Keys of="Ctrl+z" />
      </button>
    </div>
  );
}
