import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { spawn } from '#shared/base/spawn.ts';
import { participantStartSchema } from '#shared/contract/child-messages.ts';
import { chairSchema } from '#shared/contract/events.ts';
import { runStatusSchema } from '#shared/contract/messages.ts';
import type { RecentRun } from '#shared/contract/app/port-api.ts';
import { appDiedReason } from '#shared/run-view/end-words.ts';
import { writeAtomicallySync } from '#engine/durability/atomic-file.ts';
import { checkedLine, readCheckedLine } from '#engine/durability/checked-line.ts';
import { diskError, isMissing } from '#engine/durability/disk-errors.ts';
import { startOf, stillRuns } from '#engine/durability/process-life.ts';
import type { RunHost } from './run-host.ts';

/** Runs that are remembered; older ones go. */
const runsMax = 200;
/** Lines at which the file is written again: each run has two, and damaged ones stay until then. */
const linesMax = 4 * runsMax;
/** Far beyond what that many lines hold; a larger file is none of ours. */
const fileBytesMax = 16 * 1024 * 1024;

const text = (max: number) => z.string().max(max);
const count = z.number().int().nonnegative();

const begunSchema = z.object({
  kind: z.literal('begun'),
  /** Of this entry; a run that is joined twice has two. */
  id: text(80),
  run: text(64),
  name: text(1000),
  chair: chairSchema,
  self: text(64).nullable(),
  startedAt: z.number(),
  recording: text(4096).nullable(),
  again: z
    .object({
      invitation: text(8192),
      data: text(4096),
      name: text(64),
      mapping: participantStartSchema.shape.mapping,
      exactCounts: participantStartSchema.shape.exactCounts,
    })
    .nullable(),
  pid: count,
  /** When that process began, as the system tells; numbers of processes are given again. */
  process: text(40),
});
const endedSchema = z.object({
  kind: z.literal('ended'),
  id: text(80),
  endedAt: z.number(),
  status: runStatusSchema,
  reason: text(1000),
  /** Not in lines of older versions. */
  left: z.boolean().default(false),
  name: text(1000),
  roundsPlanned: count,
  roundsCompleted: count,
  accuracy: z.number().nullable(),
  model: text(4096).nullable(),
});
const lineSchema = z.discriminatedUnion('kind', [begunSchema, endedSchema]);
type Begun = z.infer<typeof begunSchema>;
type Ended = z.infer<typeof endedSchema>;

/**
 * The runs of this machine in one file, a line when one begins and another when it ends, each on its own whole or not at
 * all: a process that dies leaves a run without an end, which is shown as interrupted. Several processes append to it.
 */
export class RecentRuns {
  readonly #path: string;
  readonly #onFailure: (error: unknown) => void;

  /** @param onFailure told of each line that could not be written; a run goes on without */
  constructor(dataFolder: string, onFailure: (error: unknown) => void) {
    this.#path = join(dataFolder, 'recent-runs');
    this.#onFailure = onFailure;
  }

  /** Writes that the run has begun, and how it ended once it has. */
  follow(host: RunHost): void {
    const { told, again } = host.opening;
    const id = `${host.run}-${host.view.startedAt.toString(36)}-${process.pid}`;
    this.#append({
      kind: 'begun',
      id,
      run: host.run,
      name: told.name,
      chair: told.chair,
      self: told.self ?? null,
      startedAt: host.view.startedAt,
      recording: host.recording?.path ?? null,
      again,
      pid: process.pid,
      process: startOf(process.pid),
    });
    spawn(
      'noting the end of a run',
      host.finished.then(() => this.#append(endOf(id, host))),
    );
  }

  /** Newest first; one line for a run that was joined again under the same name. `damaged`: lines that could not be read. */
  async list(): Promise<{ readonly runs: readonly RecentRun[]; readonly damaged: number }> {
    const { begun, ended, damaged } = await this.#read();
    const seen = new Set<string>();
    const runs: RecentRun[] = [];
    for (const one of begun.toReversed()) {
      const key = `${one.run} ${one.chair} ${one.self ?? ''}`;
      if (seen.has(key)) continue;
      seen.add(key);
      runs.push(runOf(one, ended.get(one.id)));
      if (runs.length === runsMax) break;
    }
    return { runs, damaged };
  }

  #append(line: Begun | Ended): void {
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      // A line that was cut off when a process died must not take the next one with it.
      appendFileSync(this.#path, `\n${checkedLine(line)}`, { mode: 0o600 });
      if (line.kind === 'begun') this.#tidy().catch(this.#onFailure);
    } catch (error) {
      this.#onFailure(diskError(this.#path, error));
    }
  }

  async #tidy(): Promise<void> {
    const { begun, ended, lines } = await this.#read();
    if (lines <= linesMax) return;
    const kept = begun
      .slice(-runsMax)
      .flatMap((one) => [one, ...(ended.has(one.id) ? [ended.get(one.id) as Ended] : [])]);
    writeAtomicallySync(this.#path, kept.map((line) => checkedLine(line)).join(''));
  }

  async #read(): Promise<{
    readonly begun: readonly Begun[];
    readonly ended: ReadonlyMap<string, Ended>;
    readonly damaged: number;
    readonly lines: number;
  }> {
    const begun: Begun[] = [];
    const ended = new Map<string, Ended>();
    let damaged = 0;
    const lines = (await this.#text()).split('\n').filter((line) => line !== '');
    for (const line of lines) {
      const checked = lineSchema.safeParse(readCheckedLine(line));
      if (!checked.success) damaged++;
      else if (checked.data.kind === 'begun') begun.push(checked.data);
      else ended.set(checked.data.id, checked.data);
    }
    return { begun, ended, damaged, lines: lines.length };
  }

  async #text(): Promise<string> {
    try {
      if (statSync(this.#path).size > fileBytesMax) {
        renameSync(this.#path, `${this.#path}.damaged`);
        return '';
      }
      return await readFile(this.#path, 'utf8');
    } catch (error) {
      if (isMissing(error)) return '';
      throw diskError(this.#path, error);
    }
  }
}

function endOf(id: string, { view }: RunHost): Ended {
  const last = view.rounds.findLast(({ state }) => state === 'done');
  return {
    kind: 'ended',
    id,
    endedAt: view.endedAt ?? view.startedAt,
    status: view.status === 'starting' || view.status === 'running' ? 'interrupted' : view.status,
    reason: view.endReason.slice(0, 1000),
    left: view.left,
    name: view.name.slice(0, 1000),
    roundsPlanned: view.roundsPlanned,
    roundsCompleted: view.roundsCompleted,
    accuracy: last?.accuracy ?? null,
    model: view.models.findLast(({ kind }) => kind === 'final')?.path ?? null,
  };
}

function runOf(begun: Begun, ended: Ended | undefined): RecentRun {
  const { run, chair, self, startedAt, recording, again } = begun;
  const runs = ended === undefined && stillRuns(begun.pid, begun.process);
  return {
    run,
    name: ended?.name ?? begun.name,
    chair,
    self,
    startedAt,
    endedAt: ended?.endedAt ?? null,
    status: ended?.status ?? (runs ? 'running' : 'interrupted'),
    reason: ended?.reason ?? (runs ? '' : appDiedReason),
    left: ended?.left ?? false,
    roundsPlanned: ended?.roundsPlanned ?? null,
    roundsCompleted: ended?.roundsCompleted ?? null,
    accuracy: ended?.accuracy ?? null,
    model: ended?.model ?? null,
    recording,
    // A run that is over refuses everybody.
    again: ended?.status === 'completed' ? null : again,
  };
}
