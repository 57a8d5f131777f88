import type { JSX } from 'react';
import { formatPercent } from '#renderer/components/words/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { Keys } from '#renderer/components/keys.tsx';
import { endTag, partWords } from '#renderer/components/words/run-words.ts';
import { outcomeCounts } from '#renderer/session/run/outcome-counts.ts';
import { roundOf } from '#renderer/session/run/planned.ts';
import { askToEndRun } from '#renderer/session/run/ending.ts';
import { useRunView } from '#renderer/session/hooks.ts';
import { useShortPath } from '#renderer/session/recordings/use-short-path.ts';
import { navigate } from '#renderer/session/navigation.ts';
import { useRecordingActions, useShowsRecording } from '#renderer/session/recordings/recordings.ts';
import { useSetPaused } from '#renderer/session/run/run-requests.ts';
import { chairOf } from '#renderer/session/run/run-state.ts';
import { endReasonWords } from '#shared/run-view/end-words.ts';
import { isParticipantSeat } from '#shared/run-view/seat.ts';
import type { RunView } from '#shared/run-view/run-view.ts';

/** The run that this window shows: what it is and where it stands, or how it ended. */
export function CurrentRun(): JSX.Element | null {
  const view = useRunView((whole) => whole);
  const setPaused = useSetPaused();
  const recording = useShowsRecording();
  const { close } = useRecordingActions();
  if (view === null) return null;
  const chair = chairOf(view);
  const running = view.endedAt === null && !recording;
  const paused = view.participants.find((one) => one.id === view.self)?.paused != null;
  const tag = endTag({ status: view.status === 'starting' ? 'running' : view.status, left: view.left });
  return (
    <section className="open" aria-label="The run of this window">
      <div className="oh">
        <h2>{view.name}</h2>
        {recording ? (
          <span className="tag">recording</span>
        ) : (
          <span className={`tag ${running && paused ? 'warn' : tag.tone}`}>
            {running && paused ? 'paused' : tag.text}
          </span>
        )}
        <span className="t2">{partWords(chair, view.self)}</span>
        <span className="oa">
          {running && chair === 'participant' && (
            <button type="button" className="btn" onClick={() => setPaused(!paused)}>
              <Icon name="pause" as="small" />
              {paused ? 'Resume' : 'Pause'}
            </button>
          )}
          {running && (
            <button type="button" className="btn" onClick={askToEndRun}>
              <Icon name="leave" as="small" />
              {chair === 'participant' ? 'Leave…' : 'Stop…'}
            </button>
          )}
          {recording && (
            <button type="button" className="btn" onClick={close}>
              <Icon name="close" as="small" />
              Close
            </button>
          )}
          {running && chair === 'coordinator' && (
            <button type="button" className="btn" onClick={() => navigate({ view: 'coordinate' })}>
              Invitation
            </button>
          )}
          <button type="button" className="btn pri" onClick={() => navigate({ view: 'rounds' })}>
            {running ? 'Go to it' : 'Look at it'} <Keys of="1" />
          </button>
        </span>
      </div>
      <Figures view={view} running={running} />
    </section>
  );
}

function Figures({ view, running }: { readonly view: RunView; readonly running: boolean }): JSX.Element {
  const accuracy = view.rounds.findLast((round) => round.accuracy !== null)?.accuracy ?? null;
  const { decided, counted } = outcomeCounts(view.contributions);
  const model = view.models.at(-1);
  const short = useShortPath();
  const { status, endReason, left } = view;
  const reason = endReasonWords({ status, reason: endReason, left }, isParticipantSeat(view));
  return (
    <div className="of">
      <span>
        {running ? 'round ' : 'rounds done '}
        <b>{roundOf(running ? view.round : view.roundsCompleted, view)}</b>
      </span>
      {decided > 0 && (
        <span>
          counted{' '}
          <b>
            {counted} of {decided}
          </b>
        </span>
      )}
      {accuracy !== null && (
        <span>
          accuracy <b>{formatPercent(accuracy)}</b>
        </span>
      )}
      {!running && reason !== '' && <span className="why">{reason}</span>}
      {!running && model !== undefined && (
        <span className="why" title={model.path}>
          model <span className="data">{short(model.path)}</span>
        </span>
      )}
    </div>
  );
}
