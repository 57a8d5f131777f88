import type { ErrorCode } from '#shared/base/errors.ts';
import type { Hash } from '#shared/contract/ids.ts';
import type { HeaderOf } from '#shared/contract/messages.ts';
import type { ParticipantDraft } from './draft.ts';
import {
  modelsHeldMax,
  progressIntervalMs,
  pendingUpdatesMax,
  type HeldModel,
  type ModelFinding,
  type ParticipantInput,
  type Task,
} from './state.ts';
import { tellsAll, toldEvaluation, toldProgress, toldUpdate, withoutPaths, type Telling } from '../telling.ts';

type InputOf<K extends ParticipantInput['kind']> = Extract<ParticipantInput, { kind: K }>;

function tellingOf({ s }: ParticipantDraft): Telling {
  return s.config.telling ?? tellsAll;
}

export function modelArrived(
  draft: ParticipantDraft,
  header: HeaderOf<'global_model'>,
  finding: ModelFinding | undefined,
): void {
  const { s } = draft;
  const hash = header.payload?.hash;
  if (hash === undefined || finding === undefined) return;
  if (!finding.ok) {
    const reason = `the global model of round ${header.round} is unusable: ${finding.reason}`;
    draft.warn(finding.code, reason, header.round);
    return draft.send({
      kind: 'error',
      round: header.round,
      replyTo: header.id,
      body: { code: finding.code, reason: reason.slice(0, 500) },
    });
  }
  const others = s.models.filter((model) => model.hash !== hash);
  s.models = [...others, { hash, round: header.round, tensors: finding.tensors }].slice(-modelsHeldMax);
  startIfReady(draft);
}

export function askedToTrain(draft: ParticipantDraft, header: HeaderOf<'start_training'>): void {
  const { s } = draft;
  const base = header.body.base ?? null;
  if (isOlder(s.task, header.round)) return;
  if (s.lastUpdate?.round === header.round && (base === null || s.lastUpdate.body.base === base))
    return sendUpdate(draft, s.lastUpdate);
  take(draft, { kind: 'train', round: header.round, model: base, job: null });
}

export function askedToEvaluate(draft: ParticipantDraft, header: HeaderOf<'start_evaluation'>): void {
  const { s } = draft;
  const model = header.body.model ?? null;
  if (isOlder(s.task, header.round)) return;
  const last = s.lastEvaluation;
  if (last?.round === header.round && (model === null || last.model === model)) {
    return draft.send({ kind: 'evaluation_result', round: last.round, body: last.body });
  }
  take(draft, { kind: 'evaluate', round: header.round, model, job: null });
}

/** Messages of a link arrive in order, but after a restart the coordinator may ask for something twice. */
function isOlder(task: Task | null, round: number): boolean {
  return task !== null && task.round > round;
}

function take(draft: ParticipantDraft, task: Task): void {
  const current = draft.s.task;
  if (current?.kind === task.kind && current.round === task.round && current.model === task.model) return;
  draft.dropTask(`round ${task.round} ${task.kind === 'train' ? 'trains' : 'is evaluated'} now`);
  draft.s.task = task;
  startIfReady(draft);
}

/**
 * All rounds up to this one are over, so work for them cannot count any more and is dropped. The coordinator asks for what
 * comes next. Without this a participant that was paused at the end of a round would continue with that round.
 */
export function roundsOver(draft: ParticipantDraft, last: number): void {
  const { s } = draft;
  if (s.pendingUpdates.some(({ round }) => round <= last)) draft.effects.push({ kind: 'withdraw_updates', last });
  if (s.task === null || s.task.round > last) return;
  draft.dropTask(`round ${s.task.round} is over`);
  if (!s.paused) draft.enterPhase('wait', s.phaseRound);
}

/** Starts the task as soon as both the model and the configuration are there; either may come first. */
export function startIfReady(draft: ParticipantDraft): void {
  const { s } = draft;
  const { task } = s;
  if (task === null || task.job !== null) return;
  const model = findModel(s.models, task);
  if (model === undefined || s.training === null) return draft.enterPhase('receive', task.round);
  if (s.paused) return draft.enterPhase('idle', task.round);
  s.jobs += 1;
  s.task = { ...task, model: model.hash, job: s.jobs };
  s.progressSentMs = -Infinity;
  draft.enterPhase(task.kind, task.round, model.hash);
  draft.effects.push({ kind: task.kind, job: s.jobs, round: task.round, config: s.training, model });
}

function findModel(models: readonly HeldModel[], task: Task): HeldModel | undefined {
  return models.findLast((model) => (task.model === null ? model.round === task.round : model.hash === task.model));
}

export function progressed(draft: ParticipantDraft, input: InputOf<'progress'>): void {
  const { s, now } = draft;
  if (s.task?.job !== input.job) return;
  const { epoch, epochs, batch, batches } = input.progress;
  const last = epoch >= epochs && batch >= batches;
  if (!last && now.monotonicMs - s.progressSentMs < progressIntervalMs) return;
  s.progressSentMs = now.monotonicMs;
  const telling = tellingOf(draft);
  const { examples = 0 } = s.data ?? {};
  const told = toldProgress(input.progress, { telling, examples, batchSize: s.training?.batchSize ?? 1 });
  draft.send({ kind: 'training_progress', round: s.task.round, body: told });
  draft.report('training_progress', { participant: s.config.name, round: s.task.round, ...input.progress });
}

