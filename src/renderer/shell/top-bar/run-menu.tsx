import { useCallback, useEffect, useId, useMemo, useRef, useState } from 'react';
import type { JSX, KeyboardEvent, ReactNode } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { formatPercent } from '#renderer/components/words/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import type { IconName } from '#renderer/components/icon.tsx';
import { Keys } from '#renderer/components/keys.tsx';
import { againWord, endTag, formatDay, partWords } from '#renderer/components/words/run-words.ts';
import { roundOf } from '#renderer/session/run/planned.ts';
import { askToEndRun } from '#renderer/session/run/ending.ts';
import { useRequest, useRunView } from '#renderer/session/hooks.ts';
import { isPage, navigate } from '#renderer/session/navigation.ts';
import { askForRecording } from '#renderer/session/recordings/recordings.ts';
import { joinAgain, useBusy, useSetPaused, useStartDemo } from '#renderer/session/run/run-requests.ts';
import { chairOf, endWord, type Busy } from '#renderer/session/run/run-state.ts';
import { shownWithin } from '#shared/base/text/visible-text.ts';
import type { RecentRun } from '#shared/contract/app/port-api.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { runKeys } from '../commands/run-commands.ts';
import { useSaveRecording } from './save-recording.ts';
import { useShownView } from '../shown-view.ts';
import './run-menu.css';

/** The run cell of the top bar, which is also the way to everything that begins or ends a run. */
export function RunMenu(): JSX.Element {
  const [open, setOpen] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const root = useRef<HTMLDivElement>(null);
  const run = useRunView((view) => view.run);
  const name = useRunView((view) => view.name);
  const shown = useShownView();
  const id = useId();
  // Here, since the menu is gone before the answer comes.
  const { save: saveForOthers } = useSaveRecording(true);
  const close = useCallback(() => {
    setOpen(false);
    opener.current?.focus();
  }, []);
  useEffect(() => {
    if (!open) return undefined;
    const onPointerDown = (event: PointerEvent): void => {
      if (!(event.target instanceof Node) || root.current?.contains(event.target) !== true) setOpen(false);
    };
    document.addEventListener('pointerdown', onPointerDown);
    return () => document.removeEventListener('pointerdown', onPointerDown);
  }, [open]);
  return (
    <div className="rm" ref={root}>
      <button
        type="button"
        ref={opener}
        className="cell run"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        aria-current={shown !== null && isPage(shown) ? 'page' : undefined}
        title="Run menu: home, join, coordinate, demo, leave"
        onClick={() => setOpen(!open)}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown' || open) return;
          event.preventDefault();
          setOpen(true);
        }}
      >
        <span className="k">
          Run {run !== null && <span className="data">{run}</span>}
          <Icon name="chevron" as="small" />
        </span>
        <span className="v">{name === null ? <span className="t2">none open</span> : <b>{name}</b>}</span>
      </button>
      {open && <Menu id={id} close={close} saveForOthers={saveForOthers} />}
    </div>
  );
}

interface Item {
  readonly id: string;
  readonly icon: IconName;
  readonly title: string;
  readonly detail?: string;
  readonly key?: string;
  readonly end?: ReactNode;
  /** Why it cannot be done now. */
  readonly disabled?: string;
  run(): void;
}

interface Group {
  readonly title: string;
  readonly detail: string;
  readonly items: readonly Item[];
}

/** A menu of the platform's kind: arrows walk it, Escape gives the focus back, Tab leaves it. */
function Menu({
  id,
  close,
  saveForOthers,
}: {
  readonly id: string;
  readonly close: () => void;
  readonly saveForOthers: () => void;
}): JSX.Element {
  const groups = [useThisRun(saveForOthers), useAnotherRun(), useRecent()].filter(({ items }) => items.length > 0);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => items(list.current)[0]?.focus(), []);
  const onKeyDown = (event: KeyboardEvent): void => {
    const all = items(list.current);
    const place = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: place + 1, ArrowUp: place - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) all[to % all.length]?.focus();
    else if (event.key === 'Escape') close();
    else if (event.key === 'Tab') return close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="menu" role="menu" id={id} aria-label="Run menu" ref={list} tabIndex={-1} onKeyDown={onKeyDown}>
      {groups.map(({ title, detail, items: members }) => (
        <div role="group" aria-label={title} key={title}>
          <div className="menu-h" aria-hidden="true">
            {title} <span className="end">{detail}</span>
          </div>
          {members.map((item) => (
            <button
              type="button"
              role="menuitem"
              key={item.id}
              className="mi"
              tabIndex={-1}
              aria-disabled={item.disabled !== undefined}
              onClick={() => {
                if (item.disabled !== undefined) return;
                close();
                item.run();
              }}
            >
              <Icon name={item.icon} />
              <span>
                {item.title}{' '}
                {(item.disabled ?? item.detail) !== undefined && (
                  <span className="d">{item.disabled ?? item.detail}</span>
                )}
              </span>
              <span>{item.end ?? (item.key !== undefined && <Keys of={item.key} />)}</span>
            </button>
          ))}
        </div>
      ))}
    </div>
  );
}

function items(menu: HTMLElement | null): HTMLElement[] {
  return [...(menu?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? [])];
}

const whole = (view: RunView): RunView => view;

