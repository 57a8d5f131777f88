import { join } from 'node:path';
import type { CoordinatorStart } from '#shared/contract/child-messages.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import { lockFolder } from '#engine/durability/folder-lock.ts';
import { stateInvalid } from '#engine/durability/disk-errors.ts';
import { readRunFile, type RunFile } from '#engine/durability/run-file.ts';
import type { CoordinatorOptions } from '#engine/round/coordinator/driver.ts';
import { planFederation } from '#engine/trainer/federation-plan.ts';
import { requirePlan } from '#engine/trainer/graph-cache.ts';
import { readNetwork } from '#engine/trainer/imported/network-file.ts';
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
  const graph = model.graph === undefined ? undefined : await folder.graph(model.graph.hash);
  const layout = graph === undefined ? requirePlan(model).layout : readNetwork(graph).tensors;
  const run = await folder.restore(layout, reporter);
  const [initialParameters = []] = run.models;
  const classes =
    file.classes.length > 0
      ? file.classes
      : await classesOf(path, { data: file.start.data, seed: settings.seed, numClasses: model.numClasses });
  return { file, run, settings, model, graph, baselineAccuracy, classes, initialParameters };
}

/**
 * An older version kept no class names; they are those of the data that the run was begun with, if that is still there.
 * @throws RoundscopeError `state_invalid` with why they cannot be had
 */
export async function classesOf(
  path: string,
  begun: { readonly data: string; readonly seed: number; readonly numClasses: number },
): Promise<readonly string[]> {
  const { data, seed, numClasses } = begun;
  const { signal } = new AbortController();
  const file = join(path, 'run.json');
  let classes: readonly string[];
  try {
    classes = (await planFederation(data, { seed, signal })).classes;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw stateInvalid(file, `names no classes, and the data it was begun with cannot be read: ${why}`, error);
  }
  if (classes.length === numClasses) return classes;
  throw stateInvalid(
    file,
    `names no classes, and ${data} has ${classes.length} where the run's model has ${numClasses}`,
  );
}
