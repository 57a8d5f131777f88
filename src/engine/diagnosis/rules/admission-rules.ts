import { evidence, lasting, subjects, type Finding } from '../finding.ts';
import type { RunObservation } from '../observation.ts';

/** Somebody who reads the question and answers it takes some seconds. */
const answerMs = 10_000;

/** The run cannot begin since nobody has answered who asks to be let in: as many are missing, and they are at the door. */
export function answerAwaited(run: RunObservation): Finding | null {
  const [first, ...others] = run.asking.values();
  const { wait } = run;
  if (first === undefined || wait?.phase !== 'registering') return null;
  const missing = wait.quorum - wait.reported.length;
  if (missing <= 0 || run.now - first.since.at < answerMs) return null;
  const { participant, since } = first;
  const lasts = lasting(run.now - since.at);
  const who = others.length === 0 ? `${participant} waits` : `${participant} and ${others.length} more wait`;
  const enough = missing <= 1 + others.length;
  return {
    rule: 'answer-awaited',
    layer: 'application',
    subject: participant,
    sentence: `${who} for your answer since ${lasts}: ${enough ? 'the run cannot begin before' : `the run waits for ${missing} more, and may begin sooner with a yes`}.`,
    explanation:
      'This run asks about everybody who is not expected. Compare the words of the key with whoever asks, and let it in or refuse it: in Coordinate, or in the terminal with admit, always or refuse.',
    since: since.at,
    evidence: evidence(since),
    next: { action: 'waits for your answer', at: 0 },
    ages: true,
  };
}

/** The same from the chair of who asks. */
export function waitsToBeLetIn(run: RunObservation): Finding | null {
  const own = [...run.asking.values()].find(({ participant }) => participant === run.self);
  if (own === undefined || run.now - own.since.at < answerMs) return null;
  return {
    rule: 'waits-to-be-let-in',
    layer: 'application',
    subject: subjects.coordinator,
    sentence: `You wait to be let in by the coordinator since ${lasting(run.now - own.since.at)}.`,
    explanation:
      'Whoever coordinates is asked about everybody who is not expected, and has not answered. Tell it your name and the words of your key, and that you wait.',
    since: own.since.at,
    evidence: evidence(own.since),
    next: { action: 'waits for the coordinator’s answer', at: 0 },
    ages: true,
  };
}
