import { cpus } from 'node:os';

/** Time of one processor since the machine began, ms by what it was spent on; `idle` is one of them. */
type ProcessorTimes = readonly { readonly times: { readonly idle: number; readonly [spentOn: string]: number } }[];

interface Sum {
  readonly idleMs: number;
  readonly allMs: number;
}

/** Shorter than this, the ticks in which a system counts say too little. */
const leastMs = 200;

/** How much of this machine's processors all its programs together use, from one look to the next. */
export class MachineLoad {
  readonly #read: () => ProcessorTimes;
  #before: Sum;

  constructor(read: () => ProcessorTimes = () => cpus().map(({ times }) => ({ times: { ...times } }))) {
    this.#read = read;
    this.#before = sum(read());
  }

  /** 0 to 100; undefined: not known, as on a system that does not say it, or too soon after the look before. */
  busyPercent(): number | undefined {
    const now = sum(this.#read());
    const allMs = now.allMs - this.#before.allMs;
    if (allMs < leastMs) return undefined;
    const idleMs = now.idleMs - this.#before.idleMs;
    this.#before = now;
    return Math.min(100, Math.max(0, (100 * (allMs - idleMs)) / allMs));
  }
}

function sum(processors: ProcessorTimes): Sum {
  let [idleMs, allMs] = [0, 0];
  for (const { times } of processors) {
    idleMs += times.idle;
    for (const ms of Object.values(times)) allMs += ms;
  }
  return { idleMs, allMs };
}
