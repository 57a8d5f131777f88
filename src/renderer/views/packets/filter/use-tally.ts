import { useEffect, useState } from 'react';
import { toErrorReport, type ErrorReport } from '#shared/base/errors.ts';
import { spawn } from '#shared/base/spawn.ts';
import type { PortAnswers, RequestOf } from '#shared/contract/app/port-api.ts';
import { useSession } from '#renderer/session/hooks.ts';
import type { Session } from '#renderer/session/session.ts';

export type Tally = PortAnswers['tally_packets'];
type Asked = RequestOf<'tally_packets'>;

export interface TallyState {
  /** The newest answer to what is asked now; null before the first. */
  readonly tally: Tally | null;
  /** Why it could not be counted, or not go on. */
  readonly error: ErrorReport | null;
}

/** A question that is answered in parts goes on after this: the list of packets has its turn between. */
const nextPartMs = 20;
/** New packets are counted at most this often, and a busy service is left alone several times as long as it took. */
const countAgainMs = 500;
const restsPerAnswer = 4;
const unknown: TallyState = { tally: null, error: null };

/** How many packets match, and when they came, counted by the service and again as packets come. Null: nothing is asked. */
export function useTally(asked: Asked | null): TallyState {
  const session = useSession();
  const question = JSON.stringify(asked);
  const [state, setState] = useState<{ readonly question: string } & TallyState>({ question, ...unknown });
  useEffect(() => {
    if (question === 'null') return undefined;
    const counting = new Counting(session, JSON.parse(question) as Asked, (now) => setState({ question, ...now }));
    return () => counting.end();
  }, [session, question]);
  if (asked === null) return unknown;
  return state.question === question ? state : { ...unknown, tally: sameFilter(state, asked) };
}

/** Bars of another stretch stay until their own are there; those of another filter do not. */
function sameFilter({ question, tally }: { readonly question: string } & TallyState, asked: Asked): Tally | null {
  const before = JSON.parse(question) as Asked | null;
  if (before === null) return null;
  const { filter, fromAt, toAt } = before;
  return filter === asked.filter && fromAt === asked.fromAt && toAt === asked.toAt ? tally : null;
}

/** Asks until it is ended. */
class Counting {
  readonly #session: Session;
  readonly #asked: Asked;
  readonly #told: (state: TallyState) => void;
  readonly #unsubscribe: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking = false;
  #ended = false;
  /** Packets came since it was asked. */
  #stale = false;
  #restMs = 0;
  #tally: Tally | null = null;

  constructor(session: Session, asked: Asked, told: (state: TallyState) => void) {
    this.#session = session;
    this.#asked = asked;
    this.#told = told;
    this.#unsubscribe = session.subscribePackets(() => {
      this.#stale = true;
      this.#wait(countAgainMs + this.#restMs);
    });
    this.#wait(0);
  }

  end(): void {
    this.#ended = true;
    this.#unsubscribe();
    clearTimeout(this.#timer);
  }

  #wait(ms: number): void {
    if (this.#asking || this.#timer !== undefined || this.#ended) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      spawn('counting packets', this.#ask());
    }, ms);
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    this.#stale = false;
    const startedMs = performance.now();
    let error: ErrorReport | null = null;
    try {
      this.#tally = await this.#session.request('tally_packets', this.#asked);
    } catch (reason) {
      error = toErrorReport(reason);
    }
    this.#asking = false;
    if (this.#ended) return;
    this.#told({ tally: this.#tally, error });
    this.#restMs = restsPerAnswer * (performance.now() - startedMs);
    if (error === null && this.#tally?.complete === false) this.#wait(nextPartMs);
    else if (this.#stale) this.#wait(countAgainMs + this.#restMs);
  }
}
