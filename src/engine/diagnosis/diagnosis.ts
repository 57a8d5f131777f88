import type { EventData, RecordedEvent } from '#shared/contract/events.ts';
import type { PacketRow } from '#shared/contract/packet.ts';
import {
  emptyRunObservation,
  observeEvent,
  observePacket,
  type ParticipantObservation,
  type RunObservation,
} from './observation.ts';
import { coordinatorGone, rules, type Finding } from './rules.ts';

export interface DiagnosisSink {
  raised(verdict: EventData<'verdict_raised'>): void;
  cleared(verdict: EventData<'verdict_cleared'>): void;
}

/** Entries kept of what a verdict has outlived: the first, and the newest of the rest. */
const historyMax = 16;

/** A verdict as it was last told, and the wait that it was told for. */
interface Told {
  readonly data: EventData<'verdict_raised'>;
  readonly wait: EventData<'round_status'>;
  /** When its wait was over while its cause went on; null while it stands. */
  readonly clearedAt: number | null;
}

/**
 * Says why a round waits. It reads the same events and packets as everybody else and judges only participants that the
 * coordinator waits for: who is not waited for stalls nothing. `judge` is called a few times a second by its owner with
 * the wall time (in a replay: the time of the recording), so that silence is noticed too.
 *
 * One cause is one verdict: a wait that changes updates it, and one that begins anew while the cause goes on takes it up
 * again, with what it has outlived as its history.
 */
export class Diagnosis {
  readonly #sink: DiagnosisSink;
  /** The last verdict on each participant, standing or cleared. */
  readonly #told = new Map<string, Told>();
  #run: RunObservation = emptyRunObservation();
  #serial = 0;

  constructor(sink: DiagnosisSink) {
    this.#sink = sink;
  }

  event(event: RecordedEvent): void {
    if (event.type === 'run_started') this.#run = { ...emptyRunObservation(), participants: this.#run.participants };
    observeEvent(this.#run, event);
    if (event.type === 'run_ended' && event.data.status !== 'stalled') this.#clearAll('the run ended');
  }

  packet(packet: PacketRow): void {
    observePacket(this.#run, packet);
  }

  /** @param now wall time, ms since 1970 */
  judge(now: number): void {
    const run = this.#run;
    run.now = Math.max(run.now, now);
    if (!run.running || run.wait === null) return;
    const waitedFor = new Set<string>(run.wait.waitingFor);
    for (const participant of run.participants.values()) {
      const finding = waitedFor.has(participant.id) ? firstFinding(participant, run) : null;
      this.#clearUnless(participant.id, finding, waitedFor);
      if (finding !== null) this.#say(participant, finding, run.wait);
    }
  }

  /** A verdict falls when its rule no longer fits, and when nobody waits for its subject any more. */
  #clearUnless(participant: string, finding: Finding | null, waitedFor: ReadonlySet<string>): void {
    const told = this.#told.get(participant);
    if (told === undefined || told.clearedAt !== null || told.data.rule === finding?.rule) return;
    const waitOver = !waitedFor.has(participant);
    // Only a cause that nobody saw end may be taken up again.
    if (waitOver) this.#told.set(participant, { ...told, clearedAt: this.#run.now });
    else this.#told.delete(participant);
    const over = waitOver ? `the round no longer waits for ${participant}` : `${participant} is heard of again`;
    this.#sink.cleared({
      verdict: told.data.verdict,
      reason: finding === null ? over : `now: ${finding.sentence}`,
    });
  }

  #say(participant: ParticipantObservation, finding: Finding, wait: EventData<'round_status'>): void {
    const before = this.#told.get(participant.id);
    const now = verdictOf(participant, finding, this.#run, wait);
    if (before === undefined || !isSame(before, finding)) {
      this.#tell(wait, { ...now, verdict: `v${++this.#serial}-${finding.rule}-${participant.id}` });
      return;
    }
    if (before.clearedAt === null && isSameWait(before.wait, wait)) return;
    const { verdict, since, detectedAfterMs, history = [], injected } = before.data;
    this.#tell(wait, {
      ...now,
      verdict,
      since: Math.min(since, now.since),
      detectedAfterMs,
      ...(injected === undefined ? {} : { injected }),
      history: bounded([...history, ...outlived(before, wait, this.#run.now)]),
    });
  }

  #tell(wait: EventData<'round_status'>, data: EventData<'verdict_raised'>): void {
    this.#told.set(data.subject, { data, wait, clearedAt: null });
    this.#sink.raised(data);
  }

  #clearAll(reason: string): void {
    for (const { data, clearedAt } of this.#told.values()) {
      if (clearedAt === null) this.#sink.cleared({ verdict: data.verdict, reason });
    }
    this.#told.clear();
  }
}

function verdictOf(
  participant: ParticipantObservation,
  finding: Finding,
  run: RunObservation,
  wait: EventData<'round_status'>,
): Omit<EventData<'verdict_raised'>, 'verdict'> {
  return {
    rule: finding.rule,
    layer: finding.layer,
    subject: participant.id,
    sentence: finding.sentence,
    explanation: finding.explanation,
    since: finding.since,
    detectedAfterMs: Math.max(0, run.now - finding.since),
    nextAction: wait.nextAction,
    nextActionAt: wait.deadlineAt,
    ...(finding.fault !== undefined && participant.faults.has(finding.fault) ? { injected: finding.fault } : {}),
    evidence: [...finding.evidence],
  };
}

/** The same cause: it stands, or it began before the verdict was cleared for want of a wait. */
function isSame(told: Told, finding: Finding): boolean {
  return told.data.rule === finding.rule && (told.clearedAt === null || finding.since <= told.clearedAt);
}

function isSameWait(a: EventData<'round_status'>, b: EventData<'round_status'>): boolean {
  return (
    a === b ||
    (a.round === b.round && a.phase === b.phase && a.nextAction === b.nextAction && a.deadlineAt === b.deadlineAt)
  );
}

type History = NonNullable<EventData<'verdict_raised'>['history']>;

function outlived({ data, wait: before, clearedAt }: Told, wait: EventData<'round_status'>, now: number): History {
  const entry = (at: number, text: string): History[number] => ({ at, text });
  const samePlace = before.round === wait.round && before.phase === wait.phase;
  const over =
    clearedAt === null ? [] : [entry(clearedAt, `round ${before.round} no longer waited for ${data.subject}`)];
  return samePlace && clearedAt === null
    ? []
    : [...over, entry(now, `round ${wait.round}, ${wait.phase}: still waited for`)];
}

function bounded(history: History): History {
  return history.length <= historyMax ? history : [...history.slice(0, 1), ...history.slice(1 - historyMax)];
}

function firstFinding(participant: ParticipantObservation, run: RunObservation): Finding | null {
  if (run.coordinatorGone !== null) return coordinatorGone(participant, run);
  for (const rule of rules) {
    const finding = rule(participant, run);
    if (finding !== null) return finding;
  }
  return null;
}