export function trained(draft: ParticipantDraft, input: InputOf<'trained'>): void {
  const { s } = draft;
  const { task } = s;
  if (task?.job !== input.job || task.model === null) return;
  s.task = null;
  const { hash, sizeBytes, result } = input;
  s.lastUpdate = { round: task.round, hash, sizeBytes, body: { ...result, base: task.model } };
  s.updateUntold = true;
  sendUpdate(draft, s.lastUpdate);
}

function sendUpdate(draft: ParticipantDraft, update: NonNullable<ParticipantDraft['s']['lastUpdate']>): void {
  const { s } = draft;
  const { round, hash, sizeBytes } = update;
  tellTraining(draft);
  const others = s.pendingUpdates.filter((other) => other.hash !== hash);
  s.pendingUpdates = [...others, { round, hash, sizeBytes }].slice(-pendingUpdatesMax);
  draft.enterPhase('send', update.round);
  const body = toldUpdate(update.body, tellingOf(draft));
  draft.send({ kind: 'model_update', round: update.round, body, model: update.hash });
}

/** An update that an earlier process computed is reported when this process sends it or learns how it counted. */
function tellTraining(draft: ParticipantDraft): void {
  const { s } = draft;
  if (!s.updateUntold || s.lastUpdate === null) return;
  s.updateUntold = false;
  const { round, hash: modelHash, body } = s.lastUpdate;
  const { examples, loss, accuracy, trainMs: durationMs, norm } = body;
  const measures = { loss, accuracy, examples, durationMs, norm };
  draft.report('training_done', { participant: s.config.name, round, ...measures, modelHash });
}

export function updateAcknowledged(draft: ParticipantDraft, header: HeaderOf<'update_ack'>): void {
  const { accepted, contribution, reason, code, order } = header.body;
  const told = checked(draft, { round: header.round, hash: contribution, accepted, reason: reason ?? '', order });
  if (told && !accepted) {
    const text = `the update of round ${header.round} was refused: ${reason ?? 'no reason given'}`;
    draft.warn(code ?? 'internal', text, header.round);
  }
}

/** The update was still being sent when its round ended, and could only have been refused. */
export function withdrawn(draft: ParticipantDraft, { round, hash, reason }: InputOf<'withdrawn'>): void {
  checked(draft, { round, hash, accepted: false, reason });
}

/** Reports how an update counted, once: a repeated answer changes nothing. */
function checked(
  draft: ParticipantDraft,
  decision: {
    readonly round: number;
    readonly hash: Hash;
    readonly accepted: boolean;
    readonly reason: string;
    readonly order?: number | undefined;
  },
): boolean {
  const { s } = draft;
  const { round, hash, accepted, reason, order = null } = decision;
  const update = s.pendingUpdates.find((other) => other.hash === hash && other.round === round);
  if (update === undefined) return false;
  s.pendingUpdates = s.pendingUpdates.filter((other) => other !== update);
  if (s.lastUpdate?.hash === hash) tellTraining(draft);
  const { sizeBytes } = update;
  const participant = s.config.name;
  draft.report('update_acknowledged', { participant, round, contribution: hash, accepted, reason, order, sizeBytes });
  draft.effects.push({ kind: 'forget_update', hash });
  if (s.phase === 'send' && s.phaseRound === round) draft.enterPhase('wait', round);
  return true;
}

export function evaluated(draft: ParticipantDraft, input: InputOf<'evaluated'>): void {
  const { s } = draft;
  const { task } = s;
  if (task?.job !== input.job || task.model === null) return;
  s.task = null;
  const body = toldEvaluation(input.result, tellingOf(draft));
  s.lastEvaluation = { round: task.round, model: task.model, body };
  draft.send({ kind: 'evaluation_result', round: task.round, body });
  draft.enterPhase('wait', task.round);
}

/** Codes that say that its data is the cause. */
const dataCodes: ReadonlySet<ErrorCode> = new Set([
  'data_missing',
  'data_invalid',
  'data_too_large',
  'classes_unknown',
]);

/** Training or evaluation failed: the coordinator is told that it need not wait for this participant in this round. */
export function workFailed(draft: ParticipantDraft, input: InputOf<'work_failed'>): void {
  const { s } = draft;
  const { task } = s;
  if (task?.job !== input.job) return;
  s.task = null;
  const failed = `${task.kind === 'train' ? 'training' : 'evaluation'} of round ${task.round} failed`;
  draft.warn(input.code, `${failed}: ${input.reason}`, task.round);
  // Paths and names of a participant's data stay on its machine.
  const told = `${failed}: ${dataCodes.has(input.code) ? 'its data cannot be read any more' : withoutPaths(input.reason)}`;
  draft.send({ kind: 'error', round: task.round, body: { code: input.code, reason: told.slice(0, 500) } });
  draft.enterPhase('wait', task.round);
}
