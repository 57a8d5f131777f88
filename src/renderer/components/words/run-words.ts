import type { Chair } from '#shared/contract/events.ts';
import type { RecentRun } from '#shared/contract/app/port-api.ts';
import type { ParticipantView, RunView } from '#shared/run-view/run-view.ts';

/** How a run ended, as a tag says it. */
export function endTag({ status, left }: Pick<RecentRun, 'status' | 'left'>): {
  readonly text: string;
  readonly tone: 'ok' | 'stall' | '';
} {
  switch (status) {
    case 'running':
      return { text: 'running', tone: 'ok' };
    case 'completed':
      return { text: 'finished', tone: 'ok' };
    case 'interrupted':
      return { text: left ? 'left' : 'stopped', tone: '' };
    case 'stalled':
      return { text: 'stalled', tone: 'stall' };
    case 'failed':
      return { text: left ? 'process ended' : 'failed', tone: 'stall' };
    case 'unreachable':
      return { text: 'no answer', tone: 'stall' };
    default:
      return status satisfies never;
  }
}

/** What the coordinator or a participant is at, as people say it. */
export function phaseWord(phase: RunView['phase'] | ParticipantView['phase']): string {
  return phase === 'registering' ? 'joining' : phase;
}

/** The part that this app takes in a run, in a few words: `joined as lab-2`. */
export function partWords(chair: Chair, self: string | null): string {
  if (chair === 'demo') return 'demo';
  if (chair === 'coordinator') return 'coordinated here';
  return self === null ? 'joined' : `joined as ${self}`;
}

/** What joining the same run once more is called: after a good end, or after a bad one. */
export function againWord(run: Pick<RecentRun, 'status' | 'left'>): 'Join again' | 'Try again' {
  return endTag(run).tone === 'stall' && !run.left ? 'Try again' : 'Join again';
}

const dayMs = 24 * 3600 * 1000;
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const two = (value: number): string => String(value).padStart(2, '0');

/** Local day and minute: `today 16:41`, `25 Nov 16:41`, with the year where it is another one. */
export function formatDay(at: number, now: number): string {
  const date = new Date(at);
  const today = new Date(now);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  const midnight = new Date(today.getFullYear(), today.getMonth(), today.getDate()).getTime();
  if (at >= midnight && at < midnight + dayMs) return `today ${time}`;
  const year = date.getFullYear() === today.getFullYear() ? '' : ` ${date.getFullYear()}`;
  return `${date.getDate()} ${months[date.getMonth()]}${year} ${time}`;
}
