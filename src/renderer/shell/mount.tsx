import { createRoot } from 'react-dom/client';
import { stopScreenClock } from '#renderer/frames/screen-clock.ts';
import { SessionContext } from '#renderer/session/hooks.ts';
import { isStale } from '#renderer/session/session.ts';
import type { Session } from '#renderer/session/session.ts';
import { App } from './app.tsx';

export function mount(session: Session): void {
  const root = document.getElementById('root');
  if (root === null) throw new Error('index.html has no #root');
  // Before any component, so that none renders with a present that goes on.
  session.subscribe(() => {
    const { connection } = session.state();
    stopScreenClock(isStale(connection) ? connection.since : null);
  });
  createRoot(root).render(
    <SessionContext value={session}>
      <App />
    </SessionContext>,
  );
}
