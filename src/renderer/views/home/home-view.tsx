import { useMemo } from 'react';
import type { JSX } from 'react';
import { useCommands } from '#renderer/session/commands.ts';
import type { Command } from '#renderer/session/commands.ts';
import { useRunView, useSessionState } from '#renderer/session/hooks.ts';
import { navigate } from '#renderer/session/navigation.ts';
import { useShortPath } from '#renderer/session/recordings/use-short-path.ts';
import { useBusy, useStartDemo } from '#renderer/session/run/run-requests.ts';
import { CurrentRun } from './current-run.tsx';
import { HowToRead } from './how-to-read.tsx';
import { MachineCheck } from './machine-check.tsx';
import { RecentRuns } from './recent-runs.tsx';
import { Ways } from './ways.tsx';
import './home.css';

/** Where every run begins: the one that is open, the ways to begin another, those that were, and this machine. */
export function HomeView(): JSX.Element {
  const hasRun = useRunView(() => true) ?? false;
  useHomeCommands();
  return (
    <main className="home">
      <section className="panel first" aria-label="Home">
        <div className="in">
          {hasRun ? (
            <CurrentRun />
          ) : (
            <div>
              <h2 className="big">No run is open</h2>
              <p className="lead">Start the demo to see one, or join one with your own data.</p>
            </div>
          )}
          <Ways />
          <MachineCheck />
        </div>
      </section>
      <RecentRuns after={hasRun ? null : <HowToRead />}>
        <Stored />
      </RecentRuns>
    </main>
  );
}

function Stored(): JSX.Element {
  const dataFolder = useSessionState((session) => session.app?.dataFolder ?? '');
  const short = useShortPath();
  return (
    <p className="folder t2" title={dataFolder}>
      Recordings of every run and the models of your runs are stored in{' '}
      <span className="data">{short(dataFolder)}</span>
    </p>
  );
}

const section = 'Home';

/** On this page single letters begin things. */
function useHomeCommands(): void {
  const startDemo = useStartDemo();
  const free = useBusy() === null;
  const hasRun = useRunView(() => true) ?? false;
  useCommands(
    useMemo((): Command[] => {
      const key = (id: string, title: string, letter: string, run: () => void): Command => ({
        id,
        section,
        group: 'go',
        title,
        key: letter,
        hidden: true,
        run,
      });
      const off = free ? {} : { disabled: 'a run is going on' };
      return [
        key('home-join', 'Join a run', 'j', () => navigate({ view: 'join' })),
        key('home-coordinate', 'Coordinate a run', 'c', () => navigate({ view: 'coordinate' })),
        { ...key('home-demo', 'Start the demo', 'd', startDemo), ...off },
        hasRun
          ? key('home-go', 'Go to the run', 'Enter', () => navigate({ view: 'rounds' }))
          : { ...key('home-start', 'Start the demo', 'Enter', startDemo), ...off },
      ];
    }, [startDemo, free, hasRun]),
  );
}
