import { createRoot } from 'react-dom/client';
import { SessionContext } from '#renderer/session/hooks.ts';
import { followPresent } from '#renderer/session/present.ts';
import { keepShownRecording } from '#renderer/session/recordings/recordings.ts';
import type { Session } from '#renderer/session/session.ts';
import { adoptProtocolStyles } from '#renderer/theme/protocols.ts';
import { App } from './app.tsx';

export function mount(session: Session): void {
  const root = document.getElementById('root');
  if (root === null) throw new Error('index.html has no #root');
  adoptProtocolStyles();
  // Before any component, so that none renders with a present that goes on.
  followPresent(session);
  keepShownRecording(session);
  createRoot(root).render(
    <SessionContext value={session}>
      <App />
    </SessionContext>,
  );
}
