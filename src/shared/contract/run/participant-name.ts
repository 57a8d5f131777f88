import { participantIdSchema, type ParticipantId } from '../ids.ts';
import { err, ok, type Result } from '#shared/base/result.ts';

/**
 * Who speaks in a recording beside participants: a participant of that name would be taken for one of them. Checked in any
 * letter case, since people read `Coordinator` as `coordinator`.
 */
export const reservedNames = [
  'coordinator',
  'service',
  'trainer',
  'relay',
  'recorder',
  'broker',
  'machine',
  'network',
  'demo',
  'main',
] as const;

/** A name that a participant may carry, or in words why this one cannot be. */
export function participantName(text: string): Result<ParticipantId, string> {
  const checked = participantIdSchema.safeParse(text);
  if (!checked.success)
    return err(text === '' ? 'a participant needs a name' : `a name takes ${checked.error.issues[0]?.message ?? ''}`);
  const role = reservedNames.find((reserved) => reserved === text.toLowerCase());
  if (role === undefined) return ok(checked.data);
  return err(`"${text}" cannot be a participant's name: the ${role} is called so in recordings and in Diagnosis`);
}
