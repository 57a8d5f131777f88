import type { EventData, RecordedEvent } from '#shared/contract/events.ts';
import type { PacketRow } from '#shared/contract/packet.ts';
import {
  emptyRunObservation,
  observeEvent,
  observePacket,
  type ParticipantObservation,
  type RunObservation,
} from './observation.ts';
import { rules, type Finding } from './rules.ts';

export interface DiagnosisSink {
  raised(verdict: EventData<'verdict_raised'>): void;
  cleared(verdict: EventData<'verdict_cleared'>): void;
}

/**
 * Says why a round waits. It reads the same events and packets as everybody else and judges only participants that the
 * coordinator waits for: who is not waited for stalls nothing. `judge` is called a few times a second by its owner with
 * the wall time (in a replay: the time of the recording), so that silence is noticed too.
 */
export class Diagnosis {
  readonly #sink: DiagnosisSink;
  readonly #open = new Map<string, { readonly rule: string; readonly verdict: string }>();
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
      const open = this.#open.get(participant.id);
      if (open !== undefined && open.rule !== finding?.rule) {
        this.#open.delete(participant.id);
        this.#sink.cleared({
          verdict: open.verdict,
          reason: finding === null ? clearedReason(participant, waitedFor) : `now: ${finding.sentence}`,
        });
      }
      if (finding !== null && !this.#open.has(participant.id)) this.#raise(participant, finding);
    }
  }

  #raise(participant: ParticipantObservation, finding: Finding): void {
    const verdict = `v${++this.#serial}-${finding.rule}-${participant.id}`;
    this.#open.set(participant.id, { rule: finding.rule, verdict });
    const { wait, now } = this.#run;
    this.#sink.raised({
      verdict,
      rule: finding.rule,
      layer: finding.layer,
      subject: participant.id,
      sentence: finding.sentence,
      explanation: finding.explanation,
      since: finding.since,
      detectedAfterMs: Math.max(0, now - finding.since),
      nextAction: wait?.nextAction ?? '',
      nextActionAt: wait?.deadlineAt ?? 0,
      ...(finding.fault !== undefined && participant.faults.has(finding.fault) ? { injected: finding.fault } : {}),
      evidence: [...finding.evidence],
    });
  }

  #clearAll(reason: string): void {
    for (const { verdict } of this.#open.values()) this.#sink.cleared({ verdict, reason });
    this.#open.clear();
  }
}

function firstFinding(participant: ParticipantObservation, run: RunObservation): Finding | null {
  for (const rule of rules) {
    const finding = rule(participant, run);
    if (finding !== null) return finding;
  }
  return null;
}

function clearedReason(participant: ParticipantObservation, waitedFor: ReadonlySet<string>): string {
  return waitedFor.has(participant.id)
    ? `${participant.id} is heard of again`
    : `the round no longer waits for ${participant.id}`;
}
