import { useState } from 'react';
import type { JSX } from 'react';
import { toErrorReport, type ErrorReport } from '#shared/base/errors.ts';
import { spawn } from '#shared/base/spawn.ts';
import { Dialog } from '#renderer/components/dialog.tsx';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { PathField } from '#renderer/components/forms/path-field.tsx';
import { useSession, useSessionState } from '#renderer/session/hooks.ts';
import { forgetRecordingQuestion, openRecording } from '#renderer/session/recordings/recordings.ts';
import { useFolders } from '#renderer/session/recordings/use-folders.ts';

/** Asks for the file of a recording: typed with completion, or chosen in the system's dialog. */
export function OpenRecordingDialog(): JSX.Element {
  const session = useSession();
  const folder = useSessionState(({ app }) => (app === null ? '' : `${app.dataFolder}/recordings/`));
  const [path, setPath] = useState(folder);
  const [fault, setFault] = useState<ErrorReport | null>(null);
  const [pending, setPending] = useState(false);
  const { complete, choose } = useFolders('Open a recording', setPath, 'recordings');
  const open = async (): Promise<void> => {
    setPending(true);
    setFault(null);
    try {
      await openRecording(session, path);
      forgetRecordingQuestion();
    } catch (error) {
      setFault(toErrorReport(error));
    } finally {
      setPending(false);
    }
  };
  return (
    <Dialog label="Open a recording" className="ask" onClose={forgetRecordingQuestion}>
      <h2>Open a recording</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          spawn('opening a recording', open());
        }}
      >
        <PathField
          label="File"
          value={path}
          placeholder="a file that ends in .rscope"
          onChange={setPath}
          complete={complete}
          choose={choose}
          invalid={fault !== null}
          faultId="recording-fault"
        />
        {fault !== null && (
          <div id="recording-fault">
            <ErrorCard error={fault} />
          </div>
        )}
        <div className="acts">
          <button type="button" className="btn" onClick={forgetRecordingQuestion}>
            Cancel
          </button>
          <button type="submit" className="btn pri" disabled={pending || path.trim() === ''}>
            {pending ? 'Opening' : 'Open'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
