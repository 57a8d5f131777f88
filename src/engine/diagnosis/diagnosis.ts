import type { EventData, RecordedEvent } from '#shared/contract/events.ts';
import { limits } from '#shared/contract/limits.ts';
import type { PacketRow } from '#shared/contract/packet.ts';
import { findAll, type Found } from './find-all.ts';
import { subjects, type Finding } from './finding.ts';
import { emptyRunObservation, observeSign, type RunObservation } from './observation.ts';
import { observeEvent } from './observe-event.ts';
import { observePacket } from './observe-packet.ts';
import { overBecause } from './over-words.ts';

export interface DiagnosisSink {
  raised(verdict: EventData<'verdict_raised'>): void;
  cleared(verdict: EventData<'verdict_cleared'>): void;
}

/** Entries kept of what a verdict has outlived: the first, and the newest of the rest. */
const historyMax = 16;
/** `check` is called several times a second: after a longer pause this process stood still itself, or the clock was set. */
const awayMs = 2500;
/** After this pause it came late: what was reported meanwhile still waits to be read, and is read before it checks. */
const lateMs = 1500;
/** Between two waits lies the aggregation: a cause that goes on is not over for that. */
const betweenWaitsMs = 3000;
/** The same trouble within this time has never quite ended. */
const againMs = 2000;
/** A verdict that was cleared so long ago does not come back as the same one, where there are many. */
const forgetMs = 60_000;
/** What ages is told again this often: each time it has grown by a thirtieth, and not more often than once a second. */
const agingShare = 30;
const agingMsMin = 1000;
const agingMsMax = 60_000;
/** Of a cause that outlasts fast rounds each new wait would tell it again, several times a second. */
const waitMsMin = 1000;

/** A verdict as it was last told, and the wait that it was told for. */
interface Told {
  readonly data: EventData<'verdict_raised'>;
  readonly wait: Wait;
  readonly toldAt: number;
  /** Since when its cause goes on while nobody waits for its subject; null: somebody does. */
  readonly idleSince: number | null;
  /** Null while it stands. */
  readonly clearedAt: number | null;
  /** Its cause was seen to be over, rather than its wait. */
  readonly ended: boolean;
}

type Wait = EventData<'round_status'> | null;

/**
 * Says why a round waits. It reads the same events and packets as everybody else and checks only participants that the
 * coordinator waits for: who is not waited for stalls nothing. What coordinator, broker and machine do is never held
 * against a participant. From a participant's own chair it checks its link, its trainer and the coordinator that it hears
 * or does not. `check` is called a few times a second by its owner with the wall time (in a replay: the time of the
 * recording), so that silence is noticed too.
 *
 * One cause is one verdict: a wait that changes updates it, and one that begins again while the cause goes on takes it up
 * again, with what it has outlived as its history. Decision 0034.
 */
export class Diagnosis {
  readonly #sink: DiagnosisSink;
  /** The last verdict on each subject, standing or cleared; subjects are participants and a handful of others. */
  readonly #told = new Map<string, Told>();
  readonly #run: RunObservation;
  #checkedAt: number | null = null;
  #passed = false;
  #serial = 0;

  /** @param cores of this machine; null in a replay of another's recording */
  constructor(sink: DiagnosisSink, { cores = null }: { readonly cores?: number | null } = {}) {
    this.#sink = sink;
    this.#run = emptyRunObservation(cores);
  }

