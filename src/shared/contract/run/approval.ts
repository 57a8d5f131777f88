import { z } from 'zod';
import { isKeyMeant, meansKey } from '../../base/text/key-words.ts';
import { hashSchema } from '../ids.ts';
import type { RunPlanBody } from '../messages.ts';

const most = z.number().int().positive();

/** What may be trained without asking a person. Every rule that is there must hold; none: everything may. Decision 0112. */
export const approvalRulesSchema = z.strictObject({
  /** Local epochs a round, rounds of the run, bytes of one update. */
  maxEpochs: most.optional(),
  maxRounds: most.optional(),
  maxBytes: most.optional(),
  /** Hashes of models, or as much of their beginning as tells them apart. */
  models: z
    .array(z.string().regex(/^[0-9a-f]{8,64}$/, '8 to 64 of the first digits of a hash'))
    .max(256)
    .optional(),
  /** Keys of coordinators: their four words, or as many of their first digits. */
  coordinators: z
    .array(z.string().refine(meansKey, 'the four words of a key, or 16 to 64 of its digits'))
    .max(256)
    .optional(),
});
export type ApprovalRules = z.infer<typeof approvalRulesSchema>;

/** Who decides about the plan of a run that this machine joins. */
export const approvalSchema = z.discriminatedUnion('by', [
  /** Somebody has read this plan, and no other. */
  z.object({ by: z.literal('person'), plan: hashSchema }),
  z.object({ by: z.literal('rules'), rules: approvalRulesSchema }),
  /** Somebody has read it and said no. */
  z.object({ by: z.literal('refusal') }),
  /** Whatever is asked; why nobody was asked is in the log. */
  z.object({ by: z.literal('anything'), because: z.string().max(200) }),
]);
export type Approval = z.infer<typeof approvalSchema>;

/** What is asked of this machine, in the figures that are decided by. */
export interface AskedPlan {
  readonly hash: string;
  readonly model: string;
  /** Fingerprint of the coordinator's key. */
  readonly coordinator: string;
  readonly epochs: number;
  readonly rounds: number;
  readonly updateBytes: number;
}

export interface Judgement {
  readonly approved: boolean;
  /** Who decided, in a word or two. */
  readonly by: string;
  /** Why not; empty: approved. */
  readonly reason: string;
}

export function judgePlan(approval: Approval, asked: AskedPlan): Judgement {
  switch (approval.by) {
    case 'person': {
      const approved = approval.plan === asked.hash;
      return { approved, by: 'its user', reason: approved ? '' : 'the plan is not the one that its user has read' };
    }
    case 'rules': {
      const reason = brokenRule(approval.rules, asked) ?? '';
      return { approved: reason === '', by: 'rules', reason };
    }
    case 'refusal':
      return { approved: false, by: 'its user', reason: 'its user does not want to do what it asks' };
    case 'anything':
      return { approved: true, by: approval.because, reason: '' };
  }
}

function brokenRule(rules: ApprovalRules, asked: AskedPlan): string | null {
  const { maxEpochs, maxRounds, maxBytes, models, coordinators } = rules;
  if (maxEpochs !== undefined && asked.epochs > maxEpochs)
    return `it asks for ${asked.epochs} epochs a round, and at most ${maxEpochs} are allowed here`;
  if (maxRounds !== undefined && asked.rounds > maxRounds)
    return `it asks for ${asked.rounds} rounds, and at most ${maxRounds} are allowed here`;
  if (maxBytes !== undefined && asked.updateBytes > maxBytes)
    return `an update has ${asked.updateBytes} bytes, and at most ${maxBytes} are allowed here`;
  if (models !== undefined && !models.some((start) => asked.model.startsWith(start)))
    return `its model ${asked.model.slice(0, 12)} is none of those that are allowed here`;
  if (coordinators !== undefined && !coordinators.some((key) => isKeyMeant(key, asked.coordinator)))
    return 'its coordinator is none of those that are allowed here';
  return null;
}

/** What of a plan says where the run stands, or who may take part, and nothing of what is done on a participant's machine. */
const standing: ReadonlySet<string> = new Set<keyof RunPlanBody>([
  'minimumParticipants',
  'baselineAccuracy',
  'registered',
  'round',
  'phase',
  'nameTaken',
  'nameKept',
  'admits',
  'software',
]);

/** All that is approved with a plan: whatever a later version adds belongs to it. The same text for the same plan. */
export function approvedText(plan: RunPlanBody): string {
  return canonical(Object.fromEntries(Object.entries(plan).filter(([name]) => !standing.has(name))));
}

/** JSON with the names of each object in order, so that nobody's order of writing makes another plan. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return `{${fields
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`)
    .join(',')}}`;
}

/** The model alone, as its hash is made of. */
export function modelText(plan: Pick<RunPlanBody, 'model'>): string {
  return canonical(plan.model);
}
