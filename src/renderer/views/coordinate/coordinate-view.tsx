import type { JSX } from 'react';
import { useRunView, useSessionState } from '#renderer/session/hooks.ts';
import { chairOf } from '#renderer/session/run/run-state.ts';
import { CoordinateForm } from './coordinate-form.tsx';
import { StartedView } from './started-view.tsx';
import './coordinate.css';

/** Serve a run to others: its form before, and while it goes on the invitation and who has arrived. */
export function CoordinateView(): JSX.Element {
  const coordinates = useRunView((view) => view.endedAt === null && chairOf(view) === 'coordinator') ?? false;
  const invitation = useSessionState((session) => session.invitation);
  return coordinates ? <StartedView invitation={invitation} /> : <CoordinateForm />;
}
