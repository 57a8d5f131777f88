import { isOpen, type EventData, type EventType, type RecordedEvent } from '#shared/contract/events.ts';
import { coordinatorId } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import { carrierOf } from '#shared/contract/protocols.ts';
import {
  forgive,
  participantOf,
  push,
  eventLoopStallMs,
  type EvidenceRef,
  type ParticipantObservation,
  type ProcessObservation,
  type RunObservation,
} from './observation.ts';

/** Folds one event into what rules read. */
export function observeEvent(run: RunObservation, event: RecordedEvent): void {
  const ref: MakeRef = (text) => ({ ref: `event:${event.id}`, at: event.at, text });
  const observer = observers[event.type];
  // The union is discriminated by type, which the index access above cannot express.
  (observer as Observer<unknown> | undefined)?.(run, event.data, ref, event.source);
}

type MakeRef = (text: string) => EvidenceRef;
type Observer<D> = (run: RunObservation, data: D, ref: MakeRef, source: string) => void;

const observers: { [T in EventType]?: Observer<EventData<T>> } = {
  run_opened: (run, data) => {
    run.chair = data.chair;
    run.self = data.self ?? run.self;
    // A participant's own link is checked from its first attempt on.
    run.running = data.chair === 'participant';
  },
  run_started: (run, data, _ref, source) => {
    run.running = true;
    run.wait = null;
    run.coordinatorGone = null;
    run.self = data.self ?? run.self;
    run.chair ??= data.demo !== undefined ? 'demo' : source === coordinatorId ? 'coordinator' : 'participant';
  },
  run_ended: (run) => {
    run.running = false;
  },
  run_resumed: (run, _data, ref) => {
    run.coordinatorGone = null;
    run.asking.clear();
    // What the former process heard and did not hear is no longer to the point.
    run.forgiveBefore = Math.max(run.forgiveBefore, ref('').at);
    for (const participant of run.participants.values()) {
      participant.linkState = 'connecting';
      participant.linkAt = null;
      participant.linkDown = null;
      participant.obstacle = null;
      participant.lastHeard = null;
      participant.lastEcho = null;
      participant.transfer = null;
      participant.sessions.length = 0;
      participant.undeliverable.length = 0;
    }
  },
  admission: (run, { participant, key, state }, ref) => {
    if (state !== 'waiting') return void run.asking.delete(key);
    if (run.asking.has(key) || run.asking.size >= limits.admissionWaitingMax) return;
    run.asking.set(key, { participant, since: ref(`${participant} asks to be let in`) });
  },
  participant_expelled: (run, { key }) => void run.asking.delete(key),
  round_status: (run, data) => {
    run.wait = data;
  },
  participant_joined: (run, data) => {
    run.asking.delete(data.key);
    const participant = participantOf(run, data.participant);
    participant.protocol = data.protocol;
    participant.joined = true;
    participant.left = null;
    participant.exited = null;
  },
  participant_left: (run, data, ref) => {
    participantOf(run, data.participant).left = ref(`${data.participant} left: ${data.reason}`);
  },
  participant_paused: (run, data, ref) => {
    const participant = participantOf(run, data.participant);
    participant.paused = data.paused
      ? (participant.paused ?? ref(`${data.participant} pauses: ${data.reason || 'no reason given'}`))
      : null;
    // What it did not do while it paused is held against nobody.
    if (!data.paused && participant.lastProgress !== null)
      participant.lastProgress = ref(`${data.participant} goes on`);
  },
  participant_phase: (run, data, ref) => {
    const participant = participantOf(run, data.participant);
    if (participant.phase === data.phase && participant.phaseRound === data.round) return;
    participant.phase = data.phase;
    participant.phaseRound = data.round;
    participant.phaseAt = ref(`${data.participant}: ${phaseWords[data.phase]}, round ${data.round}`);
    participant.lastProgress = participant.phaseAt;
    participant.firstStep = true;
    if (data.phase !== 'send') participant.trained = null;
    if (data.phase !== 'send' && data.phase !== 'receive') participant.transfer = null;
  },
  training_progress: (run, data, ref) => {
    const participant = participantOf(run, data.participant);
    const progress = ref(
      `batch ${data.batch} of ${data.batches}${data.epochs > 1 ? `, epoch ${data.epoch} of ${data.epochs}` : ''}`,
    );
    const before = participant.lastProgress;
    if (before !== null && participant.phase === 'train') {
      const pauseMs = progress.at - before.at;
      if (participant.firstStep) participant.firstStepMsMax = Math.max(participant.firstStepMsMax, pauseMs);
      else participant.progressGapMsMax = Math.max(participant.progressGapMsMax, pauseMs);
    }
    participant.lastProgress = progress;
    participant.firstStep = false;
    if (data.epoch >= data.epochs && data.batch >= data.batches) participant.trained = progress;
  },
  training_done: (run, data, ref) => {
    participantOf(run, data.participant).trained ??= ref(`training of round ${data.round} done`);
  },
  update_received: (run, data, ref) => {
    const participant = participantOf(run, data.participant);
    participant.trained = null;
    participant.transfer = null;
    const { round, reason, code } = data;
    if (code === undefined || !valueCodes.has(code)) return;
    const { refusals } = run.weighed;
    if (refusals.size >= limits.participantsMax) return;
    refusals.set(data.participant, { round, reason, told: ref(`update of round ${round} refused: ${reason}`) });
  },
  updates_weighed: (run, data, ref) => {
    run.weighed.updates = { data, told: ref(`updates of round ${data.round} were weighed`) };
    for (const { participant } of data.updates) run.weighed.refusals.delete(participant);
  },
  evaluations_weighed: (run, data, ref) => {
    run.weighed.evaluations = { data, told: ref(`evaluations of round ${data.round} were weighed`) };
  },
  update_acknowledged: (run, data) => {
    const participant = participantOf(run, data.participant);
    participant.trained = null;
    participant.transfer = null;
  },
  transfer_progress: (run, data, ref, source) => {
    // Where both ends report, what has arrived counts; else what is known here.
    const receiver = data.direction === 'up' ? coordinatorId : data.participant;
    if (run.chair === 'demo' && source !== receiver) return;
    const participant = participantOf(run, data.participant);
    const { participant: _, ...transfer } = data;
    const moved = ref(`${data.kind}: ${megabytes(data.sentBytes)} of ${megabytes(data.totalBytes)} MB`);
    const arrived = data.sentBytes >= data.totalBytes && source === receiver;
    participant.transfer = arrived ? null : { ...transfer, moved };
  },
  link_state: (run, data, ref) => {
    const participant = participantOf(run, data.participant);
    const own = run.chair === 'participant' ? 'participant' : 'coordinator';
    if (data.obstacle !== undefined) participant.obstacle ??= ref(data.obstacle);
    else if (isOpen(data.state) && data.side === own && participant.obstacle !== null) {
      participant.obstacle = null;
      participant.backAt = Math.max(participant.backAt, ref('').at);
    }
    // In a demo what the coordinator can rely on counts; a participant may well believe itself connected.
    if (data.side !== own) {
      participant.ownLink = { state: data.state, reason: data.reason, at: ref('').at };
      return;
    }
    const told = ref(`link ${data.state}${data.reason === '' ? '' : `: ${data.reason}`}`);
    if (participant.linkState !== data.state || participant.linkAt === null) participant.linkAt = told;
    participant.linkState = data.state;
    participant.linkReason = data.reason;
    if (participant.unread && data.unread !== true) participant.backAt = Math.max(participant.backAt, told.at);
    participant.unread = data.unread === true;
    const another = data.connections !== participant.connections;
    participant.connections = data.connections;
    if (isOpen(data.state)) {
      // Whatever it did meanwhile could not be told; it may also be a process that was started again.
      if (participant.linkDown !== null || another) participant.backAt = Math.max(participant.backAt, told.at);
      participant.linkDown = null;
      if (data.participant === run.self) run.dial = null;
    } else if (participant.connections > 0) participant.linkDown ??= told;
  },
  link_attempt: (run, data, ref) => {
    if (data.participant !== run.self) return;
    const way = carrierOf(data.stack);
    const told = ref(
      `attempt ${data.number} at ${data.address} over ${way}: ${data.reason || resultWords[data.result]}`,
    );
    // Numbers begin again with 1 once the link was open.
    const before = run.dial !== null && run.dial.last.number <= data.number ? run.dial : null;
    const ended = data.result === 'trying' ? 0 : 1;
    run.dial = {
      attempts: data.number - 1 + ended,
      ways: new Set([...(before?.ways ?? []), way]),
      last: data,
      since: before?.since ?? told,
      told,
    };
  },
  broker_state: (run, data, ref) => {
    // Where the coordinator tells of it as well, its word is enough.
    if (data.participant !== undefined && data.participant !== run.self) return;
    const before = run.broker;
    const told = ref(`${data.address}: ${data.state}${data.reason === '' ? '' : `: ${data.reason}`}`);
    const losses = [...(before?.losses ?? [])];
    if (data.state === 'lost' && before?.state !== 'lost') push(losses, told, 16);
    const same = before?.state === data.state;
    run.broker = { ...data, since: same ? before.since : told, losses };
    if (data.state === 'connected' && before !== null) run.forgiveBefore = Math.max(run.forgiveBefore, told.at);
  },
  process_stats: (run, data, ref) => {
    const before = run.processes.get(data.name);
    const sameLife = before?.pid === data.pid;
    const told = ref(`${data.name}'s process: ${data.doing}, its clock runs`);
    // Measured by the process itself: a wall clock that is set makes nobody late.
    const lateMs = data.loopDelayMsMax;
    const late = lateMs >= lateFromMs ? { at: told.at, ms: lateMs } : sameLife ? before.late : null;
    const [toldUntil, backAt] = sameLife ? [before.toldUntil, before.backAt] : [told.at, 0];
    const now: ProcessObservation = {
      pid: data.pid,
      told,
      cpuPercent: data.cpuPercent,
      busyAt: (data.machineBusyPercent ?? 0) >= busyFromPercent ? told.at : sameLife ? before.busyAt : null,
      late,
      signAt: told.at,
      toldUntil,
      backAt,
    };
    if (before === undefined && run.processes.size >= limits.participantsMax) return;
    run.processes.set(data.name, now);
    if (data.name === coordinatorId) run.coordinator = now;
    else participantOf(run, data.name).process = now;
    if (!sameLife || lateMs < eventLoopStallMs) return;
    forgive(run, data.name, told.at);
    if (data.name === coordinatorId) run.coordinatorPause = { from: told.at - lateMs, to: told.at, told };
  },
  process_exited: (run, data, ref) => {
    run.processes.delete(data.name);
    const gone = ref(`process ${data.pid} of ${data.name} is gone: ${data.note}`);
    if (data.name === coordinatorId) {
      run.coordinator = null;
      run.coordinatorGone = data.restarts === true ? gone : null;
      return;
    }
    const participant = participantOf(run, data.name);
    participant.process = null;
    participant.exited = { ...gone, expected: data.expected, restarts: data.restarts === true };
  },
  fault_injected: (run, data, ref) => {
    faultsOf(run, data.participant).set(data.fault, { injectedAt: ref('').at, clearedAt: null });
  },
  fault_cleared: (run, data, ref) => {
    const faults = faultsOf(run, data.participant);
    const known = faults.get(data.fault);
    if (known === undefined) return;
    faults.set(data.fault, { ...known, clearedAt: ref('').at });
    if (data.fault === 'connection-per-message') forgetHabit(participantOf(run, data.participant));
  },
};

/** An update is refused for what it is, not for when it comes. */
const valueCodes: ReadonlySet<string> = new Set(['update_not_finite', 'update_exploded', 'update_wrong_shape']);

/** A clock that runs this late has not had the processor. */
const lateFromMs = 200;

/** Of processors of which less is left, a step may wait for its turn. */
const busyFromPercent = 95;

const phaseWords: Readonly<Record<ParticipantObservation['phase'], string>> = {
  receive: 'receives the global model',
  train: 'trains',
  send: 'sends its update',
  wait: 'waits',
  evaluate: 'evaluates',
  idle: 'has nothing to do',
};

function faultsOf(run: RunObservation, participant: string): RunObservation['faults'] {
  return participant === coordinatorId ? run.faults : participantOf(run, participant).faults;
}

/** What a participant did while a fault made it do so says nothing about what it does now. */
function forgetHabit(participant: ParticipantObservation): void {
  participant.sessions.length = 0;
  participant.undeliverable.length = 0;
}

const resultWords: Readonly<Record<EventData<'link_attempt'>['result'], string>> = {
  trying: 'under way',
  connected: 'connected',
  no_answer: 'no answer',
  refused: 'refused',
  failed: 'failed',
};

export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
