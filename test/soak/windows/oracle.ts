import { beginsAgain, blame, labs, untouched, type ActName, type Chair, type Lab } from './blame.ts';
import { claimOf, type Claim } from './claims.ts';
import type { Said } from './read-window.ts';

/** An act begins, is in force, begins to be undone, or is undone. */
export interface Mark {
  readonly act: ActName;
  readonly step: 'begins' | 'holds' | 'ends' | 'undone';
  /** Wall ms. */
  readonly at: number;
}

/** What was found, each once for an act and a window, however long it stood. */
export interface Fault {
  readonly act: ActName | null;
  readonly window: Lab;
  readonly kind: string;
  readonly text: string;
  readonly firstAt: number;
  lastAt: number;
  /** Moments at which it was seen, and the most in a row. */
  times: number;
  inARow: number;
}

/** When a window first named this in an act, ms after that was in force; before that, after its beginning. */
export interface FirstSaid {
  readonly act: ActName;
  readonly window: Lab;
  readonly claim: Claim;
  readonly afterMs: number;
  readonly words: string;
}

/** For so long after an act what it made true may still stand. */
export const settleMs = 15_000;
/** Nobody reads more of them. */
const faultsMax = 1000;
/** Heartbeats come once a second: one that was heard so long ago is no sign that all is well. */
const oldHeardS = 5;

interface Memory {
  round: number;
  counted: number;
  /** Picture as it was when the service was stopped. */
  before: string | null;
  last: Said | null;
  /** Faults that the last sample had, each with the number of samples in a row. */
  rows: ReadonlyMap<string, number>;
}

/** Compares what windows say with what is true, sample by sample and mark by mark, in order of time. */
export class Oracle {
  readonly faults: Fault[] = [];
  /** More than are kept one by one. */
  unlisted = 0;
  readonly first: FirstSaid[] = [];
  readonly samples: Record<Lab, number> = { 'lab-1': 0, 'lab-2': 0, 'lab-3': 0 };
  /** Those of them in quiet time. */
  quiet = 0;
  /** Longest time between two of those of one window, ms: how well this machine kept up with looking. */
  gapMs = 0;
  /** For how long the picture of before an act stood after it, where it may for a moment, ms. */
  readonly old = new Map<string, number>();
  readonly #table: Readonly<Record<ActName, Readonly<Record<Lab, Chair>>>>;
  readonly #memory: Record<Lab, Memory>;
  #begun: Mark | null = null;
  #holds: number | null = null;
  #ends: number | null = null;
  #undone: number | null = null;

  constructor(table: Readonly<Record<ActName, Readonly<Record<Lab, Chair>>>> = blame) {
    this.#table = table;
    const fresh = (): Memory => ({ round: 0, counted: 0, before: null, last: null, rows: new Map() });
    this.#memory = { 'lab-1': fresh(), 'lab-2': fresh(), 'lab-3': fresh() };
  }

  mark(mark: Mark): void {
    if (mark.step === 'begins') {
      this.#begun = mark;
      this.#holds = null;
      this.#ends = null;
      this.#undone = null;
      for (const lab of labs) {
        const memory = this.#memory[lab];
        memory.before = memory.last === null ? null : pictureOf(memory.last);
      }
      return;
    }
    if (mark.step === 'holds') this.#holds = mark.at;
    if (mark.step === 'undone') this.#undone = mark.at;
    if (mark.step !== 'ends') return;
    this.#ends = mark.at;
    for (const lab of labs) this.#checkMust(lab, mark);
  }

