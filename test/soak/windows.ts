import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { acts } from './windows/acts.ts';
import { labs, type Lab } from './windows/blame.ts';
import { Federation } from './windows/federation.ts';
import { quietRounds, type Quiet } from './windows/missing-rounds.ts';
import { Oracle, samplingMs, settleMs, type Mark } from './windows/oracle.ts';
import { planFor, type Plan } from './windows/plan.ts';
import { saidBy } from './windows/read-window.ts';
import type { WindowsResult } from './windows/report.ts';
import type { ServedWindow } from './windows/served-window.ts';
import { Timeline } from './windows/timeline.ts';

/** So long after an act has ended each window is pictured once more. */
const pictureAfterMs = 5000;
const pictureLimitMs = 5000;

export interface WindowsOptions {
  readonly minutes: number;
  /** Null: each act is held for its usual time. */
  readonly seed: string | null;
  /** Where timeline, pictures, report and the data of all stay. */
  readonly folder: string;
  /** Breaks it off: what is known by then is the result. */
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** A federation of one coordinator and three windows through all that can go wrong; each must tell the truth all the time. */
export async function soakWindows({ minutes, seed, folder, signal, say }: WindowsOptions): Promise<WindowsResult> {
  const startedMs = performance.now();
  mkdirSync(folder, { recursive: true });
  // The coordinator of an earlier run would go on from its state.
  if (readdirSync(folder).length > 0) throw new Error(`${folder} is not empty`);
  mkdirSync(joinPath(folder, 'pictures'));
  const plan = planFor(minutes, acts, seed);
  await using federation = await Federation.start(folder, minutes);
  await untilCounted(federation, signal);
  const watch = new Watch(federation, folder);
  const played = await play(plan, { federation, watch, folder, signal, say }, startedMs + minutes * 60_000);
  await watch.end();
  return {
    minutes: (performance.now() - startedMs) / 60_000,
    acts: played.acts,
    oracle: watch.oracle,
    rounds: quietRounds(federation.coordinator.lines, played.quiet),
    troubles: [...played.troubles, ...watch.troubles],
    unread: watch.unread,
  };
}

/** Reads each window four times a second, and hands what it says to the oracle. */
class Watch {
  readonly oracle = new Oracle();
  readonly troubles: string[] = [];
  unread = 0;
  readonly #timeline: Timeline;
  readonly #end = new AbortController();
  readonly #loops: readonly Promise<void>[];

  constructor(federation: Federation, folder: string) {
    this.#timeline = new Timeline(folder);
    this.#loops = labs.map((lab) => this.#read(lab, federation.windows[lab]));
  }

  mark(mark: Mark): void {
    this.oracle.mark(mark);
    this.#timeline.mark(mark);
  }

  async #read(lab: Lab, { page }: ServedWindow): Promise<void> {
    const { signal } = this.#end;
    for (let nextMs = performance.now(); !signal.aborted; nextMs = Math.max(nextMs + samplingMs, performance.now())) {
      await delay(Math.max(0, nextMs - performance.now()), undefined, { signal }).catch(() => undefined);
      try {
        const said = await saidBy(page);
        this.oracle.see(lab, said);
        this.#timeline.see(lab, said);
      } catch {
        // It is being loaded.
        this.unread++;
      }
    }
  }

  async end(): Promise<void> {
    this.#end.abort();
    await Promise.all(this.#loops);
  }
}

interface Stage {
  readonly federation: Federation;
  readonly watch: Watch;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

async function play(
  plan: Plan,
  stage: Stage,
  untilMs: number,
): Promise<Pick<WindowsResult, 'acts' | 'troubles'> & { readonly quiet: readonly Quiet[] }> {
  const { federation, watch, signal, say } = stage;
  const done: Plan['acts'][number]['name'][] = [];
  const troubles: string[] = [];
  const quiet: Quiet[] = [];
  const pass = (ms: number): Promise<unknown> => delay(Math.max(0, ms), undefined, { signal }).catch(() => undefined);
  const rest = async (ms: number): Promise<void> => {
    const from = Date.now();
    await pass(ms);
    quiet.push({ from, to: Date.now() });
  };
  await rest(plan.quietMs);
  for (const [index, act] of plan.acts.entries()) {
    if (signal.aborted) break;
    const before = watch.oracle.faults.length;
    const mark = (step: Mark['step']): void => watch.mark({ act: act.name, step, at: Date.now() });
    try {
      mark('begins');
      await act.begin(federation);
      mark('holds');
      await pass(act.holdMs / 2);
      if (act.unseen === undefined) await picture(stage, `${index + 1}-during`);
      await pass(act.holdMs / 2);
    } catch (error) {
      troubles.push(`"${act.name}" could not be played: ${String(error)}`);
    }
    mark('ends');
    // Also after a failure: what stands still goes on.
    try {
      await act.undo(federation);
    } catch (error) {
      troubles.push(`"${act.name}" could not be undone: ${String(error)}`);
    }
    mark('undone');
    done.push(act.name);
    await pass(pictureAfterMs);
    await picture(stage, `${index + 1}-after`);
    await pass(settleMs - pictureAfterMs);
    await rest(index === plan.acts.length - 1 ? untilMs - performance.now() : plan.quietMs);
    say(`${index + 1} of ${plan.acts.length}: ${act.name}: ${watch.oracle.faults.length - before} faults`);
  }
  return { acts: done, troubles, quiet };
}

/** Of each window, as it is seen; one that cannot be pictured in time is left out. */
async function picture({ federation, folder }: Stage, name: string): Promise<void> {
  const all = labs.map(async (lab) => {
    const shot = await federation.windows[lab].page.screenshot({ timeout: pictureLimitMs }).catch(() => null);
    if (shot !== null) writeFileSync(joinPath(folder, 'pictures', `${name}-${lab}.png`), shot);
  });
  await Promise.all(all);
}

/** Each has counted once: from here on all is to be well. */
async function untilCounted({ windows }: Federation, signal: AbortSignal): Promise<void> {
  for (const { page } of Object.values(windows)) {
    signal.throwIfAborted();
    await page
      .getByText(/^counted \d+ of \d+/)
      .first()
      .waitFor();
  }
}