  event(event: RecordedEvent): void {
    observeEvent(this.#run, event);
    observeSign(this.#run, event.source, event.at);
    if (event.type === 'link_state') this.#heardAgain(event.data);
    if (event.type === 'run_ended' && event.data.status !== 'stalled') this.#clearAll('the run ended');
  }

  packet(packet: PacketRow): void {
    observePacket(this.#run, packet);
    observeSign(this.#run, packet.source, packet.at);
  }

  /** @param now wall time, ms since 1970 */
  check(now: number): void {
    const run = this.#run;
    const before = this.#checkedAt ?? now;
    this.#checkedAt = now;
    run.now = now;
    if (now < before || now - before > awayMs) run.forgiveBefore = now;
    run.forgiveBefore = Math.min(run.forgiveBefore, now);
    // After a late call one check is left out, so that reports which wait are read first; never two in a row.
    this.#passed = now - before > lateMs && !this.#passed;
    if (this.#passed || !run.running || ownPartIsOver(run)) return;
    const { found, explained } = findAll(run, (subject) => this.#standing(subject)?.data ?? null);
    for (const [subject, told] of this.#told) {
      if (told.clearedAt !== null) continue;
      const cause = found.get(subject)?.finding ?? explained.get(subject) ?? null;
      this.#reconsider(told, found.get(subject), cause);
    }
    for (const { finding, stalls } of found.values()) if (stalls) this.#say(finding);
  }

  /** Told at once: a picture in which the link is ready and the coordinator does not answer would contradict itself. */
  #heardAgain({ participant, side, state }: EventData<'link_state'>): void {
    if (state !== 'ready' || side !== 'participant' || participant !== this.#run.self) return;
    const told = this.#standing(subjects.coordinator);
    if (told?.data.rule === 'coordinator-silent')
      this.#clear(told, overBecause(told.data.rule, told.data.subject), true);
  }

  #standing(subject: string): Told | null {
    const told = this.#told.get(subject);
    return told === undefined || told.clearedAt !== null ? null : told;
  }

  /** A verdict falls when its rule no longer fits, and when nobody has waited for its subject for a while. */
  #reconsider(told: Told, found: Found | undefined, cause: Finding | null): void {
    const { rule, subject } = told.data;
    const now = this.#run.now;
    if (found?.finding.rule !== rule) {
      return this.#clear(told, cause === null ? this.#overBecause(told) : `now: ${cause.sentence}`, true);
    }
    if (found.stalls) {
      if (told.idleSince !== null) this.#told.set(subject, { ...told, idleSince: null });
      return;
    }
    const idleSince = told.idleSince ?? now;
    if (now - idleSince < betweenWaitsMs) this.#told.set(subject, { ...told, idleSince });
    else this.#clear(told, `the round no longer waits for ${subject}`, false);
  }

  #overBecause({ data: { rule, subject } }: Told): string {
    const { participants, self, broker, chair } = this.#run;
    if ((participants.get(subject)?.left ?? null) !== null) return `${subject} has left`;
    const own = chair === 'participant' && self !== null ? participants.get(self) : undefined;
    const another = subject === subjects.broker && broker?.state === 'lost' && own?.protocol !== broker.protocol;
    return own !== undefined && another ? 'the link takes another way' : overBecause(rule, subject);
  }

  #clear(told: Told, reason: string, ended: boolean): void {
    this.#told.set(told.data.subject, { ...told, clearedAt: this.#run.now, idleSince: null, ended });
    this.#forgetOld();
    this.#sink.cleared({ verdict: told.data.verdict, reason });
  }

  /** Only what was cleared a moment ago can come back as the same. */
  #forgetOld(): void {
    if (this.#told.size <= limits.viewVerdictsMax) return;
    for (const [subject, { clearedAt }] of this.#told)
      if (clearedAt !== null && this.#run.now - clearedAt > forgetMs) this.#told.delete(subject);
  }

  #say(finding: Finding): void {
    const { now, wait } = this.#run;
    const before = this.#told.get(finding.subject);
    const fresh = verdictOf(finding, this.#run);
    if (before === undefined || !this.#isSame(before, finding)) {
      const id = `v${++this.#serial}-${finding.rule}-${finding.subject.replaceAll(' ', '-')}`;
      return this.#tell({ ...fresh, verdict: id });
    }
    const stands = before.clearedAt === null;
    const aged =
      finding.ages === true &&
      before.data.sentence !== fresh.sentence &&
      now - before.toldAt >= agingMs(now, before.data.since);
    // What says itself what comes next has nothing new to say because somebody else is waited for.
    const waitsAgain = finding.next === undefined && !isSameWait(before.wait, wait) && now - before.toldAt >= waitMsMin;
    const grew =
      finding.ages !== true &&
      before.data.evidence.at(-1) !== fresh.evidence.at(-1) &&
      before.data.sentence !== fresh.sentence;
    if (stands && !waitsAgain && !aged && !grew) return;
    const { verdict, since, detectedAfterMs, history = [], injected } = before.data;
    this.#tell({
      ...fresh,
      verdict,
      since: Math.min(since, fresh.since),
      detectedAfterMs,
      ...(injected === undefined ? {} : { injected }),
      history: bounded([...history, ...outlived(before, wait, now)]),
    });
  }

  /** The same cause: it stands, nobody saw it end, or it came back before it had quite ended. */
  #isSame({ data, clearedAt, ended }: Told, finding: Finding): boolean {
    if (data.rule !== finding.rule) return false;
    if (clearedAt === null) return true;
    return (!ended && finding.since <= clearedAt) || this.#run.now - clearedAt <= againMs;
  }

  #tell(data: EventData<'verdict_raised'>): void {
    const { now, wait } = this.#run;
    this.#told.set(data.subject, { data, wait, toldAt: now, idleSince: null, clearedAt: null, ended: false });
    this.#sink.raised(data);
  }

