import { RoundscopeError } from '#shared/base/errors.ts';
import { counted } from '#shared/base/text/counted.ts';
import { seededRandom } from '#shared/base/random.ts';
import type { ParticipantStart, ToChild } from '#shared/contract/child-messages.ts';
import type { Invitation } from '#shared/contract/app/invitation.ts';
import { timing } from '#shared/contract/limits.ts';
import { wayNotes } from '#shared/contract/app/secrecy.ts';
import type { RunPlanBody, RunStatus } from '#shared/contract/messages.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import type { ModelConfig } from '#shared/contract/run/model-config.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import { parameterCount, type ParameterLayout } from '#shared/tensor/parameter-set.ts';
import { modelCodec } from '#engine/codec/model-codec.ts';
import { endedOf, serveParent, type Ended } from '#engine/host/process/child-process.ts';
import { entryPath, workerPath } from '#engine/host/entries.ts';
import type { ParentChannel } from '#engine/host/process/parent-channel.ts';
import { ProcessReporter } from '#engine/host/process/process-reporter.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { isNoRoom } from '#engine/durability/disk-errors.ts';
import { GraphFiles } from '#engine/durability/graph-files.ts';
import { ModelFiles } from '#engine/durability/model-files.ts';
import { withoutModel } from '#engine/durability/model-out.ts';
import { createIdentity, loadIdentity, type Identity } from '#engine/identity/identity.ts';
import { participantKeyPath } from '#engine/identity/participant-key.ts';
import { decodeInvitation } from '#engine/identity/invitation.ts';
import { DialingLink } from '#engine/link/dial/dialing-link.ts';
import { ObservedReporter } from '#engine/round/observed-reporter.ts';
import { tellsAll, type Telling } from '#engine/round/telling.ts';
import { runParticipant } from '#engine/round/participant/driver.ts';
import { bundledOf } from '#shared/contract/run/bundled-data.ts';
import { requireData } from '#engine/trainer/data/load-data.ts';
import { requireMemory, requirePlan } from '#engine/trainer/graph-cache.ts';
import { WorkerTrainer } from '#engine/trainer/worker/worker-trainer.ts';
import { dialingTransport, type Route } from '#engine/transport/registry.ts';
import { approvePlan } from './approve-plan.ts';
import { chooseProtocols, toldProtocol } from './choosing.ts';
import { openOwnState, type OwnState } from './own-state.ts';

/** What a demo's faults act on; they may be injected before it is there. */
const faults: { link: DialingLink | null; trainer: WorkerTrainer | null } = { link: null, trainer: null };
/** Another way to the coordinator that came before there was a link. */
let moved: Extract<ToChild, { type: 'move' }> | null = null;

/** The link from its first attempt on. */
let dialing: DialingLink | null = null;

/** A process of its own, in a demo and when it joins a run elsewhere. Decision 0030. */
serveParent({
  startType: 'start_participant',
  run,
  onFault,
  onOther: (message) => {
    if (message.type === 'move') move(message);
    if (message.type === 'keep_trying') dialing?.keepTrying();
    if (message.type === 'try_now') dialing?.tryNow();
    if (message.type === 'pause') setPaused(message);
  },
});

/** What was asked last, for a run that is not there yet, and how to ask it of one that is. */
let paused: Extract<ToChild, { type: 'pause' }> | null = null;
let pause: ((on: boolean, reason: string) => void) | null = null;

function setPaused(message: Extract<ToChild, { type: 'pause' }>): void {
  paused = message;
  pause?.(message.on, message.reason);
}

