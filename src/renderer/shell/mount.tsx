import { createRoot } from 'react-dom/client';
import { setRecordedPresent, stopScreenClock } from '#renderer/frames/screen-clock.ts';
import { SessionContext } from '#renderer/session/hooks.ts';
import { keepShownRecording } from '#renderer/session/recordings.ts';
import { isStale } from '#renderer/session/session.ts';
import type { Session } from '#renderer/session/session.ts';
import { App } from './app.tsx';

export function mount(session: Session): void {
  const root = document.getElementById('root');
  if (root === null) throw new Error('index.html has no #root');
  // Before any component, so that none renders with a present that goes on.
  session.subscribe(() => {
    const { connection, source } = session.state();
    const isRecording = source.kind === 'recording';
    setRecordedPresent(isRecording ? source.clock : null);
    stopScreenClock(isStale(connection) ? (isRecording ? source.clock.at : connection.since) : null);
  });
  keepShownRecording(session);
  createRoot(root).render(
    <SessionContext value={session}>
      <App />
    </SessionContext>,
  );
}