  #clearAll(reason: string): void {
    for (const { data, clearedAt } of this.#told.values()) {
      if (clearedAt === null) this.#sink.cleared({ verdict: data.verdict, reason });
    }
    this.#told.clear();
  }
}

/** Whoever has closed its link, or whose process is gone, sees no cause end: what stands does so until the run has ended. */
function ownPartIsOver({ chair, self, participants }: RunObservation): boolean {
  const own = chair === 'participant' && self !== null ? participants.get(self) : undefined;
  return own !== undefined && (own.exited !== null || own.linkState === 'closed');
}

function agingMs(now: number, since: number): number {
  return Math.min(agingMsMax, Math.max(agingMsMin, (now - since) / agingShare));
}

function verdictOf(finding: Finding, run: RunObservation): Omit<EventData<'verdict_raised'>, 'verdict'> {
  const { rule, layer, subject, sentence, explanation, since, evidence, fault, next } = finding;
  return {
    rule,
    layer,
    subject,
    sentence: sentence.slice(0, 1000),
    explanation: explanation.slice(0, 1000),
    since,
    detectedAfterMs: Math.max(0, run.now - since),
    nextAction: next?.action ?? run.wait?.nextAction ?? '',
    nextActionAt: next?.at ?? run.wait?.deadlineAt ?? 0,
    ...(fault === undefined ? {} : { injected: fault }),
    evidence: evidence.slice(0, 32),
  };
}

function isSameWait(a: Wait, b: Wait): boolean {
  if (a === null || b === null) return a === b;
  return (
    a === b ||
    (a.round === b.round && a.phase === b.phase && a.nextAction === b.nextAction && a.deadlineAt === b.deadlineAt)
  );
}

type History = NonNullable<EventData<'verdict_raised'>['history']>;

function outlived({ data, wait: before, clearedAt }: Told, wait: Wait, now: number): History {
  const entry = (at: number, text: string): History[number] => ({ at, text });
  const over = clearedAt === null ? [] : [entry(clearedAt, whileOver(data.subject, before))];
  const samePlace = before?.round === wait?.round && before?.phase === wait?.phase;
  if (samePlace && clearedAt === null) return [];
  return [...over, entry(now, wait === null ? 'it goes on' : `round ${wait.round}, ${wait.phase}: it goes on`)];
}

function whileOver(subject: string, wait: Wait): string {
  return wait === null ? `${subject} was well for a moment` : `round ${wait.round} no longer waited for ${subject}`;
}

function bounded(history: History): History {
  return history.length <= historyMax ? history : [...history.slice(0, 1), ...history.slice(1 - historyMax)];
}
