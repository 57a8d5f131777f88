import { formatSilence } from './format.ts';

/** A link that ended a moment after it was heard over was lost; only later it can be said that nobody answers. */
const unansweredMs = 3_000;

/**
 * What the banner and Diagnosis say of a coordinator from which nothing has come since `heardAt`, both wall ms.
 * @param lost the link has ended; one that is open is silent
 * @param between what is said of the broker between, where that is the cause
 */
export function coordinatorSilentWords(
  heardAt: number,
  now: number,
  { lost = false, between }: { readonly lost?: boolean; readonly between?: string | undefined } = {},
): string {
  const heard = `last heard ${formatSilence(now - heardAt)} ago.`;
  if (between !== undefined) return `${between} The coordinator was ${heard}`;
  if (lost && now - heardAt < unansweredMs) return `The link to the coordinator was lost: ${heard}`;
  return `The coordinator does not answer: ${heard}`;
}
