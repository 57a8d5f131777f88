import { toErrorReport, type ErrorCode, type ErrorReport } from '#shared/base/errors.ts';
import { faultWords } from '#shared/base/invariant.ts';
import type { EventData } from '#shared/contract/events.ts';
import { approvedText } from '#shared/contract/run/approval.ts';
import type { HeaderOf, RunPlanBody } from '#shared/contract/messages.ts';
import type { Instant, Step } from '../machine.ts';
import { otherThanPlanned, tooMuchWork } from './check-work.ts';
import { ParticipantDraft } from './draft.ts';
import { sayPaused } from './pause.ts';
import { tellsAll, toldData, withoutPaths } from '../telling.ts';
import type { LoadedData, ParticipantEffect, ParticipantState } from './state.ts';

/**
 * How a participant comes in: the coordinator's first word on a link is the plan of its run, the data is fitted to that on
 * this machine, and only then does the participant say who it is and what it has.
 */
export function planTold(draft: ParticipantDraft, { body }: HeaderOf<'run_plan'>): void {
  const { s } = draft;
  if (s.plan === null) {
    s.plan = body;
    draft.effects.push({ kind: 'prepare', plan: body });
    return;
  }
  // Told again by a coordinator that was restarted: the data is fitted already, as long as it is the plan that was approved.
  if (!isSameTask(s.plan, body))
    return draft.fail(
      reportOf(
        draft,
        'run_mismatch',
        'the coordinator came back with another plan than the one that was approved: join again to read it',
      ),
    );
  s.plan = body;
  refusesWork(draft);
}

/** It cannot take part, or its user does not want what is asked: a refusal is an answer, so that nobody waits for it. */
export function misfit(draft: ParticipantDraft, error: ErrorReport): void {
  if (error.code === 'plan_refused')
    draft.send({
      kind: 'error',
      round: 0,
      body: { code: error.code, reason: withoutPaths(error.message).slice(0, 500) },
    });
  draft.fail(error);
}

/** The coordinator was restarted and knows this participant from its disk at best. */
export function linkReset(draft: ParticipantDraft): void {
  const { s } = draft;
  s.registered = false;
  if (s.awaitsGraph) graphMissing(draft);
  register(draft, 0);
}

/** Asks the coordinator for the network of its plan. */
export function graphMissing(draft: ParticipantDraft): void {
  const { s } = draft;
  const graph = s.plan?.model.graph;
  if (graph === undefined) return;
  s.awaitsGraph = true;
  draft.send({ kind: 'graph_request', round: s.plan?.round ?? 0, body: { hash: graph.hash } });
}

export function prepared(draft: ParticipantDraft, loaded: LoadedData): void {
  const { s } = draft;
  s.data = loaded.data;
  draft.report('data_loaded', { participant: s.config.name, ...loaded });
  if (refusesWork(draft)) return;
  register(draft, s.plan?.round ?? 0);
}

/** The one thing of a plan that costs its reader more the more it says. */
function refusesWork(draft: ParticipantDraft): boolean {
  const { plan, data } = draft.s;
  const reason = plan === null || data === null ? null : tooMuchWork(plan, data);
  if (reason !== null) draft.fail({ ...reportOf(draft, 'data_too_large', reason), layer: 'data' });
  return reason !== null;
}

/** What it trains with is what its user has seen in the plan. */
export function configured(draft: ParticipantDraft, { body }: HeaderOf<'training_config'>): boolean {
  const { plan } = draft.s;
  const other = plan === null ? null : otherThanPlanned(plan, body);
  if (other !== null) {
    draft.fail(reportOf(draft, 'run_mismatch', other));
    return false;
  }
  draft.s.training = body;
  return true;
}

export function noPlan(draft: ParticipantDraft, waitedMs: number): void {
  if (draft.s.plan !== null) return;
  const seconds = Math.round(waitedMs / 1000);
  const message =
    `the coordinator is connected and has not told what its run is about for ${seconds} s; ` +
    'it hangs, or runs a version of Roundscope that tells no plan';
  draft.fail(reportOf(draft, 'timeout', message));
}

/** Waiting for another plan would be in vain: the coordinator has said what it has to say. */
export function unreadablePlan(
  draft: ParticipantDraft,
  { code, reason }: { readonly code: ErrorCode; readonly reason: string },
): void {
  if (draft.s.plan !== null) return;
  const message = `the coordinator's plan of the run cannot be used: ${reason}; nothing was trained or sent`;
  draft.fail(reportOf(draft, code, message));
}

/** Says who it is and what it has, once it has that; until then `prepared` is still to come. */
export function register(draft: ParticipantDraft, round: number): void {
  const { s } = draft;
  const { name, key, trainer, telling = tellsAll } = s.config;
  if (s.data === null) return;
  s.registerSentMs = draft.now.monotonicMs;
  draft.send({ kind: 'register', round, body: { name, key, data: toldData(s.data, telling), trainer } });
  sayPaused(draft);
  // Work that is under way goes on: the coordinator will ask for the same.
  if (s.task?.job == null) draft.enterPhase('wait', 0);
}

/** Whoever coordinates is asked about it. */
export function waitsToEnter(draft: ParticipantDraft, { body: { reason } }: HeaderOf<'admission'>): void {
  draft.s.waitsToEnter = true;
  draft.report('admission', { ...ownKey(draft), state: 'waiting', reason });
}

export function welcomed(draft: ParticipantDraft): void {
  const waited = draft.s.waitsToEnter;
  draft.s.registered = true;
  draft.s.waitsToEnter = false;
  if (!waited) return;
  draft.report('admission', { ...ownKey(draft), state: 'admitted', reason: 'let in' });
  // What was said while it waited was heard by nobody.
  sayPaused(draft);
}

function ownKey({ s: { config } }: ParticipantDraft): Omit<EventData<'admission'>, 'state' | 'reason'> {
  return { participant: config.name, key: config.key, address: '' };
}

/** Nothing of what it has computed is of use in this run any more. */
export function forgetUpdates(draft: ParticipantDraft): void {
  for (const { hash } of draft.s.pendingUpdates) draft.effects.push({ kind: 'forget_update', hash });
}

export function reportOf({ s }: ParticipantDraft, code: ErrorCode, message: string): ErrorReport {
  return { code, layer: 'round', message, retryable: false, context: { participant: s.config.name }, causes: [] };
}

/** A step broke a rule of the machine, or could not be done: the run ends here, and the coordinator hears it with the goodbye. */
export function endByFault(
  state: ParticipantState,
  error: unknown,
  now: Instant,
): Step<ParticipantState, ParticipantEffect> {
  const draft = new ParticipantDraft(state, now);
  const report = { ...toErrorReport(error), message: faultWords(error).slice(0, 500) };
  draft.report('notice', { level: 'error', text: report.message, error: report, participant: state.config.name });
  if (state.outcome === null) draft.fail(report);
  return { state: draft.s, effects: draft.effects, wakeAtMs: Infinity };
}

function isSameTask(a: RunPlanBody, b: RunPlanBody): boolean {
  return approvedText(a) === approvedText(b);
}
