import { unreachable } from '#shared/base/assert.ts';
import type { MessageHeader } from '#shared/contract/messages.ts';
import { CoordinatorDraft } from './draft.ts';
import { noDecisions } from '../admission.ts';
import { beginEvaluation, evaluationResult, settleEvaluation } from './phases/evaluation.ts';
import { endAgain, endRun } from './end.ts';
import { endIfQuorumImpossible, goneForGood } from './phases/quorum-impossible.ts';
import { participantFailed, updateUnreadable } from './failure.ts';
import { expel } from './entry/expel.ts';
import { letGoOfStrangers, renewed } from './entry/strangers.ts';
import {
  admit,
  linkClosed,
  linkOpened,
  linkState,
  participantGone,
  registered,
  turnAway,
  planRefused,
} from './entry/registration.ts';
import { paused, resumed } from './phases/pause.ts';
import { answerProbe, sendGraph } from './plan.ts';
import { awaitsReturn, restoredState, returnMs, takeUp, type RestoredRun } from './restored.ts';
import type {
  CoordinatorConfig,
  CoordinatorEffect,
  CoordinatorInput,
  CoordinatorState,
  UpdateFinding,
} from './state.ts';
import {
  delivered,
  modelUpdate,
  settleTraining,
  startNow,
  trainingProgress,
  transferProgress,
  tryStartRound,
} from './phases/training.ts';
import { publishStatus, statusWakeAtMs } from './status.ts';
import type { Instant, Step } from '../machine.ts';

export type CoordinatorStep = Step<CoordinatorState, CoordinatorEffect>;

/** A run that waits for its participants, or one that goes on where a former process left it. */
export function startCoordinator(
  config: CoordinatorConfig,
  now: Instant,
  restored: RestoredRun | null = null,
): CoordinatorStep {
  const { settings } = config;
  const draft = new CoordinatorDraft(
    {
      config,
      phase: 'registering',
      round: 0,
      phaseSinceMs: now.monotonicMs,
      roundSinceMs: now.monotonicMs,
      deadlineMs: Infinity,
      links: new Map(),
      participants: new Map(),
      members: new Map(),
      modelBefore: config.initialModel,
      model: config.initialModel,
      ends: [],
      admission: noDecisions,
      asking: new Map(),
      strangersAtMs: Infinity,
      roundsCompleted: 0,
      loss: null,
      accuracy: null,
      status: { stale: true, phase: null, round: 0, atMs: now.monotonicMs, whyAtMs: now.monotonicMs, why: '' },
      restartedMs: null,
      gone: new Map(),
      ending: null,
      outcome: null,
      ...(restored === null ? {} : restoredState(restored, settings.rounds, now)),
    },
    now,
  );
  draft.report('run_started', {
    name: settings.name,
    rounds: settings.rounds,
    minimumParticipants: settings.minimumParticipants,
    quorum: settings.quorum,
    seed: settings.seed,
    baselineAccuracy: config.baselineAccuracy,
    classes: [...config.classes],
    weightCap: settings.weightCap,
    normClip: settings.normClip,
    ...(config.admission === undefined ? {} : { admits: config.admission.rule }),
    ...(config.demo === undefined ? {} : { demo: config.demo }),
    ...(config.self === undefined ? {} : { self: config.self }),
  });
  if (restored === null) draft.enterPhase('registering', settings.registrationDeadlineMs);
  else {
    takeUp(draft, restored);
    settle(draft);
  }
  return finish(draft);
}

/**
 * The coordinator's half of a run as a pure function: what follows from one input at one moment. Nothing in it depends on
 * the order in which participants were heard: whoever came first, the same contributions make the same aggregate.
 */
export function advanceCoordinator(state: CoordinatorState, input: CoordinatorInput, now: Instant): CoordinatorStep {
  const draft = new CoordinatorDraft(state, now);
  if (state.outcome !== null) {
    afterTheEnd(draft, input);
    return { state: draft.s, effects: draft.effects, wakeAtMs: Infinity };
  }
  take(draft, input);
  settle(draft);
  return finish(draft);
}

function take(draft: CoordinatorDraft, input: CoordinatorInput): void {
  switch (input.kind) {
    case 'link_opened':
      return linkOpened(draft, input);
    case 'unreadable_update':
      return updateUnreadable(draft, input.link, input);
    case 'looked':
      return answerProbe(draft, input);
    case 'link_state':
      return linkState(draft, input);
    case 'link_closed':
      return linkClosed(draft, input.link, input);
    case 'message':
      return message(draft, input.link, input.header, input.update);
    case 'delivered':
      return delivered(draft, input);
    case 'transfer':
      return transferProgress(draft, input);
    case 'aggregated':
      return beginEvaluation(draft, input);
    case 'aggregation_failed':
      if (draft.s.phase === 'aggregating' && input.round === draft.s.round)
        endRun(draft, 'failed', `aggregation of round ${input.round} failed: ${input.reason}`);
      return;
    case 'gone':
      return goneForGood(draft, input);
    case 'admit':
      return admit(draft, input);
    case 'refuse':
      return turnAway(draft, input);
    case 'expel':
      return expel(draft, input);
    case 'renewed':
      return renewed(draft, input.generation);
    case 'start_now':
      return startNow(draft);
    case 'tick':
      return;
    case 'event_loop_stall':
      return eventLoopStall(draft, input.ms);
    case 'stop':
      return endRun(draft, 'interrupted', input.reason);
    default:
      unreachable(input, 'coordinator input');
  }
}

