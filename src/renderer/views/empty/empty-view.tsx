import { useEffect, useMemo } from 'react';
import type { JSX } from 'react';
import { Icon } from '#renderer/components/icon.tsx';
import { Keys } from '#renderer/components/keys.tsx';
import { useCommands } from '#renderer/session/commands.ts';
import { useRequest, useSessionState } from '#renderer/session/hooks.ts';
import { navigate } from '#renderer/session/navigation.ts';
import { showError } from '#renderer/session/toasts.ts';
import { demoDefaults } from '#shared/contract/settings.ts';
import { JoinForm } from './join-form.tsx';
import { MachineCheck } from './machine-check.tsx';
import './empty.css';

/** Before the first run: what to do next, and what works here. */
export function EmptyView(): JSX.Element {
  const { state, send } = useRequest('start_demo');
  const dataFolder = useSessionState((session) => session.app?.dataFolder ?? '');
  useEffect(() => {
    if (state.kind === 'failed') showError(state.error);
  }, [state]);
  useCommands(
    useMemo(
      () => [
        {
          id: 'start-demo',
          group: 'do',
          title: 'Start the demo',
          icon: 'demo',
          key: 'Enter',
          run: () => void send({ settings: demoDefaults }),
        },
      ],
      [send],
    ),
  );
  const pending = state.kind === 'pending';
  return (
    <main className="empty">
      <section className="panel first" aria-label="First start">
        <div className="in">
          <div>
            <h2 className="big">No run yet</h2>
            <p className="lead">Start the demo to see one, or join one.</p>
          </div>
          <button
            type="button"
            className="start"
            disabled={pending}
            onClick={() => void send({ settings: demoDefaults })}
          >
            <Icon name="demo" as="filled" />
            <span>
              <b>{pending ? 'Starting' : 'Start the demo'}</b>
              <span className="s">
                A coordinator and {demoDefaults.participants} participants on this machine, offline. First round in a
                few seconds.
              </span>
            </span>
            <Keys of="Enter" />
          </button>
          <div className="ways">
            <SetUpWay />
            <JoinForm />
          </div>
          <HowToRead />
        </div>
      </section>
      <section className="panel" aria-label="This machine">
        <MachineCheck />
        <div className="ph lv">
          <h2>Recordings</h2>
          <span className="sub">every run is recorded</span>
        </div>
        <p className="folder">
          They lie in <span className="data">{dataFolder}</span>
        </p>
        <ShortKeys />
      </section>
    </main>
  );
}

function SetUpWay(): JSX.Element {
  return (
    <div className="way">
      <Icon name="settings" />
      <div>
        <b>Set up the demo</b>
        <small>Transport, participants, data skew, faults on cue</small>
      </div>
      <div className="t2 w-lg">Every setting, with the split of the data drawn before the start.</div>
      <button type="button" className="btn m" onClick={() => navigate({ view: 'demo' })}>
        Set up <Keys of="6" />
      </button>
    </div>
  );
}

const lane = [
  ['receive', 0, 9, 'receive', 'model in'],
  ['train', 9, 38, 'train 64 / 64', 'gradient steps, batch by batch'],
  ['send', 47, 11, 'send', 'model out'],
  ['wait', 58, 15, '8.2 s', 'dots: waits for others'],
  ['evaluate', 73, 9, 'evaluate', 'score'],
  ['stalled', 83, 17, 'stalled 26 s', 'hatched: something is wrong'],
] as const;

function HowToRead(): JSX.Element {
  return (
    <div className="read">
      <h2 className="small">How to read a lane</h2>
      <div className="demo-lane" aria-hidden="true">
        {lane.map(([kind, left, width, label]) => (
          <div key={kind} className={`sg ${kind}`} style={{ left: `${left}%`, width: `${width}%` }}>
            <span className="l">{label}</span>
          </div>
        ))}
      </div>
      <div className="caps">
        {lane.map(([kind, left, width, , caption]) => (
          <span key={kind} style={{ left: `${left}%`, width: `${width}%` }}>
            {caption}
          </span>
        ))}
      </div>
    </div>
  );
}

const keys = [
  ['Switch views', '1'],
  ['Everything by name', 'Ctrl+K'],
  ['Filter packets', '/'],
  ['Follow the run', 'F'],
  ['Move', 'J'],
  ['All shortcuts', '?'],
] as const;

function ShortKeys(): JSX.Element {
  return (
    <div className="keys">
      {keys.map(([name, key]) => (
        <span key={name}>
          {name}{' '}
          <i>
            <Keys of={key} />
            {key === '1' && (
              <>
                –<Keys of="7" />
              </>
            )}
            {key === 'J' && <Keys of="K" />}
          </i>
        </span>
      ))}
    </div>
  );
}
