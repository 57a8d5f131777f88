import { faultEnd, faultInWords } from '#renderer/components/words/fault-words.ts';
import { formatNames, formatSeconds } from '#renderer/components/words/format.ts';
import type { RoundView, RunView } from '#shared/run-view/run-view.ts';

type Told = Pick<RunView, 'verdicts' | 'faults' | 'participants' | 'endedAt'>;

/** What stalled in a round, also long after it is over: `node-4 stalled 20 s, closed without it`; empty when nothing did. */
export function stallNote(view: Told, round: RoundView, now: number): string {
  const until = round.endedAt ?? view.endedAt ?? now;
  const stalledMs = new Map<string, number>();
  for (const verdict of view.verdicts) {
    for (const { from, to } of verdict.spans) {
      const ms = Math.min(until, to ?? until) - Math.max(round.startedAt, from);
      if (ms <= 0) continue;
      stalledMs.set(verdict.subject, Math.max(stalledMs.get(verdict.subject) ?? 0, ms));
    }
  }
  if (stalledMs.size === 0) return '';
  const words = [...stalledMs].map(([subject, ms]) => `${subject} stalled ${formatSeconds(ms)}`);
  const without = round.missing.filter((id) => stalledMs.has(id));
  const closed = without.length === 0 ? '' : `, closed without ${stalledMs.size === 1 ? 'it' : formatNames(without)}`;
  return `${formatNames(words, 2)}${closed}`;
}

/** What was broken on purpose while a round went on: `freeze training on node-2`; empty when nothing was. */
export function faultNote(view: Told, round: RoundView, now: number): string {
  const until = round.endedAt ?? view.endedAt ?? now;
  const words = view.faults
    .filter((fault) => fault.state !== 'armed' && fault.at < until && faultEnd(fault, until) >= round.startedAt)
    .map((fault) => `${faultInWords(fault.fault)} on ${fault.participant}`);
  return formatNames(words, 3);
}