  see(lab: Lab, said: Said): void {
    this.samples[lab]++;
    const memory = this.#memory[lab];
    const found = new Set<string>();
    const say = (kind: string, text: string): void => void found.add(this.#note(lab, said.at, kind, text));
    const claim = claimOf(said, lab);
    const act = this.#actAt(said.at);
    if (act === null) {
      this.#seeQuiet(claim, said, say);
      if (memory.last !== null && this.#actAt(memory.last.at) === null)
        this.gapMs = Math.max(this.gapMs, said.at - memory.last.at);
    }
    if (act !== null) this.#seeAct(act, lab, claim, said, say);
    for (const text of said.raw) say('raw', text);
    for (const text of said.differs) say('differs', text);
    if (this.#isOld(lab, claim, said)) this.#seeOld(lab, said, say);
    this.#compare(lab, said, claim, say);
    const rows = new Map([...found].map((key) => [key, (memory.rows.get(key) ?? 0) + 1]));
    for (const fault of this.faults) fault.inARow = Math.max(fault.inARow, rows.get(keyOf(fault)) ?? 0);
    memory.rows = rows;
    memory.last = said;
  }

  /** The act whose words may stand at that time; null: nothing may. */
  #actAt(at: number): Mark | null {
    if (this.#begun === null || at < this.#begun.at) return null;
    return this.#undone === null || at < this.#undone + settleMs ? this.#begun : null;
  }

  #seeQuiet(claim: Claim, { verdict, status }: Said, say: (kind: string, text: string) => void): void {
    this.quiet++;
    if (claim !== 'well') say('trouble in quiet time', verdict === '' ? status : verdict);
  }

  #seeAct({ act, at }: Mark, lab: Lab, claim: Claim, said: Said, say: (kind: string, text: string) => void): void {
    const chair = this.#table[act][lab];
    const afterMs = said.at - (this.#holds ?? at);
    const words = said.past !== '' ? said.past : said.verdict !== '' ? said.verdict : said.status;
    if (!this.first.some((one) => one.act === act && one.window === lab && one.claim === claim))
      this.first.push({ act, window: lab, claim, afterMs, words });
    const lasts = this.#holds !== null && (this.#ends === null || said.at < this.#ends);
    if (claim !== 'well' && !chair.may.includes(claim)) say(`names ${claim}`, words);
    if (claim === 'well' && lasts && afterMs > chair.wellMs) say('says that all is well', words);
    if (chair.pastMs === null) return;
    if (lasts && afterMs > chair.pastMs && said.past === '') say('old picture shown as now', words);
  }

  /** All is well by news of long ago, or it is the very picture of before the act, shown as if nothing had been missed. */
  #isOld(lab: Lab, claim: Claim, said: Said): boolean {
    // Until when a picture without news may stand is asked there, while its service tells nothing.
    if (claim !== 'well' || (this.#chair(lab).pastMs !== null && this.#ends === null)) return false;
    if (Number(/heard ([\d.]+) s ago/.exec(said.coordinatorLane)?.[1] ?? 0) >= oldHeardS) return true;
    const isOver = this.#ends !== null && said.at >= this.#ends;
    return isOver && this.#chair(lab).oldMs > 0 && this.#memory[lab].before === pictureOf(said);
  }

  #seeOld(lab: Lab, said: Said, say: (kind: string, text: string) => void): void {
    const act = this.#begun?.act ?? null;
    const sinceMs = this.#ends === null ? Number.POSITIVE_INFINITY : said.at - this.#ends;
    if (act !== null && sinceMs <= this.#chair(lab).oldMs) this.old.set(`${act}, ${lab}`, sinceMs);
    else say('old picture shown as now', `all is well, ${said.coordinatorLane}`);
  }

  #chair(lab: Lab): Chair {
    return this.#begun === null ? untouched : this.#table[this.#begun.act][lab];
  }

  #checkMust(lab: Lab, { act, at }: Mark): void {
    const { must } = this.#table[act][lab];
    if (must === null || this.#holds === null || at - this.#holds < must.withinMs) return;
    const said = this.first.filter((one) => one.act === act && one.window === lab && must.claims.includes(one.claim));
    const soonest = Math.min(...said.map(({ afterMs }) => afterMs));
    if (soonest <= must.withinMs + samplingMs) return;
    const when = soonest === Number.POSITIVE_INFINITY ? 'never' : `only after ${(soonest / 1000).toFixed(1)} s`;
    this.#note(lab, at, 'said too late', `${must.claims.join(' or ')}: ${when}`);
  }

  /** What only grows. */
  #compare(lab: Lab, { round, counted }: Said, claim: Claim, say: (kind: string, text: string) => void): void {
    const memory = this.#memory[lab];
    const again = this.#begun !== null && (beginsAgain[this.#begun.act]?.includes(lab) ?? false);
    if (round !== null) {
      if (round < memory.round && !again) say('round goes back', `from ${memory.round} to ${round}`);
      memory.round = round;
    }
    if (claim === 'no run') memory.counted = 0;
    if (counted === null) return;
    if (counted < memory.counted && !again) say('own work goes down', `from ${memory.counted} to ${counted}`);
    memory.counted = counted;
  }

  #note(window: Lab, at: number, kind: string, text: string): string {
    const act = this.#begun?.act ?? null;
    const key = keyOf({ act, window, kind, text });
    const known = this.faults.find((one) => keyOf(one) === key);
    if (known === undefined && this.faults.length === faultsMax) this.unlisted++;
    else if (known === undefined)
      this.faults.push({ act, window, kind, text, firstAt: at, lastAt: at, times: 1, inARow: 1 });
    else {
      known.lastAt = at;
      known.times++;
    }
    return key;
  }
}

/** Two samples lie so far apart. */
export const samplingMs = 250;

/** The same words with other figures are the same fault. */
function keyOf({ act, window, kind, text }: Pick<Fault, 'act' | 'window' | 'kind' | 'text'>): string {
  return `${act ?? ''} ${window} ${kind} ${text.replaceAll(/[\d.]+/g, '#')}`;
}

function pictureOf({ wait, ownLane, coordinatorLane, status }: Said): string {
  return [status, wait, ownLane, coordinatorLane].join(' | ');
}
