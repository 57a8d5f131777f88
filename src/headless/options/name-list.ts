import { err, ok, type Result } from '#shared/base/result.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import { participantName } from '#shared/contract/run/participant-name.ts';

/** Participants with commas between; the error is one sentence for people, without an end. */
export function parseNames(text: string): Result<readonly ParticipantId[], string> {
  const typed = text.split(',').map((name) => name.trim());
  if (typed.length > limits.participantsMax)
    return err(`a run has ${limits.participantsMax} participants at most, not ${typed.length}`);
  const names = new Set<ParticipantId>();
  for (const text of typed) {
    const name = participantName(text);
    if (!name.ok) return err(`"${text.slice(0, 80)}": ${name.error}`);
    if (names.has(name.value)) return err(`${text} stands there twice`);
    names.add(name.value);
  }
  return ok([...names]);
}
