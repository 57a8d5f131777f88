import { assert } from '#shared/base/assert.ts';
import type { EventOf, EventType, RunEvent } from '#shared/contract/events.ts';
import { coordinatorId } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import { applyAdmission, withoutAsking } from './apply-admission.ts';
import { applyLoss } from './apply-loss.ts';
import { applyOwnWork } from './apply-own-work.ts';
import { applyLinkAttempt, applyLinkState, applyLinkStats, applyParticipant } from './apply-participant.ts';
import { applyProcess } from './apply-process.ts';
import { applyResumed } from './apply-resumed.ts';
import { applyDown, applyRound } from './apply-round.ts';
import { applyRunEnded } from './apply-run-ended.ts';
import { applyTold } from './apply-told.ts';
import { append, patch, type Handlers } from '../fold.ts';
import type { RunView } from '../run-view.ts';

/**
 * Folds one event into the view of a run. Pure, with structural sharing: what an event does not touch keeps its identity,
 * so that a screen can subscribe to a slice. Null is the state before `run_started`; other events before it make a view
 * of their own, so that nothing is lost when a recording begins in the middle. Decision 0031.
 */
export function applyEvent(view: RunView | null, event: RunEvent): RunView {
  if (event.type === 'run_started') return startedView(view, event);
  const current = applyTold(openedView(view, event), event);
  const handler = handlers[event.type];
  // The union is discriminated by type, which the index access above cannot express.
  const next = (handler as ((view: RunView, event: RunEvent) => RunView) | undefined)?.(current, event) ?? current;
  return applyOwnWork(next, event);
}

/** Folds many; the order is that of the recording. */
export function applyEvents(view: RunView | null, events: Iterable<RunEvent>): RunView | null {
  let current = view;
  for (const event of events) current = applyEvent(current, event);
  return current;
}

export function emptyView(run: string, at: number): RunView {
  return {
    run,
    name: run,
    chair: null,
    demo: null,
    self: null,
    startedAt: at,
    endedAt: null,
    status: 'starting',
    endReason: '',
    left: false,
    roundsPlanned: 0,
    baselineAccuracy: null,
    weightRule: null,
    classes: [],
    contributions: [],
    sentTensors: null,
    loaded: [],
    models: [],
    round: 0,
    roundsCompleted: 0,
    roundsMs: 0,
    roundsTold: 0,
    phase: 'registering',
    wait: null,
    rounds: [],
    participants: [],
    verdicts: [],
    faults: [],
    networks: [],
    notices: [],
    refused: [],
    asking: [],
    admits: null,
    invitationsRenewed: 0,
    unrecorded: { packets: 0, refusals: 0 },
    processes: [],
    recorder: null,
    losses: [],
    loopDelayMsMax: 0,
    dropped: 0,
  };
}

/** A run that is opened again after its end begins afresh. */
function openedView(view: RunView | null, event: RunEvent): RunView {
  const over = event.type === 'run_opened' && view !== null && (view.run !== event.run || view.endedAt !== null);
  return view === null || over ? emptyView(event.run, event.at) : view;
}

/**
 * What was told of a run before it started (processes, armed faults, its recording) is kept, and all of one that runs: its
 * coordinator was started again. Another run starts afresh.
 */
function startedView(view: RunView | null, event: EventOf<'run_started'>): RunView {
  const goesOn = view !== null && view.run === event.run && view.endedAt === null;
  const base = goesOn ? view : emptyView(event.run, event.at);
  return {
    ...base,
    name: event.data.name,
    demo: event.data.demo ?? base.demo,
    self: event.data.self ?? base.self,
    chair: base.chair ?? chairToldBy(event),
    startedAt: base.status === 'running' ? base.startedAt : event.at,
    status: 'running',
    roundsPlanned: event.data.rounds,
    baselineAccuracy: event.data.baselineAccuracy,
    weightRule: ruleToldBy(event) ?? base.weightRule,
    classes: event.data.classes ?? base.classes,
    admits: event.data.admits ?? base.admits,
  };
}

function ruleToldBy({ data: { weightCap, normClip } }: EventOf<'run_started'>): RunView['weightRule'] {
  return weightCap === undefined || normClip === undefined ? null : { weightCap, normClip };
}

/** Of recordings without `run_opened`: from where the run was seen shows in who reports its start. */
function chairToldBy({ data, source }: EventOf<'run_started'>): RunView['chair'] {
  if (data.demo !== undefined) return 'demo';
  if (source === coordinatorId) return 'coordinator';
  return data.self === undefined ? null : 'participant';
}

