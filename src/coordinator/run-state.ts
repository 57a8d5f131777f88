import { join } from 'node:path';
import type { CoordinatorStart } from '#shared/contract/child-messages.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import { lockFolder } from '#engine/durability/folder-lock.ts';
import { stateInvalid } from '#engine/durability/disk-errors.ts';
import { readRunFile, type RunFile } from '#engine/durability/run-file.ts';
import type { CoordinatorOptions } from '#engine/round/coordinator-driver.ts';
import { planFederation } from '#engine/trainer/federation-plan.ts';
import { requirePlan } from '#engine/trainer/graph-cache.ts';
import type { PlannedRun } from './planned-run.ts';
import { RunFolder } from './run-folder.ts';

/** The state folder of a coordinator while this process has it. */
export interface RunState extends AsyncDisposable {
  readonly path: string;
  readonly folder: RunFolder;
  /** The run that lay there; null: this process begins one. */
  readonly restored:
    | (PlannedRun & {
        readonly file: RunFile;
        readonly run: NonNullable<CoordinatorOptions['restored']>;
      })
    | null;
}

/**
 * Null where nothing is to be kept.
 * @throws RoundscopeError `state_in_use`, `state_invalid`, `path_unwritable`
 */
export async function openRunState(start: CoordinatorStart, reporter: Reporter): Promise<RunState | null> {
  const path = start.stateFolder;
  if (path === undefined) return null;
  using held = new DisposableStack();
  held.use(lockFolder(path));
  const folder = held.use(new RunFolder(path));
  const restored = await restore(path, start, folder, reporter);
  const kept = held.move();
  return { path, folder, restored, [Symbol.asyncDispose]: async () => kept.dispose() };
}

async function restore(
  path: string,
  start: CoordinatorStart,
  folder: RunFolder,
  reporter: Reporter,
): Promise<RunState['restored']> {
  const file = await readRunFile(path);
  if (file === null) return null;
  if (file.start.run !== start.run)
    throw stateInvalid(join(path, 'run.json'), `is of run ${file.start.run}, not of ${start.run}`);
  const { settings, model, baselineAccuracy } = file;
  const run = await folder.restore(requirePlan(model).layout, reporter);
  const [initialParameters = []] = run.models;
  const classes = file.classes.length > 0 ? file.classes : await classesOf(path, file);
  return { file, run, settings, model, baselineAccuracy, classes, initialParameters };
}

/** An older version kept no class names; they are those of the data that the run was begun with, if that is still there. */
async function classesOf(path: string, { start, settings, model }: RunFile): Promise<readonly string[]> {
  const { signal } = new AbortController();
  const plan = await planFederation(start.data, { seed: settings.seed, signal }).catch((): null => null);
  if (plan?.classes.length === model.numClasses) return plan.classes;
  throw stateInvalid(
    join(path, 'run.json'),
    `names no classes, and the data it was begun with is no longer at ${start.data}`,
  );
}
