import { createRoot } from 'react-dom/client';
import { SessionContext } from '#renderer/session/hooks.ts';
import type { Session } from '#renderer/session/session.ts';
import { App } from './app.tsx';

export function mount(session: Session): void {
  const root = document.getElementById('root');
  if (root === null) throw new Error('index.html has no #root');
  createRoot(root).render(
    <SessionContext value={session}>
      <App />
    </SessionContext>,
  );
}
