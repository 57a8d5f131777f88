import { useId, useState } from 'react';
import type { JSX, ReactNode } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { shownWithin } from '#shared/base/text/visible-text.ts';
import {
  nameOf,
  recordingNameMax,
  recordingNoteMax,
  type LibraryRecording,
  type RecordingNotes,
} from '#shared/contract/app/library.ts';
import { copyText } from '#renderer/components/copy-text.ts';
import { formatBytes, formatClock, formatDuration, formatPercent } from '#renderer/components/words/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { Keys } from '#renderer/components/keys.tsx';
import { formatDay, partWords } from '#renderer/components/words/run-words.ts';
import type { LibraryActions } from '#renderer/session/recordings/library.ts';
import { roundsDone } from '#renderer/session/run/planned.ts';
import { showInfo } from '#renderer/session/toasts.ts';
import { useShortPath } from '#renderer/session/recordings/use-short-path.ts';
import { EndTag } from './runs-table.tsx';
import { isCutOff, lengthMs } from './runs-order.ts';

interface RecordingPaneProps {
  readonly recording: LibraryRecording;
  /** As they were written, to be changed. */
  readonly notes: RecordingNotes;
  readonly now: number;
  readonly actions: LibraryActions;
  readonly onOpen: (recording: LibraryRecording) => void;
}

/** All that is known of one recording without opening it, and what can be done with it. */
export function RecordingPane({ recording, notes, now, actions, onOpen }: RecordingPaneProps): JSX.Element {
  const { path, run, notesFault, goesOn } = recording;
  const name = nameOf(recording);
  const keep = keptBecause(recording);
  return (
    <aside className="panel p-rec" aria-label={`Recording ${name}`}>
      <div className="ph">
        <h2 title={name}>{name}</h2>
        <span className="data t3">{run}</span>
        <div className="end">
          <EndTag recording={recording} />
        </div>
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by key */}
      <div className="scroll" tabIndex={0} role="region" aria-label={`Details of ${name}`}>
        <Figures recording={recording} />
        <Verdicts recording={recording} />
        <div className="sec">
          <h3>
            Name and note <span className="end">kept beside the recording</span>
          </h3>
          {notesFault !== null && <p className="err">{notesFault} Move that file away to write new ones.</p>}
          <Noted key={path} recording={recording} notes={notes} onNote={actions.annotate} />
        </div>
        <Facts recording={recording} now={now} />
      </div>
      <div className="acts">
        <button type="button" className="btn pri" onClick={() => onOpen(recording)}>
          Open <Keys of="Enter" />
        </button>
        <button
          type="button"
          className="btn"
          aria-pressed={notes.pinned}
          disabled={notesFault !== null}
          title="A pinned recording is never removed for its age"
          onClick={() => actions.annotate({ path, pinned: !notes.pinned })}
        >
          <Icon name="pin" />
          {notes.pinned ? 'Unpin' : 'Pin'} <Keys of="p" />
        </button>
        <button type="button" className="btn" onClick={() => spawn('copying a path', copyPath(path))}>
          <Icon name="copy" />
          Copy path
        </button>
        <button
          type="button"
          className="btn"
          disabled={keep !== null}
          title={keep ?? 'It can be taken back for half a minute'}
          onClick={() => actions.remove(recording)}
        >
          <Icon name="bin" />
          Delete {!goesOn && <Keys of="Delete" />}
        </button>
      </div>
    </aside>
  );
}

async function copyPath(path: string): Promise<void> {
  if (await copyText(path)) showInfo('Its path is copied.');
}

/** Why it cannot be deleted; null: it can. */
export function keptBecause({ goesOn, notes, notesFault }: LibraryRecording): string | null {
  if (goesOn) return 'it is being written';
  if (notes.pinned) return 'it is pinned';
  return notesFault === null ? null : 'its notes cannot be read, and may say that it is pinned';
}

