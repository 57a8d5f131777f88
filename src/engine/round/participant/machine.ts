import { unreachable } from '#shared/base/assert.ts';
import type { ErrorCode } from '#shared/base/errors.ts';
import type { HeaderOf, MessageHeader } from '#shared/contract/messages.ts';
import type { Instant, Step } from '../machine.ts';
import { ParticipantDraft } from './draft.ts';
import {
  configured,
  forgetUpdates,
  graphMissing,
  linkReset,
  misfit,
  noPlan,
  planTold,
  prepared,
  register,
  reportOf,
  unreadablePlan,
  waitsToEnter,
  welcomed,
} from './entry.ts';
import { pauseAsked } from './pause.ts';
import {
  registerAgainMs,
  type ModelFinding,
  type ParticipantConfig,
  type ParticipantEffect,
  type ParticipantInput,
  type ParticipantState,
} from './state.ts';
import {
  askedToEvaluate,
  askedToTrain,
  evaluated,
  modelArrived,
  progressed,
  roundsOver,
  startIfReady,
  trained,
  updateAcknowledged,
  withdrawn,
  workFailed,
} from './work.ts';

export type ParticipantStep = Step<ParticipantState, ParticipantEffect>;

/** A participant that waits to be told what the run is about, and then says who it is and what data it has. */
export function startParticipant(config: ParticipantConfig, now: Instant): ParticipantStep {
  const draft = new ParticipantDraft(
    {
      config,
      plan: null,
      data: null,
      awaitsGraph: false,
      registered: false,
      waitsToEnter: false,
      paused: false,
      registerSentMs: now.monotonicMs,
      training: null,
      models: [],
      task: null,
      jobs: 0,
      lastUpdate: config.kept ?? null,
      updateUntold: config.kept !== undefined,
      pendingUpdates: config.kept === undefined ? [] : [config.kept],
      lastEvaluation: null,
      phase: 'idle',
      phaseRound: 0,
      progressSentMs: -Infinity,
      outcome: null,
    },
    now,
  );
  draft.enterPhase('wait', 0);
  return finish(draft);
}

/**
 * The participant's half of a run as a pure function. It does what it was asked for last: a newer task ends an older one,
 * whether that was done or not, since the coordinator has gone on. It re-sends nothing by itself (the link does that), but
 * asked a second time for what it has done already, it gives the same answer again.
 */
export function advanceParticipant(state: ParticipantState, input: ParticipantInput, now: Instant): ParticipantStep {
  const draft = new ParticipantDraft(state, now);
  if (state.outcome === null) take(draft, input);
  return finish(draft);
}

function finish(draft: ParticipantDraft): ParticipantStep {
  return { state: draft.s, effects: draft.effects, wakeAtMs: Infinity };
}

function take(draft: ParticipantDraft, input: ParticipantInput): void {
  switch (input.kind) {
    case 'message':
      return message(draft, input.header, input.model);
    case 'link_reset':
      return linkReset(draft);
    case 'graph_missing':
      return graphMissing(draft);
    case 'prepared':
      return prepared(draft, input.loaded);
    case 'misfit':
      return misfit(draft, input.error);
    case 'no_plan':
      return noPlan(draft, input.waitedMs);
    case 'unreadable_plan':
      return unreadablePlan(draft, input);
    case 'link_closed':
      return linkClosed(draft, input);
    case 'transfer': {
      const incoming = input.direction === 'down' && (input.of === 'global_model' || input.of === 'model_graph');
      if (incoming && draft.s.task?.job == null && draft.s.phase !== 'send') draft.enterPhase('receive', input.round);
      return;
    }
    case 'progress':
      return progressed(draft, input);
    case 'trained':
      return trained(draft, input);
    case 'evaluated':
      return evaluated(draft, input);
    case 'work_failed':
      return workFailed(draft, input);
    case 'withdrawn':
      return withdrawn(draft, input);
    case 'pause':
      return pauseAsked(draft, input);
    case 'tick':
      return;
    case 'stop':
      return draft.end('interrupted', input.reason);
    default:
      unreachable(input, 'participant input');
  }
}

function message(draft: ParticipantDraft, header: MessageHeader, model: ModelFinding | undefined): void {
  switch (header.kind) {
    case 'run_plan':
      return planTold(draft, header);
    case 'model_graph':
      draft.s.awaitsGraph = false;
      return;
    case 'admission':
      return waitsToEnter(draft, header);
    case 'welcome':
      return welcomed(draft);
    case 'training_config':
      return configured(draft, header) ? startIfReady(draft) : undefined;
    case 'global_model':
      return modelArrived(draft, header, model);
    case 'start_training':
      return askedToTrain(draft, header);
    case 'start_evaluation':
      return askedToEvaluate(draft, header);
    case 'update_ack':
      return updateAcknowledged(draft, header);
    case 'training_complete': {
      const { status, reason, roundsCompleted, loss, accuracy } = header.body;
      return draft.end(status, reason, { roundsCompleted, loss, accuracy });
    }
    case 'goodbye':
      return draft.end(
        'interrupted',
        `the coordinator left: ${header.body.reason === '' ? header.body.code : header.body.reason}`,
      );
    case 'error':
      return refused(draft, header);
    // The rest of what these say is for people, see mirror.ts.
    case 'round_status':
      return roundsOver(draft, header.round - 1);
    case 'round_summary':
      return roundsOver(draft, header.round);
    default:
      return;
  }
}

/** Refusals after which waiting is pointless. */
const finalCodes: ReadonlySet<ErrorCode> = new Set([
  'participant_name_taken',
  'participant_limit',
  'key_mismatch',
  'key_has_name',
  'admission_refused',
  'expelled',
  'invitation_replaced',
  'invitation_expired',
  'timeout',
  'data_invalid',
  'run_over',
  'run_mismatch',
  'link_rejected',
  'version_unsupported',
]);

/** Answers to the question for a network, without which nothing can be trained. */
const graphCodes: ReadonlySet<ErrorCode> = new Set(['model_invalid', 'rate_exceeded']);

function linkClosed(
  draft: ParticipantDraft,
  { code, status, reason }: Extract<ParticipantInput, { kind: 'link_closed' }>,
): void {
  if (status !== undefined) return draft.end(status, reason);
  // A refusal and the end of the link set out together, and either may be heard first.
  const refusal = [...finalCodes].find((known) => known === code);
  if (refusal === undefined) return draft.end('failed', `the link to the coordinator is closed: ${reason}`);
  if (refusal === 'expelled') forgetUpdates(draft);
  draft.fail(reportOf(draft, refusal, reason));
}

function refused(draft: ParticipantDraft, header: HeaderOf<'error'>): void {
  const { code, reason } = header.body;
  if (code === 'expelled') forgetUpdates(draft);
  if (finalCodes.has(code) || (draft.s.awaitsGraph && graphCodes.has(code)))
    return draft.fail(reportOf(draft, code, reason));
  draft.warn(code, `the coordinator says: ${reason}`, header.round);
  if (code !== 'not_registered') return;
  draft.s.registered = false;
  // A coordinator that was restarted: everything of its former life is void.
  if (draft.now.monotonicMs - draft.s.registerSentMs >= registerAgainMs) register(draft, header.round);
}
