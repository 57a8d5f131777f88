import { useEffect, useMemo, useState } from 'react';
import type { JSX } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { formatSeconds } from '#renderer/components/words/format.ts';
import { Choice } from '#renderer/components/forms/choice.tsx';
import { Icon } from '#renderer/components/icon.tsx';
import { roundOf, roundsToDraw } from '#renderer/session/run/planned.ts';
import { useCommands } from '#renderer/session/commands.ts';
import type { Command } from '#renderer/session/commands.ts';
import { useNow, useRequest, useRunView } from '#renderer/session/hooks.ts';
import { paceOf } from '#renderer/session/run/pace.ts';
import { chairOf } from '#renderer/session/run/run-state.ts';
import { preferredSelection } from '#renderer/session/preferences.ts';
import { showError } from '#renderer/session/toasts.ts';
import { untilStopped, type DemoSettings } from '#shared/contract/run/settings.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { changeDraft, faultsOf, useDraft } from './demo-draft.ts';
import { FaultTable } from './faults/fault-table.tsx';
import { NoDemo } from './no-demo.tsx';
import { ComparePanel } from './compare-panel.tsx';
import { ProcessTable } from './process-table.tsx';
import { SetupForm } from './setup-form.tsx';
import './demo.css';

/** A whole federation on this machine: set it up, start it, break it on cue. */
export function DemoView(): JSX.Element {
  const elsewhere = useRunView((view) => view.endedAt === null && chairOf(view) !== 'demo') ?? false;
  return elsewhere ? <NoDemo /> : <Demo />;
}

function Demo(): JSX.Element {
  // A run that was joined or coordinated says nothing about the pace or the settings of a demo.
  const view = useRunView((whole) => (chairOf(whole) === 'demo' ? whole : null));
  const settings = useDraft(view?.demo ?? null);
  const running = view !== null && view.endedAt === null;
  const { start, pending } = useStart(settings, running);
  const [below, setBelow] = useState<'processes' | 'compare'>('processes');
  const choice = (
    <Choice
      label="What this panel shows"
      value={below}
      options={[
        { value: 'processes', name: 'Processes' },
        { value: 'compare', name: 'Compare' },
      ]}
      onChange={setBelow}
    />
  );
  return (
    <main className="demo">
      <section className="panel p-set" aria-label="Set-up">
        <div className="ph">
          <h2>Demo</h2>
          <span className="sub">
            a coordinator and {settings.participants} {settings.participants === 1 ? 'participant' : 'participants'},
            one process each
          </span>
        </div>
        <div className="in">
          {running ? (
            <RunningBox view={view} />
          ) : (
            <StartButton settings={settings} last={view} pending={pending} onStart={start} />
          )}
          <SetupForm settings={settings} running={running} onChange={changeDraft} />
        </div>
      </section>
      <FaultTable view={running ? view : null} settings={settings} onChange={changeDraft} />
      {below === 'compare' ? (
        <ComparePanel settings={settings} running={running} end={choice} />
      ) : (
        <ProcessTable view={view} end={choice} />
      )}
    </main>
  );
}

const section = 'Demo';

function useStart(settings: DemoSettings, running: boolean): { readonly start: () => void; readonly pending: boolean } {
  const { state, send } = useRequest('start_demo');
  useEffect(() => {
    // Who has stopped it knows.
    if (state.kind === 'failed' && state.error.code !== 'aborted') showError(state.error);
  }, [state]);
  const faulty = faultsOf(settings).size > 0;
  const commands = useMemo(
    (): Command[] => [
      {
        id: 'start-demo',
        section,
        group: 'do',
        title: 'Start the demo',
        icon: 'demo',
        key: 'Enter',
        ...(running ? { disabled: 'a run is going on' } : faulty ? { disabled: 'a setting is not valid' } : {}),
        run: () => spawn('starting the demo', send({ settings: { ...preferredSelection(), ...settings } })),
      },
    ],
    [settings, running, faulty, send],
  );
  useCommands(commands);
  return {
    start: () => spawn('starting the demo', send({ settings: { ...preferredSelection(), ...settings } })),
    pending: state.kind === 'pending',
  };
}

interface StartButtonProps {
  readonly settings: DemoSettings;
  readonly last: RunView | null;
  readonly pending: boolean;
  readonly onStart: () => void;
}

function StartButton({ settings, last, pending, onStart }: StartButtonProps): JSX.Element {
  const faults = faultsOf(settings);
  const [fault] = faults;
  const roundMs = last === null ? null : paceOf(last.rounds).roundMs;
  const detail = fault === undefined ? lengthWords(settings, roundMs) : `${fault[0]}: ${fault[1]}`;
  return (
    <button type="button" className="start" disabled={pending || fault !== undefined} onClick={onStart}>
      <Icon name="demo" as="filled" />
      <span>
        <b>{pending ? 'Starting' : last === null ? 'Start' : 'Start again'}</b>
        <span>{detail}</span>
      </span>
      <span className="key" aria-hidden="true">
        Enter
      </span>
    </button>
  );
}

/** How long it will take: by the pace that is set, else by that of the last run. */
function lengthWords({ rounds, paceMs }: DemoSettings, lastRoundMs: number | null): string {
  const pace = paceMs > 0 ? `about ${formatSeconds(paceMs)} a round` : 'as fast as this machine';
  if (rounds === untilStopped) return `until stopped, ${pace}`;
  const roundMs = paceMs > 0 ? paceMs : lastRoundMs;
  const whole = roundMs === null ? '' : `, about ${formatSeconds(rounds * roundMs)} in all`;
  return `${rounds} ${rounds === 1 ? 'round' : 'rounds'}, ${pace}${whole}`;
}

function RunningBox({ view }: { readonly view: RunView }): JSX.Element {
  const now = useNow(1000);
  const { state, send } = useRequest('stop_run');
  useEffect(() => {
    if (state.kind === 'failed') showError(state.error);
  }, [state]);
  const commands = useMemo(
    (): Command[] => [
      {
        id: 'stop-demo',
        section,
        group: 'do',
        title: 'Stop the run',
        icon: 'close',
        key: 'Shift+S',
        changesRun: true,
        run: () => spawn('stopping the run', send({})),
      },
    ],
    [send],
  );
  useCommands(commands);
  const done = view.rounds.filter((round) => round.state === 'done').length;
  return (
    <div className="run-b">
      <span>
        <b>{view.round === 0 ? 'Starting' : `Running, round ${roundOf(view.round, view)}`}</b>{' '}
        <span className="t2 nw">{formatSeconds(now - view.startedAt)}</span>
      </span>
      <button
        type="button"
        className="btn"
        disabled={state.kind === 'pending'}
        onClick={() => spawn('stopping the run', send({}))}
      >
        <Icon name="close" />
        Stop{' '}
        <span className="key" aria-hidden="true">
          Shift S
        </span>
      </button>
      <div
        className="pb"
        role="progressbar"
        aria-label="Rounds done"
        aria-valuemin={0}
        aria-valuemax={roundsToDraw(view)}
        aria-valuenow={done}
      >
        {view.roundsPlanned <= 40 ? (
          // Rounds are their number.
          Array.from({ length: view.roundsPlanned }, (_, i) => (
            <i key={i} className={i < done ? 'd' : i === done ? 'c' : ''} />
          ))
        ) : (
          <>
            <i className="d" style={{ flexGrow: done }} />
            <i style={{ flexGrow: Math.max(0, roundsToDraw(view) - done) }} />
          </>
        )}
      </div>
    </div>
  );
}
