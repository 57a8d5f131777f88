import { z } from 'zod';
import { participantIdSchema, type ParticipantId } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';

const known = z.object({ id: participantIdSchema, key: z.string().max(128) });
const generation = z.number().int().nonnegative();
const list = z.array(known).max(limits.ownedNamesMax);
const expelled = known.extend({
  reason: z.string().max(1000),
  /** The name was another key's by then, which keeps it. */
  nameStays: z.literal(true).optional(),
});

/** What the coordinator's user has decided about who takes part: kept for the run, over restarts. */
export const admissionMemorySchema = z.object({
  /** How often the invitation was renewed. */
  generation,
  admitted: list,
  refused: list,
  expelled: z.array(expelled).max(limits.ownedNamesMax),
});
export type Admission = z.infer<typeof admissionMemorySchema>;

export const noDecisions: Admission = { generation: 0, admitted: [], refused: [], expelled: [] };

/** Records of the journal that change it. */
export const decisionSchemas = [
  known.extend({ kind: z.literal('admitted') }),
  known.extend({ kind: z.literal('refused') }),
  /** `drops`: its update of the round under way counted before, and does not any more. */
  expelled.extend({ kind: z.literal('expelled'), drops: z.boolean() }),
  z.object({ kind: z.literal('renewed'), generation }),
] as const;
export type Decision = z.infer<(typeof decisionSchemas)[number]>;

/** The latest word on a key is the one that holds; of too many the oldest go. */
export function withDecision(admission: Admission, decision: Decision): Admission {
  if (decision.kind === 'renewed') return { ...admission, generation: decision.generation };
  const { id, key } = decision;
  const others = (entries: Admission['admitted']): Admission['admitted'] => entries.filter((one) => one.key !== key);
  const admitted = others(admission.admitted);
  const refused = others(admission.refused);
  if (decision.kind === 'admitted') return { ...admission, admitted: kept([...admitted, { id, key }]), refused };
  if (decision.kind === 'refused') return { ...admission, admitted, refused: kept([...refused, { id, key }]) };
  const { reason, nameStays } = decision;
  const sentAway = [...admission.expelled, { id, key, reason, ...(nameStays === undefined ? {} : { nameStays }) }];
  return { ...admission, admitted, refused, expelled: kept(sentAway) };
}

function kept<T>(entries: T[]): T[] {
  return entries.slice(-limits.ownedNamesMax);
}

/** Who was sent away stays out under any name, and nobody comes under the name unless it was another one's by then. */
export function expelledOf(
  { expelled: all }: Admission,
  who: { readonly id: string; readonly key: string | null },
): Admission['expelled'][number] | undefined {
  return all.find(({ id, key, nameStays }) => key === who.key || (id === who.id && nameStays !== true));
}

export function isRefused({ refused }: Admission, key: string): boolean {
  return refused.some((one) => one.key === key);
}

export function isAdmitted({ admitted }: Admission, key: string): boolean {
  return admitted.some((one) => one.key === key);
}

export function expelledWords(id: ParticipantId, reason: string): string {
  return `whoever coordinates has sent ${id} away for the rest of this run${reason === '' ? '' : `: ${reason}`}`;
}

export function refusedWords(id: ParticipantId): string {
  return `whoever coordinates has not let ${id} in`;
}
