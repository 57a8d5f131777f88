import { useCallback, useMemo, useSyncExternalStore } from 'react';
import { toErrorReport } from '#shared/base/errors.ts';
import { spawn } from '#shared/base/spawn.ts';
import type { RecordingState, StepTo } from '#shared/contract/app/source.ts';
import { useSession, useSessionState } from '../hooks.ts';
import { navigate } from '../navigation.ts';
import type { Session } from '../session.ts';
import { createStore } from '../store.ts';
import { showError } from '../toasts.ts';

/** Which recording this tab shows, so that a reload comes back to it. No part of the address, which others could write. */
const keptKey = 'roundscope.recording';

/** The recording that this window shows; null: the run that goes on. */
export function useRecording(): RecordingState | null {
  return useSessionState(({ source }) => (source.kind === 'recording' ? source : null));
}

/** Whether this window shows a recording, which takes no commands. */
export function useShowsRecording(): boolean {
  return useSessionState(({ source }) => source.kind === 'recording');
}

/** Shows a recording in this window. @throws RoundscopeError why it cannot be opened */
export async function openRecording(session: Session, path: string): Promise<void> {
  await session.request('open_recording', { path });
  keep(path);
  navigate({ view: 'rounds', round: null, participant: null, packet: null, filter: '' });
}

/** Opens it; what goes wrong becomes a toast. */
export function useOpenRecording(): (path: string) => void {
  const session = useSession();
  return useCallback(
    (path) => {
      openRecording(session, path).catch((error: unknown) => showError(toErrorReport(error)));
    },
    [session],
  );
}

/** A window that shows a recording shows it again after a reload, or when its service was started again. */
export function keepShownRecording(session: Session): void {
  let port: object | null = null;
  session.subscribe(() => {
    const { connection, source } = session.state();
    if (connection.kind !== 'ready' || connection === port) return;
    port = connection;
    const path = kept();
    if (path === null || source.kind === 'recording') return;
    spawn(
      'opening the recording again',
      session.request('open_recording', { path }).then(
        () => undefined,
        (error: unknown) => {
          keep(null);
          showError(toErrorReport(error));
        },
      ),
    );
  });
}

export interface RecordingActions {
  readonly close: () => void;
  readonly seek: (at: number) => void;
  readonly play: (playing: boolean, speed?: number) => void;
  readonly step: (to: StepTo, forward: boolean) => void;
}

/** What can be done with a recording; what goes wrong becomes a toast. */
export function useRecordingActions(): RecordingActions {
  const session = useSession();
  return useMemo(() => {
    const told = (done: Promise<unknown>): void => {
      done.catch((error: unknown) => showError(toErrorReport(error)));
    };
    return {
      close: () => {
        keep(null);
        told(session.request('close_recording', {}));
      },
      seek: (at) => told(session.request('seek', { at })),
      play: (playing, speed) => told(session.request('play', { playing, ...(speed === undefined ? {} : { speed }) })),
      step: (to, forward) => told(session.request('step', { to, forward })),
    };
  }, [session]);
}

const asked = createStore(false);

/** Asks which recording to open; the shell shows the question over whatever view is open. */
export function askForRecording(): void {
  asked.set(true);
}

export function forgetRecordingQuestion(): void {
  asked.set(false);
}

export function useRecordingAsked(): boolean {
  return useSyncExternalStore(asked.subscribe, asked.get);
}

function kept(): string | null {
  try {
    return window.sessionStorage.getItem(keptKey);
  } catch {
    // Storage may be closed by the browser's settings: a reload then shows the run that goes on.
    return null;
  }
}

function keep(path: string | null): void {
  try {
    if (path === null) window.sessionStorage.removeItem(keptKey);
    else window.sessionStorage.setItem(keptKey, path);
  } catch {
    // As above.
  }
}
