import { setRecordedPresent, stopScreenClock } from '#renderer/frames/screen-clock.ts';
import { isStale } from './session.ts';
import type { Session } from './session.ts';

/** Keeps the present of the screen that of what is shown: of a recording, or where the last news came. Returns what ends it. */
export function followPresent(session: Session): () => void {
  return session.subscribe(() => {
    const { connection, source } = session.state();
    const isRecording = source.kind === 'recording';
    setRecordedPresent(isRecording ? source.clock : null);
    stopScreenClock(isStale(connection) ? (isRecording ? source.clock.at : connection.since) : null);
  });
}