/** Takes part in one run: data first, then the link, once and before registering, then rounds until it is told the end. */
async function run(start: ParticipantStart, channel: ParentChannel, signal: AbortSignal): Promise<Ended> {
  const decoded = decodeInvitation(start.invitation);
  if (!decoded.ok) throw decoded.error;
  const invitation = decoded.value;
  let doing = 'loading its data';
  using processReporter = new ProcessReporter({
    run: invitation.run,
    source: start.name,
    clock: systemClock,
    channel,
    doing: () => doing,
  });
  const reporter = new ObservedReporter(processReporter);
  await using trainer = new WorkerTrainer({ entry: entryPath('trainer-worker') });
  faults.trainer = trainer;
  using own = await openOwnState(start, invitation.run, reporter);
  // A wrong path is told before anybody is dialed; what is in it, once the run has said what it needs.
  await requireData(start.data);
  const identity = await identityOf(start, reporter);
  doing = `connecting over ${invitation.transport}`;
  // A demo's ways are its own machine's, and its coordinator has said it.
  if (start.share === undefined)
    for (const { level, text } of wayNotes(invitation.endpoints)) reporter.event('notice', { level, text });
  const told = toldProtocol(start, invitation.transport);
  await using choosing = told === null ? await chooseProtocols(start, reporter) : null;
  const take = choosing?.route ?? (told as Protocol);
  const seen = choosing?.reporter ?? reporter;
  await using link = await openLink({ start, invitation, identity, take, reporter: seen }, signal);
  faults.link = link;
  const models = modelFiles(start, invitation, reporter);
  doing = 'taking part';
  const outcome = await runParticipant({
    link: choosing?.through(link) ?? link,
    trainer,
    trainerDescription: trainer.description,
    telling: tellingOf(start),
    models,
    approve: (plan) => approvePlan(plan, { start, invitation, identity }),
    fitData: async ({ runName, classes, model, batchSize }, { signal: until }) => {
      if (model.graph === undefined) requireMemory(requirePlan(model), batchSize);
      models?.about({ runName, classes, model });
      const fit = { classes, shape: model.inputShape, mapping: start.mapping };
      const { data, share, trainingMs } = start;
      const loaded = await trainer.prepare({ data, share, fit, trainingMs }, { signal: until });
      channel.post({ type: 'joined', name: start.name, data: loaded.data });
      return loaded;
    },
    key: identity.fingerprint,
    layoutOf,
    openGraph: (plan, file, { signal: until }) => openGraph({ start, trainer, reporter }, { plan, file }, until),
    graphs: graphFiles(start),
    codec: modelCodec,
    clock: systemClock,
    reporter,
    transfers: reporter,
    // In a demo the coordinator reports to the same recorder itself.
    coordinatorEvents: start.share === undefined ? 'mirror' : 'none',
    updates: own?.updates,
    kept: own?.kept,
    onPausable: (ask) => {
      pause = ask;
      if (paused !== null) setPaused(paused);
    },
    signal,
  });
  const unsaved = (await models?.finish()) ?? null;
  const { status } = outcome;
  if (own !== null && isOver(status, own)) await own.finish();
  return endedOf(withoutModel(outcome, unsaved));
}

/** Whether nothing of this participant is of use in the run any more: what it has computed and not sent is, as long as the run goes on. */
function isOver(status: RunStatus, { updates }: OwnState): boolean {
  return status === 'completed' || status === 'stalled' || updates.pending === null;
}

function modelFiles(start: ParticipantStart, { run }: Invitation, reporter: Reporter): ModelFiles | undefined {
  const { name: participant, modelFolder: folder, modelOut: finalPath } = start;
  if (folder === undefined) return undefined;
  return new ModelFiles({ run, participant, folder, finalPath, keepsBest: true, reporter });
}

interface LinkParts {
  readonly start: ParticipantStart;
  readonly invitation: Invitation;
  readonly identity: Identity;
  readonly take: Protocol | Route;
  readonly reporter: Reporter;
}

function openLink(
  { start, invitation, identity, take, reporter }: LinkParts,
  signal: AbortSignal,
): Promise<DialingLink> {
  const transport = dialingTransport(take, invitation, {
    clock: systemClock,
    entropy: systemEntropy,
    identity,
    workerOf: workerPath,
    impaired: start.impaired ?? false,
  });
  return DialingLink.open({
    invitation,
    participant: start.name,
    identity,
    transport,
    clock: systemClock,
    random: seededRandom(systemEntropy.bytes(8).join('.')),
    entropy: systemEntropy,
    reporter,
    signal,
    // A coordinator that has just been started on another machine may need a moment; a wrong address does not get better.
    patienceMs: start.waitMs ?? timing.joinWaitMs,
    giveUpAfterMs: start.giveUpAfterMs === undefined ? timing.giveUpAfterMs : start.giveUpAfterMs,
    onDialing: (link) => {
      dialing = link;
      if (moved !== null) move(moved);
    },
  });
}

