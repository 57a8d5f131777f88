import { useCallback } from 'react';
import { toErrorReport } from '#shared/base/errors.ts';
import type { FileKind } from '#shared/contract/app/file-kinds.ts';
import type { PortAnswers } from '#shared/contract/app/port-api.ts';
import { useSession, useSessionState } from '../hooks.ts';
import { showError } from '../toasts.ts';

/** Data that comes with the app, where a path is asked for. */
export const bundled = { text: 'digits', means: 'the handwritten digits that come with Roundscope' } as const;

/** Folders of this machine: completion of what is typed, and the system's own dialog where there is one. */
export function useFolders(
  title: string,
  onChosen: (path: string) => void,
  /** Files of this kind as well as the folders that lead to them. */
  files?: FileKind,
): {
  readonly complete: (path: string) => Promise<PortAnswers['complete_path'] | null>;
  readonly choose: (() => void) | undefined;
} {
  const session = useSession();
  const canChoose = useSessionState((state) => state.app?.canChooseFolder ?? false);
  const complete = useCallback(
    async (path: string) => {
      try {
        return await session.request('complete_path', { path, ...(files === undefined ? {} : { files }) });
      } catch {
        // A folder that is not there is no news while its name is being typed; reading it says so.
        return null;
      }
    },
    [session, files],
  );
  const choose = useCallback(() => {
    session.request('choose_folder', { title, ...(files === undefined ? {} : { files }) }).then(
      ({ path }) => {
        if (path !== null) onChosen(path);
      },
      (error: unknown) => showError(toErrorReport(error)),
    );
  }, [session, title, onChosen, files]);
  return { complete, choose: canChoose ? choose : undefined };
}
