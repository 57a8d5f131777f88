import { entryPath } from '#engine/host/entries.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { openRecorder } from '#engine/recorder/writing/recorder.ts';
import { recordedSession, type RecordedSessionOptions } from './recorded-session.ts';
import { recordedStart } from './recorded-view.ts';

/** Writes a run that never was with the recorder that records real ones. */
export async function recordSession(
  path: string,
  options: Partial<RecordedSessionOptions> = {},
  /** What the clock showed, for what it should have shown. */
  clock = (at: number): number => at,
  /** Of this machine, for states that are kept. */
  stateKey?: Uint8Array,
): Promise<void> {
  await using recorder = await openRecorder({
    path,
    run: 'r-7f3a2c',
    recorder: '0.1.0',
    entry: entryPath('recorder-worker'),
    clock: systemClock,
    queueMax: 1_000_000,
    stateKey,
  });
  for (const item of recordedSession({ startAt: recordedStart, ...options })) {
    if ('event' in item) recorder.event({ ...item.event, at: clock(item.event.at) });
    else recorder.packet({ ...item.packet, at: clock(item.packet.at), header: '{}' });
  }
}
