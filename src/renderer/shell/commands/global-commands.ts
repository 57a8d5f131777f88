import { useMemo } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { useCommands } from '#renderer/session/commands.ts';
import type { Command } from '#renderer/session/commands.ts';
import { useRunView, useSession } from '#renderer/session/hooks.ts';
import { navigate, navigateWithFocus, usePlace, viewIds, wishFocus } from '#renderer/session/navigation.ts';
import { useShowsRecording } from '#renderer/session/recordings/recordings.ts';
import { setPreferences } from '#renderer/session/preferences.ts';
import { openVerdicts } from '#renderer/session/run/verdicts.ts';
import { useReplayCommands } from './replay-commands.ts';
import { useRoundCommands, useRunCommands } from './run-commands.ts';
import { useSaveRecording } from '../top-bar/save-recording.ts';
import { copyReport } from '../top-bar/status-slot.tsx';
import { views } from '../views.tsx';

/** Commands that work everywhere. */
export function useGlobalCommands(open: { readonly openPalette: () => void; readonly openKeys: () => void }): void {
  const { openPalette, openKeys } = open;
  useRunCommands();
  useReplayCommands();
  useCommands(useMemo(() => goCommands(), []));
  useCommands(useMemo(() => overlayCommands(openPalette, openKeys), [openPalette, openKeys]));
  useSaveCommand();
  useVerdictCommands();
  const names = useRunView((view) => view.participants.map((participant) => participant.id).join(' ')) ?? '';
  useCommands(useMemo(() => participantCommands(names), [names]));
  useRoundCommands();
  useExportCommand();
}

/** Of the menu of another view, which its name leads to. */
function useExportCommand(): void {
  const hasRun = useRunView(() => true) ?? false;
  const shown = usePlace().view;
  const commands = useMemo(
    (): Command[] =>
      !hasRun || shown === 'metrics'
        ? []
        : [
            {
              id: 'export-figures',
              group: 'go',
              title: 'Export figures as CSV, SVG or PNG',
              detail: 'in Metrics',
              icon: 'metrics',
              run: () => navigate({ view: 'metrics' }),
            },
          ],
    [hasRun, shown],
  );
  useCommands(commands);
}

function useSaveCommand(): void {
  const { save } = useSaveRecording();
  const { save: saveBare } = useSaveRecording(true);
  const hasRun = useRunView(() => true) ?? false;
  const recording = useShowsRecording();
  const commands = useMemo(
    (): Command[] => [
      {
        id: 'save',
        group: 'do',
        title: 'Save last 10 minutes',
        detail: 'a copy of the recording',
        icon: 'save',
        key: 'Ctrl+s',
        ...(recording ? recordingReason : hasRun ? {} : noRunReason),
        run: save,
      },
      {
        id: 'save-for-others',
        group: 'do',
        title: 'Save last 10 minutes for others',
        detail: 'without bodies, addresses and class names',
        icon: 'save',
        ...(recording ? recordingReason : hasRun ? {} : noRunReason),
        run: saveBare,
      },
    ],
    [save, saveBare, hasRun, recording],
  );
  useCommands(commands);
}

function useVerdictCommands(): void {
  const session = useSession();
  const verdict = useRunView((view) => openVerdicts(view)[0] ?? null);
  const commands = useMemo((): Command[] => {
    const off = verdict === null ? { disabled: 'there is no verdict' } : {};
    const copy = (): void => {
      const { app, view } = session.state();
      if (view !== null && verdict !== null) spawn('copying the report', copyReport(view, verdict, app));
    };
    const show = (): void => navigate({ view: 'diagnosis' });
    return [
      { id: 'evidence', group: 'go', title: 'Show evidence', icon: 'diagnosis', key: 'e', ...off, run: show },
      { id: 'copy-report', group: 'do', title: 'Copy report of the verdict', icon: 'copy', ...off, run: copy },
    ];
  }, [session, verdict]);
  useCommands(commands);
}

const recordingReason = { disabled: 'this window shows a recording, which is a file already' } as const;
const noRunReason = { disabled: 'no run is open' } as const;

function goCommands(): Command[] {
  return viewIds.map((id, index) => ({
    id: `go-${id}`,
    group: 'go',
    title: views[id].title,
    icon: views[id].icon,
    key: String(index),
    run: () => navigateWithFocus(id),
  }));
}

function overlayCommands(openPalette: () => void, openKeys: () => void): Command[] {
  const themes = [
    ['system', 'Theme of the system'],
    ['light', 'Light theme'],
    ['dark', 'Dark theme'],
    ['projector', 'Projector theme: large type, high contrast'],
  ] as const;
  return [
    { id: 'palette', group: 'do', title: 'Everything by name', key: 'Ctrl+k', hidden: true, run: openPalette },
    { id: 'keys', group: 'do', title: 'All shortcuts', icon: 'file', key: '?', run: openKeys },
    ...themes.map(([theme, title]): Command => ({
      id: `theme-${theme}`,
      group: 'do',
      title,
      icon: 'settings',
      run: () => setPreferences({ theme }),
    })),
    {
      id: 'filter',
      group: 'go',
      title: 'Filter packets',
      icon: 'search',
      key: '/',
      run: () => {
        wishFocus('packet-filter');
        navigate({ view: 'packets' });
      },
    },
  ];
}

function participantCommands(names: string): Command[] {
  const ids = names === '' ? [] : names.split(' ');
  return ids.flatMap((id): Command[] => [
    {
      id: `participant-${id}`,
      group: 'go',
      title: `${id} in Participants`,
      icon: 'participants',
      run: () => navigate({ view: 'participants', participant: id }),
    },
    ...[`participant == ${id}`, `participant == ${id} && kind == model_update`, `participant == ${id} && gap > 5s`].map(
      (filter): Command => ({
        id: `filter-${filter}`,
        group: 'filter',
        title: filter,
        icon: 'search',
        run: () => navigate({ view: 'packets', filter }),
      }),
    ),
  ]);
}