const handlers: { [T in Exclude<EventType, 'run_started'>]?: (view: RunView, event: EventOf<T>) => RunView } = {
  ...applyRound,
  ...applyParticipant,
  ...applyProcess,
  ...applyAdmission,
  participant_joined: (view, event) =>
    withoutAsking(applyParticipant.participant_joined(view, event), event.data.participant, event.data.key),
  transfer_progress: (view, event) => applyDown(applyParticipant.transfer_progress(view, event), event),
  run_opened: (view, { data }) => ({ ...view, chair: data.chair, name: data.name, self: data.self ?? view.self }),
  data_loaded: (view, { data, at }) => ({
    ...view,
    loaded: [...view.loaded.filter(({ participant }) => participant !== data.participant), { ...data, at }].slice(
      -limits.participantsMax,
    ),
  }),
  update_tensors: (view, { data }) => (data.participant === view.self ? { ...view, sentTensors: data } : view),
  model_saved: (view, { data, at }) => ({ ...view, models: append(view.models, { ...data, at }, 16).items }),
  run_resumed: applyResumed,
  run_ended: applyRunEnded,
  link_state: applyLinkState,
  link_attempt: applyLinkAttempt,
  link_stats: applyLinkStats,
  fault_armed: (view, event) =>
    withFault(view, { ...event.data, state: 'armed', at: event.at, note: '', clearedAt: null }),
  fault_injected: (view, event) => withFault(view, { ...event.data, state: 'active', at: event.at, clearedAt: null }),
  fault_cleared: (view, event) => ({
    ...view,
    faults: view.faults.map((fault) =>
      fault.fault === event.data.fault && fault.participant === event.data.participant && fault.state !== 'cleared'
        ? { ...fault, state: 'cleared', note: event.data.note, clearedAt: event.at }
        : fault,
    ),
    participants: patch(view.participants, event.data.participant, (participant) => ({
      faults: participant.faults.filter((fault) => fault !== event.data.fault),
    })),
  }),
  network_changed: (view, event) => {
    const stats = view.networks.find(({ participant }) => participant === event.data.participant)?.stats ?? null;
    const others = view.networks.filter(({ participant }) => participant !== event.data.participant);
    const networks = [...others, { ...event.data, at: event.at, stats }];
    return { ...view, networks: networks.slice(-limits.participantsMax) };
  },
  network_stats: (view, event) => ({
    ...view,
    networks: view.networks.map((network) =>
      network.participant === event.data.participant ? { ...network, stats: event.data } : network,
    ),
  }),
  verdict_raised: (view, event) => {
    const known = view.verdicts.some((verdict) => verdict.verdict === event.data.verdict);
    const span = { from: event.data.since, to: null };
    const raised = {
      ...event.data,
      at: event.at,
      clearedAt: null,
      clearedBecause: '',
      round: view.round,
      spans: [span],
    };
    if (known)
      return {
        ...view,
        verdicts: view.verdicts.map((verdict) =>
          verdict.verdict !== raised.verdict
            ? verdict
            : {
                ...raised,
                at: verdict.at,
                round: verdict.round,
                // Raised again after it was cleared: it stood before, and it stands from now on.
                spans:
                  verdict.clearedAt === null
                    ? verdict.spans
                    : append(verdict.spans, { from: event.at, to: null }, limits.verdictSpansMax).items,
              },
        ),
      };
    return counted(view, 'verdicts', append(view.verdicts, raised, limits.viewVerdictsMax));
  },
  verdict_cleared: (view, event) => ({
    ...view,
    verdicts: view.verdicts.map((verdict) =>
      verdict.verdict === event.data.verdict && verdict.clearedAt === null
        ? {
            ...verdict,
            clearedAt: event.at,
            clearedBecause: event.data.reason,
            spans: verdict.spans.map((span) =>
              span.to === null ? { ...span, to: Math.max(span.from, event.at) } : span,
            ),
          }
        : verdict,
    ),
  }),
  notice: (view, event) =>
    counted(
      view,
      'notices',
      append(view.notices, { ...event.data, at: event.at, source: event.source }, limits.viewNoticesMax),
    ),
  participant_refused: (view, event) =>
    counted(view, 'refused', append(view.refused, { ...event.data, at: event.at }, limits.viewNoticesMax)),
  peers_unrecorded: (view, { data }) => ({ ...view, unrecorded: data }),
  recorder_stats: (view, event) => ({ ...view, recorder: event.data }),
  rows_lost: applyLoss,
} satisfies Handlers;

function withFault(view: RunView, fault: RunView['faults'][number]): RunView {
  const others = view.faults.filter(
    (known) => known.fault !== fault.fault || known.participant !== fault.participant || known.state !== 'armed',
  );
  const participants =
    fault.state === 'active'
      ? patch(view.participants, fault.participant, (participant) => ({
          faults: [...new Set([...participant.faults, fault.fault])],
        }))
      : view.participants;
  return { ...view, participants, faults: [...others, fault].slice(-limits.viewNoticesMax) };
}

function counted<K extends 'verdicts' | 'notices' | 'refused'>(
  view: RunView,
  key: K,
  appended: { readonly items: RunView[K][number][]; readonly dropped: number },
): RunView {
  assert(appended.dropped <= 1, 'one event appends one item');
  return { ...view, [key]: appended.items, dropped: view.dropped + appended.dropped };
}
