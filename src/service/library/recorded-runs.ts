import type { EventType, RecordedEvent } from '#shared/contract/events.ts';
import type { RecordedRun } from '#shared/contract/app/library.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import { applyEvent, emptyView } from '#shared/run-view/apply/apply-event.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { isTold } from '#shared/run-view/seat.ts';
import type { EventQuery, RecordingBrief } from '#engine/recorder/reading/reader.ts';

/** Events of one page; some hundred kilobytes. */
const pageEvents = 1000;
/** Verdicts of which a list of runs has the words. */
const verdictsShownMax = 8;

/** What reads events of a recording, in this thread or in another. */
interface EventReading {
  events(query: EventQuery): EventPage | Promise<EventPage>;
}
interface EventPage {
  readonly events: readonly RecordedEvent[];
  readonly malformed: number;
  readonly more: boolean;
}

/** The view that the events of a recording make, all or those of some types, and how many could not be read. */
export async function foldRecording(
  recording: EventReading,
  { run, startedAt }: Pick<RecordingBrief, 'run' | 'startedAt'>,
  types?: readonly EventType[],
): Promise<{ readonly view: RunView; readonly malformed: number }> {
  let view = emptyView(run, startedAt);
  let malformed = 0;
  for (let afterId = 0; ;) {
    const page = await recording.events({ afterId, limit: pageEvents, ...(types === undefined ? {} : { types }) });
    for (const event of page.events) view = applyEvent(view, event);
    malformed += page.malformed;
    const last = page.events.at(-1);
    // A page of nothing but unreadable rows has no id to go on from.
    if (!page.more || last === undefined) return { view, malformed };
    afterId = last.id;
  }
}

/** What a line of a list is made of; the rest of a recording is not read for it. */
const telling: readonly EventType[] = [
  'run_opened',
  'run_started',
  'run_resumed',
  'participant_joined',
  'round_started',
  'round_ended',
  'verdict_raised',
  'verdict_cleared',
  'run_ended',
];

/** What a list of recordings says of one, from the events that tell it. */
export async function readRecordedRun(recording: EventReading, brief: RecordingBrief): Promise<RecordedRun> {
  const { view } = await foldRecording(recording, brief, telling);
  const { ended } = brief;
  return {
    ...recordedRun(view),
    run: brief.run,
    lastAt: (brief.cut === null ? ended?.at : undefined) ?? brief.lastAt ?? brief.startedAt,
    cut: brief.cut,
    status: ended?.status ?? null,
    reason: ended?.reason ?? '',
  };
}

/** The same of a run that is being recorded here. */
export function recordedRun(view: RunView): RecordedRun {
  const carried = new Map<Protocol, number>();
  for (const { id, protocol } of view.participants)
    if (!isTold(view, id)) carried.set(protocol, (carried.get(protocol) ?? 0) + 1);
  const done = view.rounds.filter(({ state }) => state === 'done');
  return {
    run: view.run,
    name: view.name,
    chair: view.chair,
    self: view.self,
    startedAt: view.startedAt,
    lastAt: view.endedAt ?? view.startedAt,
    cut: null,
    status: view.endedAt === null ? null : view.status,
    reason: view.endReason,
    left: view.left,
    roundsPlanned: view.roundsPlanned,
    roundsCompleted: Math.max(view.roundsCompleted, done.length),
    participants: view.participants.length,
    transports: [...carried]
      .map(([transport, participants]) => ({ transport, participants }))
      .sort((a, b) => b.participants - a.participants),
    accuracy: done.at(-1)?.accuracy ?? null,
    verdicts: view.verdicts.length,
    firstVerdicts: view.verdicts.slice(0, verdictsShownMax).map(({ at, sentence }) => ({ at, sentence })),
  };
}
