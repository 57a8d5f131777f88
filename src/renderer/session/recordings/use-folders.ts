import { useCallback } from 'react';
import { toErrorReport } from '#shared/base/errors.ts';
import type { FileKind } from '#shared/contract/app/file-kinds.ts';
import type { PortAnswers } from '#shared/contract/app/port-api.ts';
import { useSession, useSessionState } from '../hooks.ts';
import { showError } from '../toasts.ts';

/** Folders of this machine: completion of what is typed, and the system's own dialogs where there are some. */
export function useFolders(
  title: string,
  onChosen: (path: string) => void,
  /** Files of this kind as well as the folders that lead to them. */
  files?: FileKind,
): {
  readonly complete: (path: string) => Promise<PortAnswers['complete_path'] | null>;
  readonly choose: (() => void) | undefined;
  /** Data may be a folder or a file, and dialogs ask for one of the two. */
  readonly chooseFile: (() => void) | undefined;
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
  const ask = useCallback(
    (wanted?: FileKind) => {
      session.request('choose_folder', { title, ...(wanted === undefined ? {} : { files: wanted }) }).then(
        ({ path }) => {
          if (path !== null) onChosen(path);
        },
        (error: unknown) => showError(toErrorReport(error)),
      );
    },
    [session, title, onChosen],
  );
  const choose = useCallback(() => ask(files === 'data' ? undefined : files), [ask, files]);
  const chooseFile = useCallback(() => ask('data'), [ask]);
  return {
    complete,
    choose: canChoose ? choose : undefined,
    chooseFile: canChoose && files === 'data' ? chooseFile : undefined,
  };
}
