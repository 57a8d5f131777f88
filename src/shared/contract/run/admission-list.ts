import { meansKey } from '#shared/base/text/key-words.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import type { AdmissionPolicy } from './admission.ts';
import { limits } from '../limits.ts';
import { participantName } from './participant-name.ts';

/** Names and keys as people list them, with commas, blanks or line feeds between; the error is a sentence for them. */
export function parseAdmissionList(text: string): Result<AdmissionPolicy['entries'], string> {
  const entries = [...new Set(text.split(/[\s,]+/).filter((entry) => entry !== ''))];
  if (entries.length > limits.admissionEntriesMax)
    return err(`the list has ${entries.length} entries, and takes ${limits.admissionEntriesMax}.`);
  for (const entry of entries) {
    const checked = meansKey(entry) ? ok(null) : participantName(entry);
    if (!checked.ok) return err(`${entry.slice(0, 80)} is neither a key nor a name: ${checked.error}.`);
  }
  return ok(entries);
}

/** A list on which nobody stands would let nobody in, ever. */
export const emptyListWords = 'the list is empty, so nobody could ever take part.';
