import type { JSX } from 'react';
import type { LibraryList } from '#shared/contract/app/library.ts';
import { useSessionState } from '#renderer/session/hooks.ts';
import { useBusy, useStartDemo } from '#renderer/session/run/run-requests.ts';
import { useShortPath } from '#renderer/session/recordings/use-short-path.ts';

interface NoRecordingsProps {
  readonly list: LibraryList;
  /** There are some, and none is of the choice and the words. */
  readonly filtered: boolean;
}

/** In place of the rows: what to do next. */
export function NoRecordings({ list, filtered }: NoRecordingsProps): JSX.Element {
  const dataFolder = useSessionState(({ app }) => app?.dataFolder ?? '');
  const short = useShortPath();
  const busy = useBusy();
  const startDemo = useStartDemo();
  if (filtered) return <p>No recording is of that choice and has these words.</p>;
  if (list.reading > 0) return <p>Reading …</p>;
  return (
    <div className="no-runs">
      <p>No run has been recorded on this machine yet.</p>
      <p className="t2">
        Every run is recorded by itself, in <span className="data">{short(dataFolder)}</span>. A recording from somebody
        else opens when it is dropped on this window.
      </p>
      {busy === null && (
        <button type="button" className="btn pri" onClick={startDemo}>
          Start the demo
        </button>
      )}
    </div>
  );
}