function useThisRun(saveForOthers: () => void): Group {
  const view = useRunView(whole);
  const busy = useBusy();
  const setPaused = useSetPaused();
  const home: Item = {
    id: 'home',
    icon: 'home',
    title: 'Home',
    detail: 'all runs, this machine',
    key: runKeys.home,
    run: () => navigate({ view: 'home' }),
  };
  if (view === null) return { title: 'No run is open', detail: '', items: [home] };
  const chair = chairOf(view);
  const running = busy?.kind === 'run';
  const paused = view.participants.find((one) => one.id === view.self)?.paused != null;
  return {
    title: running ? 'This run' : busy?.kind === 'recording' ? 'This recording' : 'The last run',
    detail:
      running || busy?.kind === 'recording'
        ? partWords(chair, view.self)
        : `${partWords(chair, view.self)}, ${endTag({ status: lastStatus(view), left: view.left }).text}`,
    items: [
      home,
      {
        id: 'rounds',
        icon: 'rounds',
        title: running ? 'Go to it' : 'Look at it',
        detail: view.round === 0 ? '' : `round ${roundOf(view.round, view)}`,
        key: '1',
        run: () => navigate({ view: 'rounds' }),
      },
      ...(chair === 'participant' ? [leavesItem] : []),
      ...(running && chair === 'coordinator'
        ? [
            {
              id: 'invitation',
              icon: 'key',
              title: 'Invitation',
              detail: 'and who has arrived',
              key: runKeys.coordinate,
              run: () => navigate({ view: 'coordinate' }),
            } as const,
          ]
        : []),
      ...(running && chair === 'participant'
        ? [
            {
              id: 'pause',
              icon: 'pause',
              title: paused ? 'Resume' : 'Pause',
              detail: paused ? 'takes part again' : 'finishes the step, keeps the session',
              run: () => setPaused(!paused),
            } as const,
          ]
        : []),
      ...(busy?.kind === 'recording' ? [] : [saveItem(saveForOthers)]),
      ...(busy === null ? [] : [endItem(busy)]),
    ],
  };
}

const leavesItem: Item = {
  id: 'leaves',
  icon: 'up',
  title: 'What leaves this machine',
  detail: 'counted from what was sent',
  key: runKeys.leaves,
  run: () => navigate({ view: 'leaves' }),
};

function endItem(busy: Busy): Item {
  const words =
    busy.kind === 'recording' ? { title: 'Close the recording' } : { title: `${endWord(busy)}…`, detail: 'asks first' };
  return { id: 'end', icon: 'leave', ...words, run: askToEndRun };
}

function saveItem(save: () => void): Item {
  return {
    id: 'save-for-others',
    icon: 'save',
    title: 'Save for others',
    detail: 'no bodies, addresses, class names',
    run: save,
  };
}

function lastStatus(view: RunView): RecentRun['status'] {
  return view.status === 'starting' ? 'running' : view.status;
}

function useAnotherRun(): Group {
  const busy = useBusy();
  const startDemo = useStartDemo();
  const coordinating = busy?.kind === 'run' && busy.chair === 'coordinator';
  return {
    title: busy === null ? 'Begin a run' : 'Another run',
    detail: busy === null ? '' : 'one at a time',
    items: [
      {
        id: 'join',
        icon: 'link',
        title: 'Join…',
        detail: 'paste an invitation',
        key: runKeys.join,
        run: () => navigate({ view: 'join' }),
      },
      ...(coordinating
        ? []
        : [
            {
              id: 'coordinate',
              icon: 'coordinate',
              title: 'Coordinate…',
              detail: 'others join by an invitation',
              key: runKeys.coordinate,
              run: () => navigate({ view: 'coordinate' }),
            } as const,
          ]),
      {
        id: 'open-recording',
        icon: 'file',
        title: 'Open a recording…',
        detail: 'of an earlier run',
        key: runKeys.open,
        run: askForRecording,
      },
      {
        id: 'demo',
        icon: 'demo',
        title: 'Start the demo',
        ...(busy === null
          ? { detail: 'on this machine, offline', key: runKeys.demo }
          : { disabled: `${endWord(busy).toLowerCase()} what runs first` }),
        run: startDemo,
      },
    ],
  };
}

const recentShownMax = 3;

function useRecent(): Group {
  const { state, send } = useRequest('recent_runs');
  useEffect(() => spawn('asking for earlier runs', send({})), [send]);
  return useMemo(() => {
    const runs = state.kind === 'done' ? state.value.runs.filter((run) => run.status !== 'running') : [];
    const more = runs.length - recentShownMax;
    return {
      title: 'Recent',
      detail: more > 0 ? `${more} more at Home` : '',
      items: runs.slice(0, recentShownMax).map(recentItem),
    };
  }, [state]);
}

function recentItem(run: RecentRun): Item {
  const again = run.again !== null;
  return {
    id: `recent-${run.run}-${run.startedAt}`,
    icon: again ? 'redial' : endTag(run).tone === 'ok' ? 'check' : 'close',
    title: shownWithin(run.name),
    detail: `${endTag(run).text}, ${formatDay(run.startedAt, Date.now())}`,
    end: (
      <span className="t3">
        {again ? againWord(run).toLowerCase() : run.accuracy === null ? '' : formatPercent(run.accuracy)}
      </span>
    ),
    run: () => (again ? joinAgain(run) : navigate({ view: 'home' })),
  };
}
