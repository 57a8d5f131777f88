import { roughDuration } from '#shared/base/text/duration.ts';
import { isOpen, type EventData, type RecordedEvent } from '#shared/contract/events.ts';
import { carrierOf } from '#shared/contract/protocols.ts';

/** While nobody answers a line comes this often. */
const reminderMs = 60_000;

/**
 * Tells a participant's own link in a terminal: lost, nobody there, still nobody, back; each once. All lengths of time are between
 * two moments of one event, so a clock that is set meanwhile spoils none.
 */
export class LinkReporter {
  #open = false;
  /** Told as lost and not yet as back. */
  #lost = false;
  /** Why nobody answers has been told, in this outage or before the first connection. */
  #toldWhy = false;
  /** How long the outage had lasted when it was last told. */
  #toldMs = 0;
  readonly #carriers = new Set<string>();

  lineOf(event: RecordedEvent): string | null {
    if (event.type === 'broker_state') return this.#broker(event.data);
    if (event.type === 'link_state') return event.data.side === 'participant' ? this.#state(event.data) : null;
    return event.type === 'link_attempt' ? this.#attempt(event.data, event.at) : null;
  }

  #state({ state, reason }: EventData<'link_state'>): string | null {
    if (isOpen(state)) this.#open = true;
    if (state !== 'lost' || !this.#open) return null;
    this.#open = false;
    this.#begin(true);
    return `link lost: ${brief(reason)}; trying again`;
  }

  /** Before the first connection; later the diagnosis names it. */
  #broker({ participant, state, reason }: EventData<'broker_state'>): string | null {
    if (participant === undefined || this.#open || this.#lost) return null;
    if (state === 'lost') return null;
    return state === 'blocked' ? `the broker blocks publishers: ${reason}` : 'the broker takes messages again';
  }

  #begin(lost: boolean): void {
    this.#lost = lost;
    this.#toldWhy = false;
    this.#toldMs = 0;
    this.#carriers.clear();
  }

  #attempt(attempt: EventData<'link_attempt'>, at: number): string | null {
    const { result, lastHeardAt, reason, number, stack, nextAt } = attempt;
    if (result === 'trying') return null;
    const awayMs = lastHeardAt === 0 ? 0 : Math.max(0, at - lastHeardAt);
    if (result === 'connected') {
      const back = this.#lost ? `link is back after ${roughDuration(awayMs)}` : null;
      this.#begin(false);
      return back;
    }
    this.#carriers.add(carrierOf(stack));
    // Another way, or another address, is tried at once.
    if (nextAt - at < 20) return null;
    const until = this.#until(attempt, at);
    if (!this.#toldWhy) {
      this.#toldWhy = true;
      this.#toldMs = awayMs;
      return `no coordinator${lastHeardAt === 0 ? ' yet' : ''}: ${brief(reason)}${until}`;
    }
    if (awayMs - this.#toldMs < reminderMs) return null;
    this.#toldMs = awayMs;
    const tries = `${number} attempts over ${[...this.#carriers].sort().reverse().join(' and ')}`;
    return `still no coordinator for ${roughDuration(awayMs)} (${tries})${until}`;
  }

  #until({ givesUpAt }: EventData<'link_attempt'>, at: number): string {
    return givesUpAt === 0 ? '; trying without a time limit' : `; trying for ${roughDuration(givesUpAt - at)} more`;
  }
}

/** What happened, without the code before it and without what to do about it: that comes when it is over. */
function brief(reason: string): string {
  const [what = reason] = reason
    .replace(/^[a-z]+(_[a-z]+)*: /, '')
    .replace(/^closed by the other end \(\w+\)/, 'closed by the other end')
    .split(/\. |; |: (?=is |check |start |ask )/i);
  return what.replace(/\.$/, '').replace(/^(No|Nobody|Nothing|The) /, (word) => word.toLowerCase());
}
