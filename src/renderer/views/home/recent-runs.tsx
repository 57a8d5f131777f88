import { useEffect, useMemo, useState } from 'react';
import type { JSX, ReactNode } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { Icon } from '#renderer/components/icon.tsx';
import { Keys } from '#renderer/components/keys.tsx';
import { formatPercent } from '#renderer/components/words/format.ts';
import { againWord, endTag, formatDay, partWords } from '#renderer/components/words/run-words.ts';
import { useLiveFigures, type LiveFigures } from '#renderer/session/run/live-figures.ts';
import { roundsDone } from '#renderer/session/run/planned.ts';
import { useRequest, useRunView, useWallNow } from '#renderer/session/hooks.ts';
import { navigate } from '#renderer/session/navigation.ts';
import { useOpenRecording } from '#renderer/session/recordings/recordings.ts';
import { joinAgain } from '#renderer/session/run/run-requests.ts';
import { shownWithin } from '#shared/base/text/visible-text.ts';
import type { RecentRun } from '#shared/contract/app/port-api.ts';
import { endReasonWords } from '#shared/run-view/end-words.ts';

/** A run of the list that has run its course changes no more, so it is asked for when this window's run begins or ends. */
export function RecentRuns({
  after,
  children,
}: {
  /** Shown under the list, above the foot. */
  readonly after: ReactNode;
  readonly children: ReactNode;
}): JSX.Element {
  const { state, send } = useRequest('recent_runs');
  const changed = useRunView((view) => `${view.run} ${view.endedAt ?? ''}`);
  useEffect(() => spawn('asking for earlier runs', send({})), [send, changed]);
  const [wanted, setWanted] = useState('');
  const live = useLiveFigures();
  const runs = useMemo(
    () => (state.kind === 'done' ? state.value.runs : noRuns).map((run) => withLive(run, live)),
    [state, live],
  );
  const found = useMemo(() => runs.filter((run) => matches(run, wanted)), [runs, wanted]);
  return (
    <section className="panel p-recent" aria-label="Recent runs">
      <div className="ph">
        <h2>Recent runs</h2>
        <span className="sub" role="status">
          {state.kind === 'done' && runs.length > 0 && <CountWords all={runs.length} found={found.length} />}
        </span>
        <div className="end">
          <button type="button" className="btn" onClick={() => navigate({ view: 'runs' })}>
            <Icon name="runs" as="small" />
            All recordings <Keys of="0" />
          </button>
          {runs.length > 0 && (
            <input
              type="search"
              className="inp"
              aria-label="Find a run"
              placeholder="Find a run"
              value={wanted}
              onChange={(event) => setWanted(event.target.value)}
            />
          )}
        </div>
      </div>
      {state.kind === 'failed' && <ErrorCard error={state.error} />}
      {state.kind === 'done' && runs.length === 0 && (
        <p className="none">
          No run has been made on this machine yet. Runs that you join, coordinate or demonstrate are listed here, with
          what joining them again takes.
        </p>
      )}
      {found.length > 0 && <RunTable runs={found} />}
      {runs.length > 0 && found.length === 0 && <p className="none">No run of that name. Clear the search field.</p>}
      {after}
      {children}
    </section>
  );
}

const noRuns: readonly RecentRun[] = [];

/** The list is written when a run begins and when it is over; in between, and just after, this window knows more. */
function withLive(run: RecentRun, live: LiveFigures | null): RecentRun {
  return run.status === 'running' && live?.run === run.run ? { ...run, ...live } : run;
}

function roundsWords({ roundsCompleted, roundsPlanned }: RecentRun): string {
  return roundsCompleted === null || roundsPlanned === null
    ? 'unknown'
    : roundsDone(roundsCompleted, { roundsPlanned });
}

function CountWords({ all, found }: { readonly all: number; readonly found: number }): JSX.Element {
  if (found !== all) return <>{`${found} of ${all}`}</>;
  return (
    <>
      {all}
      <span className="opt">, kept on this machine</span>
    </>
  );
}

function matches(run: RecentRun, wanted: string): boolean {
  const text = `${run.name} ${run.run} ${partWords(run.chair, run.self)} ${endTag(run).text}`.toLowerCase();
  return text.includes(wanted.trim().toLowerCase());
}

function RunTable({ runs }: { readonly runs: readonly RecentRun[] }): JSX.Element {
  const now = useWallNow(60_000);
  return (
    // Its rows hold buttons only here and there, so the keyboard scrolls the table itself.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="scroll" tabIndex={0} role="group" aria-label="Runs of this machine">
      <table className="rr">
        <thead>
          <tr>
            <th>Run</th>
            <th>Part taken</th>
            <th>How it ended</th>
            <th className="num w-lg w-proj">Rounds</th>
            <th className="num">Accuracy</th>
            <th>
              <span className="vh">Again</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <Row key={`${run.run} ${run.startedAt}`} run={run} now={now} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ run: kept, now }: { readonly run: RecentRun; readonly now: number }): JSX.Element {
  const run = useMemo(() => shownWithin(kept), [kept]);
  const open = useOpenRecording();
  const path = kept.recording;
  const tag = endTag(run);
  const reason = endReasonWords(run, run.chair === 'participant');
  return (
    <tr>
      <td className="two-l" title={run.name}>
        {path === null ? (
          <b>{run.name}</b>
        ) : (
          <button type="button" className="lnk" title="Open its recording" onClick={() => open(path)}>
            {run.name}
          </button>
        )}
        <small className="data">{run.run}</small>
      </td>
      <td className="two-l">
        {partWords(run.chair, run.self)}
        <small>{formatDay(run.startedAt, now)}</small>
      </td>
      <td className="two-l stc" title={reason}>
        <span className={`tag ${tag.tone}`}>{tag.text}</span>
        {run.status !== 'completed' && reason !== '' && <small>{reason}</small>}
      </td>
      <td className="num w-lg w-proj">{roundsWords(run)}</td>
      <td className="num">{run.accuracy === null ? '–' : formatPercent(run.accuracy)}</td>
      <td className="num">
        {run.again !== null && run.status !== 'completed' && (
          <button
            type="button"
            className="btn sm"
            aria-label={`${againWord(run)}: ${run.name}`}
            onClick={() => joinAgain(kept)}
          >
            {againWord(run)}
          </button>
        )}
      </td>
    </tr>
  );
}
