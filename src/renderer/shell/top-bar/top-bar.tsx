import { isStale } from '#renderer/session/session.ts';
import type { JSX } from 'react';
import { formatBytes, unbroken } from '#renderer/components/words/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { phaseWord } from '#renderer/components/words/run-words.ts';
import { plannedRounds } from '#renderer/session/run/planned.ts';
import { useNow, useRunView, useSessionState } from '#renderer/session/hooks.ts';
import { useRecording, useRecordingActions } from '#renderer/session/recordings/recordings.ts';
import { seatLink } from '#renderer/session/run/seat-link.ts';
import { openVerdicts } from '#renderer/session/run/verdicts.ts';
import { plural, formatCount } from '#shared/base/text/counted.ts';
import type { RecordingState } from '#shared/contract/app/source.ts';
import type { LossTotals } from '#shared/contract/losses.ts';
import { anyLost, lossTotals, lostKinds, lostWords } from '#shared/run-view/loss-words.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { ownParticipant } from '#shared/run-view/seat.ts';
import { RunMenu } from './run-menu.tsx';
import { useShownView } from '../shown-view.ts';
import { views } from '../views.tsx';
import { useFit } from '../fit.ts';
import { connectingWords, waitWords } from '../summary.ts';
import { useSaveRecording } from './save-recording.ts';
import { TransportCells } from './transport-cells.tsx';

/** The four answers: taking part, where the round is, who is waited for, how the links are. Never scrolls. */
export function TopBar(): JSX.Element {
  const view = useRunView(whole);
  const save = useSaveRecording();
  const lost = useSessionState((state) => isStale(state.connection));
  const recording = useRecording();
  const { close } = useRecordingActions();
  const shown = useShownView();
  const bar = useFit();
  return (
    <header className="topbar" ref={bar}>
      <h1 className="vh">Roundscope: {shown === null ? 'connecting' : views[shown].title}</h1>
      <RunMenu />
      <RoundCell view={view} />
      <WaitCell view={view} />
      <div className="tb2">
        {view !== null && <TransportCells view={view} />}
        {recording === null ? <RecorderCell view={view} lost={lost} /> : <FileCell recording={recording} />}
        <div className="cell last">
          {recording !== null ? (
            <button type="button" className="btn" onClick={close}>
              <Icon name="close" />
              <span className="words">Close the recording</span>
              <span className="word">Close</span>
            </button>
          ) : (
            <button
              type="button"
              className="btn"
              aria-label="Save last 10 minutes"
              title="Save last 10 minutes (Ctrl+S)"
              disabled={view === null || lost || save.pending}
              onClick={save.save}
            >
              <Icon name="save" />
              <span className="words">{save.pending ? 'Saving' : 'Save last 10 minutes'}</span>
              <span className="word">{save.pending ? 'Saving' : 'Save'}</span>
            </button>
          )}
        </div>
      </div>
    </header>
  );
}

const whole = (view: RunView): RunView => view;

/** More rounds than this make pips too thin to count; a bar says the same. */
const pipsMax = 16;

/** In a word; a run that goes on without this node has not failed with it. */
function endPhase({ status, left }: RunView): string {
  if (left) return status === 'failed' ? 'node ended' : 'left';
  return status === 'interrupted' ? 'stopped' : status;
}

function RoundCell({ view }: { readonly view: RunView | null }): JSX.Element {
  const unknown = useSessionState((state) => state.app === null);
  if (view === null || view.round === 0) {
    return (
      <div className="cell round">
        <div className="k">Round</div>
        <div className="v t2">
          {view === null
            ? unknown
              ? 'not known yet'
              : 'none'
            : view.status === 'starting'
              ? 'starting'
              : phaseWord(view.phase)}
        </div>
      </div>
    );
  }
  const planned = plannedRounds(view);
  const done = view.rounds.filter((round) => round.state === 'done').length;
  const silent = seatLink(view, 0)?.kind === 'silent';
  // The phase of the round was told; while nobody tells, what this node does is what is known.
  const phase =
    view.endedAt !== null
      ? endPhase(view)
      : phaseWord(silent ? (ownParticipant(view)?.phase ?? view.phase) : view.phase);
  const stalled = silent || view.rounds.at(-1)?.state === 'stalled' || openVerdicts(view).length > 0;
  return (
    <div className="cell round">
      <div className="k">
        Round{' '}
        {planned === null ? (
          'until stopped'
        ) : (
          <Pips planned={planned} done={done} current={view.endedAt === null ? view.round : 0} stalled={stalled} />
        )}
      </div>
      <div className="v">
        <span className="big">
          {view.round}
          {planned !== null && ` / ${planned}`}
        </span>
        <span>{phase}</span>
      </div>
    </div>
  );
}

