import { isDeepStrictEqual } from 'node:util';
import { toErrorReport } from '#shared/base/errors.ts';
import { coordinatorId } from '#shared/contract/ids.ts';
import type { CoordinatorStart } from '#shared/contract/child-messages.ts';
import { modelCodec } from '#engine/codec/model-codec.ts';
import { isNoRoom } from '#engine/durability/disk-errors.ts';
import { ModelFiles } from '#engine/durability/model-files.ts';
import { withoutModel } from '#engine/durability/model-out.ts';
import { writeRunFile, type RunFile } from '#engine/durability/run-file.ts';
import { yieldToEventLoop } from '#engine/host/yield-to-event-loop.ts';
import { endedOf, serveParent, type Ended } from '#engine/host/process/child-process.ts';
import type { ParentChannel } from '#engine/host/process/parent-channel.ts';
import { programVersion } from '#engine/host/program-version.ts';
import { ProcessReporter } from '#engine/host/process/process-reporter.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { runCoordinator } from '#engine/round/coordinator/driver.ts';
import { ObservedReporter } from '#engine/round/observed-reporter.ts';
import { AdmissionControl } from './admission-control.ts';
import { openListeners, type Listeners } from './listeners.ts';
import { DepartedParticipants } from './departed-participants.ts';
import { planRun, type PlannedRun } from './planned-run.ts';
import { openRunState, type RunState } from './run-state.ts';

/** They may be told before the run has begun. */
const gone = new DepartedParticipants();

serveParent({
  startType: 'start_coordinator',
  run,
  survivesByState: ({ stateFolder, demo }: CoordinatorStart) => stateFolder !== undefined && demo === undefined,
  onFault: () => undefined,
  onOther: (message) => {
    if (message.type === 'participant_gone') gone.add(message.participant, message.reason);
    if (message.type === 'start_now') startNow();
    admission.take(message);
  },
});

/** Who is let in and who is sent away, as this run's user says. */
const admission = new AdmissionControl();

/** Before the run is there nobody can have come. */
let startNow: () => void = () => undefined;

/** Serves one run: listens, hands out the invitation, runs the rounds, says goodbye. */
async function run(start: CoordinatorStart, channel: ParentChannel, signal: AbortSignal): Promise<Ended> {
  let doing = 'starting';
  using processReporter = new ProcessReporter({
    run: start.run,
    source: 'coordinator',
    clock: systemClock,
    channel,
    doing: () => doing,
  });
  const reporter = new ObservedReporter(processReporter);
  await using opened = await wanted(start, reporter, () => openRunState(start, reporter));
  const { loaded, startModel, ...about }: PlannedRun = opened?.restored ?? (await planRun(start, signal));
  const { model, graph, initialParameters, baselineAccuracy, classes, settings } = about;
  await using door = await openListeners(start, reporter, signal, opened);
  const planned = { start, settings, model, graph, initialParameters, baselineAccuracy, classes };
  const state = await wanted(start, reporter, () => keep(opened, planned, door));
  channel.post({ type: 'listening', invitation: door.invitations.current, endpoints: [...door.endpoints] });
  if (loaded !== undefined) reporter.event('data_loaded', { participant: coordinatorId, ...loaded });
  if (startModel !== undefined) reporter.event('notice', { level: 'info', text: beginsWith(start, startModel) });
  const models = modelFiles(start, reporter);
  models?.about({ runName: settings.name, classes, model });
  using _admission = admission.open({ door, post: (message) => channel.post(message) });
  doing = 'serving the run';
  const outcome = await runCoordinator({
    settings,
    model,
    graph,
    initialParameters,
    links: door,
    codec: modelCodec,
    clock: systemClock,
    reporter,
    transfers: reporter,
    gone,
    yieldToEventLoop,
    models,
    onStartable: (start) => {
      startNow = start;
    },
    onAdmitting: (tell) => admission.serve(tell),
    admission: start.admission,
    signal,
    baselineAccuracy,
    classes,
    software: programVersion(),
    store: state?.folder,
    restored: opened?.restored?.run,
    // In a demo participants report to the same recorder themselves.
    participantEvents: start.demo === undefined ? 'told' : 'none',
    demo: start.demo,
    self: start.self,
  });
  const unsaved = (await models?.finish()) ?? null;
  await state?.folder.finish();
  doing = 'telling those who missed it that the run is over';
  await door.tellEnd(outcome, signal);
  return endedOf(withoutModel({ status: outcome.status, reason: outcome.reason }, unsaved));
}

function beginsWith({ startFrom = '' }: CoordinatorStart, { origin }: { readonly origin: string }): string {
  return `The run begins with the model in ${startFrom}${origin === '' ? '' : ` (${origin})`}.`.slice(0, 1000);
}

/** A demo is played again and again, so its best models are not worth a folder each. */
function modelFiles(start: CoordinatorStart, reporter: ObservedReporter): ModelFiles | undefined {
  const { run, modelFolder: folder, modelOut: finalPath, demo } = start;
  if (folder === undefined) return undefined;
  return new ModelFiles({
    run,
    participant: coordinatorId,
    folder,
    finalPath,
    keepsBest: demo === undefined,
    reporter,
  });
}

/**
 * What is kept because somebody asked for it by a folder must be kept. A demo keeps its run unasked, so a disk that has no
 * room costs it that and nothing else: null, after a notice.
 */
async function wanted<T>(
  start: CoordinatorStart,
  reporter: ObservedReporter,
  act: () => Promise<T | null>,
): Promise<T | null> {
  try {
    return await act();
  } catch (error) {
    if (start.demo === undefined || !isNoRoom(error)) throw error;
    const report = toErrorReport(error);
    const text = `This demo is not kept on disk and would not survive a restart of its coordinator: ${report.message}`;
    reporter.event('notice', { level: 'error', text: text.slice(0, 1000), error: report });
    return null;
  }
}

/** From here on the run outlives this process: before anybody has the invitation. */
async function keep(
  state: RunState | null,
  { start, initialParameters, classes, graph, ...about }: PlannedRun & { readonly start: CoordinatorStart },
  { token, endpoints }: Listeners,
): Promise<RunState | null> {
  if (state === null) return state;
  if (state.restored !== null) {
    await keepWays(state.path, state.restored.file, { start, endpoints });
    return state;
  }
  const bytes = modelCodec.encode(initialParameters);
  await state.folder.begin(modelCodec.hash(bytes), bytes);
  if (about.model.graph !== undefined && graph !== undefined)
    await state.folder.keepGraph(about.model.graph.hash, graph);
  await writeRunFile(state.path, {
    version: 1,
    start,
    ...about,
    classes: [...classes],
    token,
    endpoints: [...endpoints],
  });
  return state;
}

/** Where it is reached now: another password at its broker, or another certificate of that. */
async function keepWays(
  path: string,
  file: RunFile,
  { start, endpoints }: { readonly start: CoordinatorStart; readonly endpoints: Listeners['endpoints'] },
): Promise<void> {
  const now = {
    ...file,
    start: { ...file.start, ...(start.broker === undefined ? {} : { broker: start.broker }) },
    endpoints: [...endpoints],
  };
  if (!isDeepStrictEqual(now, file)) await writeRunFile(path, now);
}
