import { answerAwaited } from './rules/admission-rules.ts';
import { subjects, type Finding } from './finding.ts';
import type { ParticipantObservation, RunObservation } from './observation.ts';
import { ownRules } from './rules/own-rules.ts';
import { sureRules, symptomRules, type Rule } from './rules/participant-rules.ts';
import { weightFinding } from './rules/weight-rules.ts';
import { commonCause, sharedCause, type StandingCause } from './rules/shared-causes.ts';

export interface Found {
  readonly finding: Finding;
  /** The round waits for its subject; otherwise only its cause is known to last. */
  readonly stalls: boolean;
}

/** The verdict on a subject that has not been cleared. */
export type StandingOn = (subject: string) => StandingCause | null;

/** What is wrong now, at most one finding for each subject. */
export interface Findings {
  readonly found: ReadonlyMap<string, Found>;
  /** Subjects whose finding is explained by this shared cause, so that no verdict is raised on them. */
  readonly explained: ReadonlyMap<string, Finding>;
}

export function findAll(run: RunObservation, standingOn: StandingOn): Findings {
  return run.chair === 'participant' ? fromOwnChair(run, standingOn) : fromCoordinator(run, standingOn);
}

function fromOwnChair(run: RunObservation, standingOn: StandingOn): Findings {
  const own = run.self === null ? undefined : run.participants.get(run.self);
  if (own === undefined) return { found: new Map(), explained: new Map() };
  const standing = standingOn(own.id)?.rule ?? null;
  const finding = first(ownRules, own, run, standing);
  const found = new Map(finding === null ? [] : [[finding.subject, { finding, stalls: true }]]);
  return { found, explained: new Map() };
}

function fromCoordinator(run: RunObservation, standingOn: StandingOn): Findings {
  const found = new Map<string, Found>();
  const explained = new Map<string, Finding>();
  const waitedFor = new Set<string>(run.wait?.waitingFor);
  const symptoms: Found[] = [];
  for (const participant of run.participants.values()) {
    const stalls = waitedFor.has(participant.id);
    const standing = standingOn(participant.id)?.rule ?? null;
    if (!stalls && standing === null) continue;
    const sure = first(sureRules, participant, run, standing);
    if (sure !== null) found.set(participant.id, { finding: sure, stalls });
    const symptom = sure === null ? first(symptomRules, participant, run, standing) : null;
    if (symptom !== null) symptoms.push({ finding: symptom, stalls });
  }
  const waited = symptoms.flatMap(({ finding, stalls }) => (stalls ? [finding] : []));
  const standing = Object.values(subjects).flatMap((subject) => standingOn(subject) ?? []);
  const cause = sharedCause(run, standing) ?? commonCause(waited, waitedFor.size, run, standing);
  if (cause !== null) found.set(cause.finding.subject, { finding: cause.finding, stalls: true });
  for (const [id, { finding }] of found) {
    if (cause?.explains(finding) !== true || id === cause.finding.subject) continue;
    found.delete(id);
    explained.set(id, cause.finding);
  }
  for (const symptom of symptoms) {
    if (cause?.explains(symptom.finding) !== true) found.set(symptom.finding.subject, symptom);
    else explained.set(symptom.finding.subject, cause.finding);
  }
  // A finding about a participant's weight in the model is reported although the participant stalls nothing.
  for (const participant of run.participants.values()) {
    const weight = found.has(participant.id) ? null : weightFinding(participant, run);
    if (weight !== null) found.set(participant.id, { finding: weight, stalls: true });
  }
  const asks = cause === null ? answerAwaited(run) : null;
  if (asks !== null && !found.has(asks.subject)) found.set(asks.subject, { finding: asks, stalls: true });
  return { found, explained };
}

function first(
  rules: readonly Rule[],
  participant: ParticipantObservation,
  run: RunObservation,
  standing: string | null,
): Finding | null {
  for (const rule of rules) {
    const finding = rule(participant, run, standing);
    if (finding !== null) return finding;
  }
  return null;
}
