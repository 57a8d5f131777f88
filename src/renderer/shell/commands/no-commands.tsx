import type { JSX } from 'react';
import { useRecordingActions } from '#renderer/session/recordings/recordings.ts';

/** In place of a view that commands a run: a recording takes no commands. */
export function NoCommands({ title }: { readonly title: string }): JSX.Element {
  const { close } = useRecordingActions();
  return (
    <main className="demo none">
      <section className="panel" aria-label={title}>
        <div className="ph">
          <h2>{title}</h2>
        </div>
        <div className="no-demo">
          <p>This window shows a recording, which takes no commands.</p>
          <p className="t2">Close it to begin a run, or to go back to the one that goes on.</p>
          <div className="acts">
            <button type="button" className="btn pri" onClick={close}>
              Close the recording
            </button>
          </div>
        </div>
      </section>
    </main>
  );
}