async function identityOf(start: ParticipantStart, reporter: Reporter): Promise<Identity> {
  const { sealingKey } = start;
  const folder = start.identityFolder ?? start.stateFolder;
  if (folder === undefined) return createIdentity();
  try {
    return await loadIdentity(participantKeyPath(folder, start.name), {
      sealingKey,
      onNotice: (text) => reporter.event('notice', { level: 'warning', text }),
    });
  } catch (error) {
    // A demo on a full disk: the key lives as long as the process, as everything else of it then does.
    if (start.share !== undefined && isNoRoom(error)) return createIdentity();
    throw error;
  }
}

/** Of own data no more than that: its name may say whose it is. In a demo all is one machine's. */
function tellingOf({ data, share, exactCounts }: ParticipantStart): Telling {
  if (share !== undefined) return tellsAll;
  return { exact: exactCounts === true, source: bundledOf(data)?.source ?? 'own pictures' };
}

function layoutOf(model: ModelConfig): ParameterLayout {
  return requirePlan(model).layout;
}

function graphFiles({ graphFolder, name }: ParticipantStart): GraphFiles | undefined {
  return graphFolder === undefined
    ? undefined
    : new GraphFiles(graphFolder, { clock: systemClock, draft: `${name}.${process.pid}` });
}

function networkWords(layout: ParameterLayout): string {
  const size = `${counted(parameterCount(layout), 'number')} in ${counted(layout.length, 'tensor')}`;
  return `This run trains a network of its coordinator's own, ${size}; it was read on this machine and can be trained here.`;
}

interface OpeningParts {
  readonly start: ParticipantStart;
  readonly trainer: WorkerTrainer;
  readonly reporter: Reporter;
}

/** In the trainer's thread, with a time limit: the file is whatever a coordinator sends. */
async function openGraph(
  { start, trainer, reporter }: OpeningParts,
  { plan, file }: { readonly plan: RunPlanBody; readonly file: Uint8Array },
  signal: AbortSignal,
): Promise<ParameterLayout> {
  const { model, batchSize, learningRate, optimizer } = plan;
  if (model.graph === undefined) return layoutOf(model);
  using limit = systemClock.deadline(timing.graphCheckMs, signal);
  try {
    const job = { file, model, batchSize, learningRate, optimizer, seed: 0 };
    const { layout } = await trainer.openGraph(job, { signal: limit });
    // In a demo everybody is on one machine.
    if (start.share === undefined) reporter.event('notice', { level: 'info', text: networkWords(layout) });
    return layout;
  } catch (error) {
    if (!limit.aborted || signal.aborted) throw error;
    const message = `The network of this run could not be built within ${timing.graphCheckMs / 1000} s. Nothing was trained or sent.`;
    throw new RoundscopeError('model_invalid', { layer: 'trainer', message, cause: error });
  }
}

function onFault({ fault, on }: Extract<ToChild, { type: 'fault' }>): void {
  if (fault === 'freeze-trainer') {
    if (on) faults.trainer?.freeze();
    else faults.trainer?.thaw();
  }
  if (fault === 'connection-per-message') faults.link?.setConnectionPerMessage(on);
  if (fault === 'drop-link' && on) faults.link?.dropSession('cut on purpose by the demo');
}

/** Only a demo does this, whose invitations are its own: one that cannot be read is its mistake. */
function move(message: Extract<ToChild, { type: 'move' }>): void {
  moved = message;
  const decoded = decodeInvitation(message.invitation);
  if (!decoded.ok) throw decoded.error;
  dialing?.moveTo(decoded.value.endpoints, message.reason);
}
