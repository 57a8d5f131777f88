import type { EventOf } from '#shared/contract/events.ts';
import { coordinatorId } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import { closeLast } from './apply-participant.ts';
import { patch, type Handlers } from '../fold.ts';
import type { ParticipantView, ProcessView, RunView } from '../run-view.ts';

/** Whether it can still do anything in this run: it has not left, and its process, where that is known, lives. */
export function isHere({ left, exited }: Pick<ParticipantView, 'left' | 'exited'>): boolean {
  return left === null && exited === null;
}

/** Events about processes on this machine. */
export const applyProcess = {
  process_stats: (view, event) => ({
    ...withProcess(view, { ...event.data, at: event.at, exited: null }),
    loopDelayMsMax: Math.max(view.loopDelayMsMax, event.data.loopDelayMsMax),
    participants:
      event.data.name === coordinatorId
        ? view.participants
        : patch(view.participants, event.data.name, ({ exited }) => ({
            lastProcessAt: event.at,
            // Another process of the same participant: it was started again.
            ...(exited !== null && isReplaced(view, event)
              ? { exited: null, restarted: { at: exited.at, note: exited.note, backAt: event.at } }
              : {}),
          })),
  }),
  process_exited: (view, event) => ({
    ...view,
    processes: view.processes.map((process) =>
      process.pid === event.data.pid ? { ...process, exited: event.data.note } : process,
    ),
    // A process that is gone does nothing any more, whatever it said last. After the run all of them go, which is no news.
    participants:
      view.endedAt !== null
        ? view.participants
        : patch(view.participants, event.data.name, ({ segments }) => ({
            exited: { at: event.at, note: event.data.note, restarts: event.data.restarts ?? false },
            phase: 'idle' as const,
            phaseSince: event.at,
            progress: null,
            transfer: null,
            segments: closeLast(segments, event.at),
          })),
  }),
} satisfies Handlers;

function isReplaced(view: RunView, { data }: EventOf<'process_stats'>): boolean {
  return view.processes.every(({ pid, exited }) => pid !== data.pid || exited === null);
}

function withProcess(view: RunView, process: ProcessView): RunView {
  const index = view.processes.findIndex((known) => known.pid === process.pid);
  if (index < 0) return { ...view, processes: [...view.processes, process].slice(-limits.participantsMax) };
  const known = view.processes[index];
  // Its last report may come after its end was noticed.
  return { ...view, processes: view.processes.with(index, { ...process, exited: known?.exited ?? null }) };
}