function Pips({
  planned,
  done,
  current,
  stalled,
}: {
  readonly planned: number;
  readonly done: number;
  readonly current: number;
  readonly stalled: boolean;
}): JSX.Element {
  const count = Math.min(planned, pipsMax);
  return (
    <span className="pips" aria-hidden="true">
      {Array.from({ length: count }, (_, i) => {
        const until = ((i + 1) / count) * planned;
        const kind =
          until <= done ? 'd' : until - planned / count < Math.max(done, current) ? (stalled ? 'x' : 'c') : '';
        // Pips have no identity beyond their place.
        return <i key={i} className={kind} />;
      })}
    </span>
  );
}

function WaitCell({ view }: { readonly view: RunView | null }): JSX.Element {
  const now = useNow(1000);
  const unknown = useSessionState((state) => state.app === null);
  const words = unknown ? connectingWords : waitWords(view, now);
  // The visible text ticks every second; a screen reader hears it only when the words change, without the seconds.
  const spoken = words.lead.replace(/, (about )?[\d.]+ (s|min).*$/, '');
  return (
    <div className="cell wait">
      <div className="w1">{unbroken(words.lead)}</div>
      <div className="w2" title={words.detail}>
        {words.detail}
      </div>
      <span className="vh" role="status">
        {spoken}. {words.detail}
      </span>
    </div>
  );
}

function FileCell({ recording }: { readonly recording: RecordingState }): JSX.Element {
  return (
    <div className="cell rec" title={`${recording.path}; ${recording.ending}`}>
      <div className="k">Recording file</div>
      <div className="v nw">
        <span>{formatBytes(recording.sizeBytes)}</span>
        <span className={recording.malformed > 0 ? 'wrn drops' : 't2 drops'}>
          {recording.malformed === 0 ? 'no row unreadable' : `${formatCount(recording.malformed)} unreadable`}
        </span>
      </div>
    </div>
  );
}

const recorderWords = {
  recording: 'Recording',
  recorded: 'Recorded',
  off: 'Not recording',
  failing: 'Recorder failing',
} as const;

function RecorderCell({ view, lost }: { readonly view: RunView | null; readonly lost: boolean }): JSX.Element {
  const recorder = view?.recorder ?? null;
  if (recorder === null) {
    return (
      <div className="cell rec">
        <div className="k">Recorder</div>
        <div className="v t2">{view === null ? 'starts with the run' : 'starting'}</div>
      </div>
    );
  }
  // The last figures come while the recorder still writes what came last; the run that they are of is over.
  const state = recorder.state === 'recording' && view?.endedAt != null ? 'recorded' : recorder.state;
  const totals = lossTotals(recorder);
  return (
    <div className="cell rec" title={titleOf(recorder)}>
      <div className={state === 'failing' ? 'k stl' : 'k'}>
        {state === 'recording' && !lost && <i className="live" aria-hidden="true" />}
        {state === 'failing' && <Icon name="warn" as="small" />}
        {state === 'recording' && lost ? 'Recorded so far' : recorderWords[state]}
      </div>
      <div className="v nw">
        <span>{formatBytes(recorder.sizeBytes)}</span>
        {anyLost(totals) ? <Lost totals={totals} /> : <span className="t2 drops">{lostWords(totals)}</span>}
      </div>
    </div>
  );
}

/** A loss never gives way: where its figures have no room its kinds stand, and the figures are in the cell's title. */
function Lost({ totals }: { readonly totals: LossTotals }): JSX.Element {
  return (
    <span className="wrn">
      <span className="drops">{lostWords(totals)}</span>
      <span className="lostkinds">{lostKinds(totals)}</span>
    </span>
  );
}

function titleOf(recorder: NonNullable<RunView['recorder']>): string {
  const { packets, events, note } = recorder;
  const totals = lossTotals(recorder);
  const held = `${formatCount(packets)} ${plural(packets, 'packet')}, ${formatCount(events)} ${plural(events, 'event')}`;
  return [note === '' ? held : note, ...(anyLost(totals) ? [lostWords(totals)] : [])].join('; ');
}
