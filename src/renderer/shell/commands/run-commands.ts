import { useMemo } from 'react';
import { useCommands } from '#renderer/session/commands.ts';
import type { Command } from '#renderer/session/commands.ts';
import { askToEndRun } from '#renderer/session/run/ending.ts';
import { useRunView } from '#renderer/session/hooks.ts';
import { navigate, usePlace } from '#renderer/session/navigation.ts';
import { askForRecording } from '#renderer/session/recordings/recordings.ts';
import { useBusy, useSetPaused, useStartDemo } from '#renderer/session/run/run-requests.ts';
import { isParticipantSeat } from '#shared/run-view/seat.ts';
import { endWord } from '#renderer/session/run/run-state.ts';
import type { Busy } from '#renderer/session/run/run-state.ts';

/** The same keys in the run menu, the palette and the shortcut sheet. */
export const runKeys = {
  home: 'Shift+H',
  join: 'Shift+J',
  coordinate: 'Shift+C',
  leaves: 'Shift+L',
  demo: 'Shift+G',
  end: 'Shift+S',
  open: 'Ctrl+o',
};

/** Everything that begins or ends a run, reachable at any time. */
export function useRunCommands(): void {
  const busy = useBusy();
  const startDemo = useStartDemo();
  // The Demo view has commands of its own for its settings and its run.
  const inDemo = usePlace().view === 'demo';
  const takesPart = useRunView(isParticipantSeat) ?? false;
  useCommands(useMemo(() => [...placeCommands(busy), ...(takesPart ? [leavesCommand] : [])], [busy, takesPart]));
  useCommands(
    useMemo(
      () => [...(inDemo ? [] : [demoCommand(busy, startDemo)]), ...endCommands(busy, inDemo)],
      [busy, startDemo, inDemo],
    ),
  );
  usePauseCommand(busy);
}

function placeCommands(busy: Busy | null): Command[] {
  const coordinating = busy?.kind === 'run' && busy.chair === 'coordinator';
  return [
    {
      id: 'go-home',
      group: 'go',
      title: 'Home',
      detail: 'all runs, this machine',
      icon: 'home',
      key: runKeys.home,
      run: () => navigate({ view: 'home' }),
    },
    {
      id: 'go-join',
      group: 'go',
      title: 'Join a run',
      detail: 'by an invitation',
      icon: 'link',
      key: runKeys.join,
      run: () => navigate({ view: 'join' }),
    },
    {
      id: 'open-recording',
      group: 'go',
      title: 'Open a recording…',
      detail: 'of an earlier run',
      icon: 'file',
      key: runKeys.open,
      run: askForRecording,
    },
    {
      id: 'go-coordinate',
      group: 'go',
      title: coordinating ? 'Invitation and arrivals' : 'Coordinate a run',
      detail: coordinating ? 'of the run that is coordinated here' : 'others join by an invitation',
      icon: coordinating ? 'key' : 'coordinate',
      key: runKeys.coordinate,
      run: () => navigate({ view: 'coordinate' }),
    },
  ];
}

const leavesCommand: Command = {
  id: 'go-leaves',
  group: 'go',
  title: 'What leaves this machine',
  detail: 'counted from what was sent',
  icon: 'up',
  key: runKeys.leaves,
  run: () => navigate({ view: 'leaves' }),
};

function demoCommand(busy: Busy | null, startDemo: () => void): Command {
  return {
    id: 'start-demo-now',
    group: 'do',
    title: 'Start the demo',
    icon: 'demo',
    key: runKeys.demo,
    ...(busy === null ? {} : { disabled: `${endWord(busy).toLowerCase()} what runs first` }),
    run: startDemo,
  };
}

function endCommands(busy: Busy | null, inDemo: boolean): Command[] {
  if (busy === null || busy.kind === 'recording' || (inDemo && busy.kind === 'run' && busy.chair === 'demo')) return [];
  const what = busy.kind === 'comparison' ? 'the comparison' : busy.chair === 'demo' ? 'the demo' : busy.name;
  return [
    {
      id: 'end-run',
      group: 'do',
      title: `${endWord(busy)} ${what}…`,
      icon: 'leave',
      key: runKeys.end,
      changesRun: true,
      run: askToEndRun,
    },
  ];
}

function usePauseCommand(busy: Busy | null): void {
  const setPaused = useSetPaused();
  const paused = useRunView((view) => view.participants.find((one) => one.id === view.self)?.paused != null) ?? false;
  const takesPart = busy?.kind === 'run' && busy.chair === 'participant';
  useCommands(
    useMemo(
      (): Command[] =>
        takesPart
          ? [
              {
                id: 'pause-run',
                group: 'do',
                title: paused ? 'Resume taking part' : 'Pause taking part',
                detail: paused ? '' : 'finishes the step, keeps the session',
                icon: 'pause',
                changesRun: true,
                run: () => setPaused(!paused),
              },
            ]
          : [],
      [takesPart, paused, setPaused],
    ),
  );
}

/** Rounds that the palette offers by number; older ones are in the list of Rounds. */
const roundsOffered = 200;

export function useRoundCommands(): void {
  const last = useRunView((view) => view.rounds.at(-1)?.round ?? 0) ?? 0;
  useCommands(
    useMemo(
      () =>
        Array.from({ length: Math.min(last, roundsOffered) }, (_, i): Command => {
          const round = last - i;
          return {
            id: `round-${round}`,
            group: 'go',
            title: `Round ${round}`,
            detail: 'opened beside the lanes',
            icon: 'rounds',
            run: () => navigate({ view: 'rounds', round }),
          };
        }),
      [last],
    ),
  );
}
