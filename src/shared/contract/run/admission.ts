import { z } from 'zod';
import { isKeyMeant, meansKey } from '#shared/base/text/key-words.ts';
import { participantIdSchema } from '../ids.ts';
import { limits } from '../limits.ts';

/** What happens to who has the invitation and is not expected by name, key or an invitation of its own. */
export const admissionRules = ['anyone', 'ask', 'list'] as const;
export const admissionRuleSchema = z.enum(admissionRules);
export type AdmissionRule = z.infer<typeof admissionRuleSchema>;

/** Who is let into a run. */
export const admissionSchema = z.object({
  rule: admissionRuleSchema,
  /** Let in without a question: names, keys (64 bits or more in hex) and words of keys. */
  entries: z.array(z.string().min(1).max(64)).max(limits.admissionEntriesMax),
});
export type AdmissionPolicy = z.infer<typeof admissionSchema>;

export const admitsAnyone: AdmissionPolicy = { rule: 'anyone', entries: [] };

/** A name admits whoever takes it first, a key nobody but its owner. */
export function isExpected({ entries }: AdmissionPolicy, who: { readonly id: string; readonly key: string }): boolean {
  return entries.some((entry) => (meansKey(entry) ? isKeyMeant(entry, who.key) : entry === who.id));
}

const text = z.string().max(1000);

/** Events of the door, from the coordinator; a participant tells of itself that it waits, and that it is in. */
export const admissionEventSchemas = {
  /** `gone`: it waited, and its link was closed before anybody decided. */
  admission: z.object({
    participant: participantIdSchema,
    /** SHA-256 of its public key. */
    key: text,
    address: text,
    state: z.enum(['waiting', 'admitted', 'refused', 'gone']),
    reason: text,
  }),
  /** Sent away by the coordinator for the rest of the run, its name and its key. */
  participant_expelled: z.object({
    participant: participantIdSchema,
    key: text,
    reason: text,
    round: z.number().int().nonnegative(),
    /** Its update of that round: it had none that counted, it does not count any more, or it is in the average already. */
    update: z.enum(['none', 'dropped', 'kept']),
    /** Another key has the name by now, and keeps it. */
    nameStays: z.literal(true).optional(),
  }),
  /** From now on newcomers need the new invitation. */
  invitation_renewed: z.object({ generation: z.number().int().positive() }),
} as const;

/** What becomes of the update of somebody who is expelled, in words. */
export function expelledUpdateWords(update: 'none' | 'dropped' | 'kept', round: number): string {
  if (update === 'dropped') return `its update of round ${round} does not count any more`;
  return update === 'kept' ? `its update of round ${round} is in the model already and stays there` : '';
}
