import type { EventType } from '#shared/contract/events.ts';
import type { RecordingMarks } from '#shared/contract/app/source.ts';
import type { OpenedRecording } from '#engine/recorder/reading/open-recording.ts';

/** Of each kind; more than a screen has pixels for. */
const marksMax = 4000;
const pageEvents = 1000;

const marking: readonly EventType[] = [
  'round_started',
  'round_ended',
  'verdict_raised',
  'verdict_cleared',
  'fault_injected',
  'fault_cleared',
];

interface Span {
  readonly from: number;
  to: number | null;
}

/** Rounds, verdicts and faults of a recording with their times, from the few events that tell them. */
export async function readMarks(recording: Pick<OpenedRecording, 'events'>): Promise<RecordingMarks> {
  const rounds: (Span & RecordingMarks['rounds'][number])[] = [];
  const verdicts: (Span & RecordingMarks['verdicts'][number] & { readonly id: string })[] = [];
  const faults: (Span & RecordingMarks['faults'][number])[] = [];
  let dropped = 0;
  const add = <T>(list: T[], mark: T): void => {
    if (list.length < marksMax) list.push(mark);
    else dropped++;
  };
  for (let afterId = 0; ;) {
    const { events, more } = await recording.events({ afterId, limit: pageEvents, types: marking });
    for (const { type, at: from, data } of events) {
      if (type === 'round_started') {
        const known = rounds.some(({ round, to }) => round === data.round && to === null);
        if (!known) add(rounds, { round: data.round, from, to: null });
      } else if (type === 'round_ended')
        close(
          rounds.findLast(({ round }) => round === data.round),
          from,
        );
      else if (type === 'verdict_raised') {
        const { verdict: id, sentence, subject } = data;
        // Told again, it is the same one.
        if (verdicts.some((one) => one.id === id && one.to === null)) continue;
        add(verdicts, { id, sentence, subject, from, to: null });
      } else if (type === 'verdict_cleared')
        close(
          verdicts.findLast(({ id }) => id === data.verdict),
          from,
        );
      else if (type === 'fault_injected')
        add(faults, { fault: data.fault, participant: data.participant, from, to: null });
      else if (type === 'fault_cleared')
        close(
          faults.findLast((one) => one.fault === data.fault && one.participant === data.participant),
          from,
        );
    }
    const last = events.at(-1);
    if (!more || last === undefined) {
      return { rounds, verdicts: verdicts.map(({ id: _id, ...mark }) => mark), faults, dropped };
    }
    afterId = last.id;
  }
}

function close(span: Span | undefined, at: number): void {
  if (span !== undefined && span.to === null) span.to = at;
}
