import { counted, formatCount } from '../base/text/counted.ts';
import type { EventData } from '../contract/events.ts';
import type { Loss, LossReason, LossTotals } from '../contract/losses.ts';

/** What is lost of a run, of each kind that is: `12 packets, 3 events lost, 2 malformed`; `nothing lost`. */
export function lostWords({ packets, events, malformed }: LossTotals): string {
  const lost = [
    ...(packets > 0 ? [counted(packets, 'packet')] : []),
    ...(events > 0 ? [counted(events, 'event')] : []),
  ];
  const parts = [
    ...(lost.length > 0 ? [`${lost.join(', ')} lost`] : []),
    ...(malformed > 0 ? [`${formatCount(malformed)} malformed`] : []),
  ];
  return parts.length === 0 ? 'nothing lost' : parts.join(', ');
}

/** The kinds alone, where the figures have no room: `packets, events lost, malformed`. */
export function lostKinds({ packets, events, malformed }: LossTotals): string {
  const lost = [...(packets > 0 ? ['packets'] : []), ...(events > 0 ? ['events'] : [])];
  const parts = [...(lost.length > 0 ? [`${lost.join(', ')} lost`] : []), ...(malformed > 0 ? ['malformed'] : [])];
  return parts.join(', ');
}

/** Of what the recorder told last. */
export function lossTotals(recorder: EventData<'recorder_stats'> | null): LossTotals {
  return {
    packets: recorder?.droppedPackets ?? 0,
    events: recorder?.droppedEvents ?? 0,
    malformed: recorder?.malformed ?? 0,
    cutBodies: recorder?.cutBodies ?? 0,
  };
}

export function anyLost({ packets, events, malformed }: LossTotals): boolean {
  return packets + events + malformed > 0;
}

/** `1,234 packets of coordinator were lost here (queue full)`. */
export function lossPlaceWords(loss: Loss): string {
  const rows = counted(loss.count, loss.kind === 'packets' ? 'packet' : 'event');
  const was = loss.count === 1 ? 'was' : 'were';
  if (loss.reason === 'malformed') return `${rows} of ${loss.process} could not be read here (malformed)`;
  // Seen live, by the windows and by the diagnosis.
  if (!missedLive(loss))
    return `${rows} from here on ${loss.count === 1 ? 'is' : 'are'} not in the recording (${reasonWords[loss.reason]})`;
  return `${rows} of ${loss.process} ${was} lost here (${reasonWords[loss.reason]})`;
}

const reasonWords: Readonly<Record<LossReason, string>> = {
  queue_full: 'queue full',
  malformed: 'malformed',
  recorder_full: 'the recorder\u2019s queue was full',
  disk_refused: 'the disk refused them',
  recorder_ended: 'the recorder had ended',
};

/** What it means and why, for who asks. */
export function lossMeaning({ reason, process }: Loss): string {
  if (reason === 'queue_full')
    return `The app did not take what the process of ${process} reported, so its oldest rows gave way: the app, or this machine, was too busy or stopped. They are in no view and no recording.`;
  if (reason === 'malformed')
    return `The process of ${process} sent rows that this version of Roundscope cannot read. They are in no view and no recording.`;
  return 'They were shown live and are missing in the file.';
}

/** Whether neither a window nor the diagnosis has seen these rows. */
export function missedLive({ reason }: Loss): boolean {
  return reason === 'queue_full' || reason === 'malformed';
}

/** Events that nobody has seen, of one process or of all: lanes, rounds and verdicts lack them. */
export function missedEvents(losses: readonly Loss[]): readonly Loss[] {
  return losses.filter((loss) => loss.kind === 'events' && missedLive(loss));
}

/** One sentence for where rounds and verdicts are shown; null where nothing is missing. */
export function incompleteWords(losses: readonly Loss[]): string | null {
  const missed = missedEvents(losses);
  if (missed.length === 0) return null;
  const count = missed.reduce((sum, loss) => sum + loss.count, 0);
  const processes = [...new Set(missed.map(({ process }) => process))];
  const whose = processes.length > 3 ? `${processes.length} processes` : processes.join(', ');
  return `${counted(count, 'event')} of ${whose} ${count === 1 ? 'was' : 'were'} lost: lanes, rounds and verdicts may be incomplete`;
}
