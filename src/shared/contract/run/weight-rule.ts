import { z } from 'zod';

/** At most so many times the equal share, or the median norm; 1 makes all alike. */
const times = z.number().min(1).max(1000).nullable();

/** Under which rule the work of a participant counts; null is off. */
export const weightRuleFields = {
  /** Most that one participant weighs in the new model and in the reported measures, in equal shares; of three or more half of it, whatever this says. */
  weightCap: times,
  /** Longest that an update may be, in medians of its round. */
  normClip: times,
} as const;
export interface WeightRule {
  readonly weightCap: number | null;
  readonly normClip: number | null;
}

export const weightRuleDefault = { weightCap: 3, normClip: 3 } as const satisfies WeightRule;

/** How a participant's own update counted in a round. */
export const ownWeightSchema = z.object({
  /** Training examples that it said, and those of them that counted. */
  claimed: z.number().int().nonnegative(),
  examples: z.number().int().nonnegative(),
  /** Its part of the new model, 0 to 1. */
  share: z.number().min(0).max(1),
  /** What its update was multiplied with: 1, or less where it was too long. */
  clipped: z.number().min(0).max(1),
});
export type OwnWeight = z.infer<typeof ownWeightSchema>;

/** The rule by the names of its options. */
export function weightRuleName({ weightCap, normClip }: WeightRule): string {
  return `weight cap ${weightCap ?? 'off'}, norm clip ${normClip ?? 'off'}`;
}

/** The rule in words for people. */
export function weightRuleWords({ weightCap, normClip }: WeightRule): readonly string[] {
  return [
    'An update counts with the examples that were registered, never with more.',
    weightCap === null
      ? 'The share of one participant has no limit (weight cap off).'
      : `One participant weighs at most ${weightCap} times the equal share, and of three or more never more than all the others together. Of two, nothing limits it.`,
    normClip === null
      ? 'The size of an update has no limit (norm clip off).'
      : `An update longer than ${normClip} times the median of its round is scaled down to that${weightCap === null ? '' : '; of three or more none moves the model further than all the others together'}.`,
  ];
}
