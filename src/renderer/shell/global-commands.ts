import { useMemo } from 'react';
import { useCommands } from '#renderer/session/commands.ts';
import type { Command } from '#renderer/session/commands.ts';
import { useRunView } from '#renderer/session/hooks.ts';
import { navigate, viewIds } from '#renderer/session/navigation.ts';
import { setPreferences } from '#renderer/session/preferences.ts';
import { openVerdicts } from '#renderer/session/verdicts.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { useSaveRecording } from './save-recording.ts';
import { copyReport } from './status-slot.tsx';
import { views } from './views.tsx';

/** Commands that work everywhere. */
export function useGlobalCommands(open: { readonly openPalette: () => void; readonly openKeys: () => void }): void {
  const { openPalette, openKeys } = open;
  const save = useSaveRecording();
  const view = useRunView((whole) => whole);
  const noRun = view === null ? { disabled: 'no run is open' } : {};
  useCommands(useMemo(() => goCommands(), []));
  useCommands(useMemo(() => overlayCommands(openPalette, openKeys), [openPalette, openKeys]));
  const hasRun = view !== null;
  const saveNow = save.save;
  useCommands(
    useMemo(
      () => [
        {
          id: 'save',
          group: 'do',
          title: 'Save last 10 minutes',
          detail: 'a copy of the recording',
          icon: 'save',
          key: 'Ctrl+s',
          ...(hasRun ? {} : noRunReason),
          run: saveNow,
        },
      ],
      [saveNow, hasRun],
    ),
  );
  const verdictKey =
    view === null
      ? ''
      : openVerdicts(view)
          .map((verdict) => verdict.verdict)
          .join();
  useCommands(useMemo(() => verdictCommands(view, noRun.disabled), [verdictKey]));
  const names = view === null ? '' : view.participants.map((participant) => participant.id).join(' ');
  useCommands(useMemo(() => participantCommands(names), [names]));
}

const noRunReason = { disabled: 'no run is open' } as const;

function goCommands(): Command[] {
  return viewIds.map((id, index) => ({
    id: `go-${id}`,
    group: 'go',
    title: views[id].title,
    icon: views[id].icon,
    key: String(index + 1),
    run: () => navigate({ view: id }),
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
      run: () => navigate({ view: 'packets' }),
    },
  ];
}

function verdictCommands(view: RunView | null, reason: string | undefined): Command[] {
  const verdict = view === null ? undefined : openVerdicts(view)[0];
  const off = verdict === undefined ? { disabled: reason ?? 'there is no verdict' } : {};
  return [
    {
      id: 'evidence',
      group: 'go',
      title: 'Show evidence',
      icon: 'diagnosis',
      key: 'e',
      ...off,
      run: () => navigate({ view: 'diagnosis' }),
    },
    {
      id: 'copy-report',
      group: 'do',
      title: 'Copy report of the verdict',
      icon: 'copy',
      ...off,
      run: () => {
        if (view !== null && verdict !== undefined) void copyReport(view, verdict);
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