function Figures({ recording }: { readonly recording: LibraryRecording }): JSX.Element {
  const { roundsCompleted, accuracy, verdicts } = recording;
  const figure = (label: string, value: ReactNode, bad = false): JSX.Element => (
    <div className={bad ? 'bad' : ''}>
      {label}
      <b>{value}</b>
    </div>
  );
  return (
    <div className="sec">
      <div className="fig4">
        {figure('length', formatDuration(lengthMs(recording)))}
        {figure('rounds', roundsDone(roundsCompleted, recording))}
        {figure('accuracy', accuracy === null ? '–' : formatPercent(accuracy))}
        {figure('verdicts', verdicts, verdicts > 0)}
      </div>
    </div>
  );
}

function Verdicts({ recording }: { readonly recording: LibraryRecording }): JSX.Element | null {
  const { firstVerdicts, verdicts } = recording;
  if (verdicts === 0) return null;
  const more = verdicts - firstVerdicts.length;
  return (
    <div className="sec">
      <h3>Verdicts</h3>
      <ul className="vds">
        {firstVerdicts.map(({ at, sentence }) => (
          <li key={`${at} ${sentence}`}>
            <Icon name="stop" as="small" />
            <span className="data">{formatClock(at)}</span>
            <span>{sentence}</span>
          </li>
        ))}
      </ul>
      {more > 0 && <p className="t2 small">And {more} more.</p>}
    </div>
  );
}

interface NotedProps {
  readonly recording: LibraryRecording;
  readonly notes: RecordingNotes;
  readonly onNote: LibraryActions['annotate'];
}

/** Kept when a field is left, so that there is nothing to forget. */
function Noted({ recording, notes, onNote }: NotedProps): JSX.Element {
  const { path, notesFault, name: runName } = recording;
  const [name, setName] = useState(notes.name);
  const [note, setNote] = useState(notes.note);
  const id = useId();
  const keepName = (): void => {
    if (name.trim() !== notes.name) onNote({ path, name: name.trim() });
  };
  const keepNote = (): void => {
    if (note !== notes.note) onNote({ path, note });
  };
  return (
    <div className="noted">
      <label htmlFor={`${id}-name`}>Name</label>
      <input
        id={`${id}-name`}
        data-rename
        className="inp"
        maxLength={recordingNameMax}
        placeholder={runName}
        disabled={notesFault !== null}
        value={name}
        onChange={(event) => setName(event.target.value)}
        onBlur={keepName}
        onKeyDown={(event) => {
          if (event.key === 'Enter') keepName();
        }}
      />
      <label htmlFor={`${id}-note`}>Note</label>
      <textarea
        id={`${id}-note`}
        data-note
        className="inp"
        rows={4}
        maxLength={recordingNoteMax}
        placeholder="What to look at, and where"
        disabled={notesFault !== null}
        value={note}
        onChange={(event) => setNote(event.target.value)}
        onBlur={keepNote}
      />
    </div>
  );
}

function Facts({ recording, now }: { readonly recording: LibraryRecording; readonly now: number }): JSX.Element {
  const { path, chair, self, startedAt, participants, transports, sizeBytes, status, reason } = recording;
  const short = useShortPath();
  const rows: readonly (readonly [string, string])[] = [
    ['Began', formatDay(startedAt, now)],
    ...(chair === null ? [] : [['Part taken', partWords(chair, self)] as const]),
    ['Participants', String(participants)],
    ['Transports', transports.map(({ transport, participants: n }) => `${transport} × ${n}`).join(', ') || 'not told'],
    ...(status === null || reason === '' ? [] : [['Ended', reason] as const]),
    ['File', `${formatBytes(sizeBytes)}${fileWords(recording)}`],
  ];
  return (
    <div className="sec">
      <dl className="kvl">
        {rows.map(([term, words]) => (
          <FactRow key={term} term={term} words={words} />
        ))}
        <dt>Lies in</dt>
        <dd className="data wrap">{shownWithin(short(path))}</dd>
      </dl>
    </div>
  );
}

function fileWords(recording: LibraryRecording): string {
  if (recording.cut !== null) return `. ${recording.cut}`;
  return isCutOff(recording) ? ', stops without the end of the run' : '';
}

function FactRow({ term, words }: { readonly term: string; readonly words: string }): JSX.Element {
  return (
    <>
      <dt>{term}</dt>
      <dd className="wrap">{words}</dd>
    </>
  );
}
