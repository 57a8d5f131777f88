import { useCallback, useMemo } from 'react';
import { toErrorReport } from '#shared/base/errors.ts';
import type { RecentRun } from '#shared/contract/app/port-api.ts';
import { demoDefaults } from '#shared/contract/run/settings.ts';
import { changeJoin, joinDraft } from './drafts.ts';
import { useSession, useSessionState } from '../hooks.ts';
import { navigate } from '../navigation.ts';
import { preferredSelection } from '../preferences.ts';
import { busyWith, type Busy } from './run-state.ts';
import { showError } from '../toasts.ts';

/** What this app is busy with; a new object only when it is something else. */
export function useBusy(): Busy | null {
  const text = useSessionState((state) => JSON.stringify(busyWith(state)));
  return useMemo(() => JSON.parse(text) as Busy | null, [text]);
}

/** Starts the demo as it is by default and shows its rounds; what goes wrong becomes a toast. */
export function useStartDemo(): () => void {
  const session = useSession();
  return useCallback(() => {
    session.request('start_demo', { settings: { ...preferredSelection(), ...demoDefaults } }).then(
      () => navigate({ view: 'rounds', round: null, participant: null }),
      (error: unknown) => showError(toErrorReport(error)),
    );
  }, [session]);
}

/** This window's own participant pauses or goes on. */
export function useSetPaused(): (paused: boolean) => void {
  const session = useSession();
  return useCallback(
    (paused) => {
      session.request('set_paused', { paused }).catch((error: unknown) => showError(toErrorReport(error)));
    },
    [session],
  );
}

/** Opens the join form, filled in as that run was joined. */
export function joinAgain({ again }: RecentRun): void {
  if (again === null) return;
  const { invitation, data, name, mapping = [], exactCounts = false } = again;
  const chosen = Object.fromEntries(mapping.map(({ from, to }) => [from, to]));
  changeJoin({ invitation, data, name, named: true, chosen, exactCounts, opened: joinDraft().opened + 1 });
  navigate({ view: 'join' });
}