/** Nobody could report while the coordinator itself stood still: that time does not count. */
function eventLoopStall(draft: CoordinatorDraft, ms: number): void {
  const { s } = draft;
  s.deadlineMs += ms;
  s.phaseSinceMs += ms;
  if (s.restartedMs !== null) s.restartedMs += ms;
  draft.waitingSetChanged();
}

/** What may have become due through the input or through the time that has passed; phases can follow each other at once. */
function settle(draft: CoordinatorDraft): void {
  letGoOfStrangers(draft);
  for (;;) {
    const { phase, round, outcome } = draft.s;
    if (outcome !== null) return;
    if (draft.s.ending !== null) return awaitsReturn(draft) ? undefined : endAgain(draft, draft.s.ending);
    if (round > 0 && draft.remaining().length === 0 && phase !== 'aggregating') {
      return endRun(draft, 'failed', 'no participant is left');
    }
    if (phase === 'registering') tryStartRound(draft);
    else if (phase === 'distributing' || phase === 'training') settleTraining(draft);
    else if (phase === 'evaluating') settleEvaluation(draft);
    else if (draft.now.monotonicMs >= draft.s.deadlineMs)
      endRun(draft, 'failed', `${phase} of round ${round} did not finish`);
    endIfQuorumImpossible(draft);
    if (draft.s.phase === phase && draft.s.round === round) return;
  }
}

function finish(draft: CoordinatorDraft): CoordinatorStep {
  publishStatus(draft);
  const { s } = draft;
  const returnAtMs = s.restartedMs === null ? 0 : s.restartedMs + returnMs;
  const dueMs = returnAtMs > draft.now.monotonicMs ? Math.min(s.deadlineMs, returnAtMs) : s.deadlineMs;
  const wakeAtMs = s.outcome === null ? Math.min(dueMs, statusWakeAtMs(s)) : Infinity;
  return { state: s, effects: draft.effects, wakeAtMs };
}

function message(
  draft: CoordinatorDraft,
  link: number,
  header: MessageHeader,
  update: UpdateFinding | undefined,
): void {
  const record = draft.s.links.get(link);
  // A message that was read before its link closed and checked after: nobody is left to be answered.
  if (record === undefined) return;
  if (header.kind === 'heartbeat') return;
  if (header.sender !== record.participant) {
    const reason = `a message of ${header.sender} came over the link of ${record.participant}`;
    return draft.send(link, {
      kind: 'error',
      round: header.round,
      replyTo: header.id,
      body: { code: 'sender_mismatch', reason },
    });
  }
  if (header.kind === 'register') return registered(draft, record, header);
  if (header.kind === 'graph_request') return sendGraph(draft, record, header);
  const participant = draft.s.participants.get(record.participant);
  if (participant === undefined || participant.link !== link || participant.left !== null) {
    if (header.kind === 'error' && header.body.code === 'plan_refused') return planRefused(draft, record, header);
    if (header.kind === 'goodbye' || header.kind === 'error') return;
    const reason = `${record.participant} sent ${header.kind} before it registered`;
    return draft.send(link, {
      kind: 'error',
      round: header.round,
      replyTo: header.id,
      body: { code: 'not_registered', reason },
    });
  }
  switch (header.kind) {
    case 'training_progress':
      return trainingProgress(draft, participant, header);
    case 'model_update':
      return modelUpdate(draft, participant, header, update);
    case 'evaluation_result':
      return evaluationResult(draft, participant, header);
    case 'pause':
      return paused(draft, participant, header);
    case 'resume':
      return resumed(draft, participant);
    case 'goodbye':
      return participantGone(draft, participant, {
        reason: header.body.reason === '' ? header.body.code : header.body.reason,
        clean: true,
      });
    case 'error':
      return participantFailed(draft, participant, { round: header.round, ...header.body });
    default:
      // The coordinator's own kinds, sent by a participant: no harm, no meaning.
      return;
  }
}

/** The run is over: late comers are told so, everything else has nobody left to care. */
function afterTheEnd(draft: CoordinatorDraft, input: CoordinatorInput): void {
  if (input.kind === 'link_closed') draft.removeLink(input.link);
  const reason = `the run is over: ${draft.s.outcome?.reason ?? ''}`.slice(0, 500);
  const error = { kind: 'error', round: draft.s.round, body: { code: 'run_over', reason } } as const;
  if (input.kind === 'link_opened' || input.kind === 'looked') draft.send(input.link, error);
  const { kind } = input.kind === 'message' ? input.header : input;
  // What somebody says who comes in; each is a question, and waits for its answer.
  if (input.kind === 'message' && (kind === 'register' || kind === 'graph_request')) {
    draft.send(input.link, { ...error, replyTo: input.header.id });
    draft.effects.push({ kind: 'close_link', link: input.link, code: 'run_over', reason });
  }
}
