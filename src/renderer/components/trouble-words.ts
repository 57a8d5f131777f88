import { formatSilence } from './format.ts';

/** What the banner and Diagnosis say of a coordinator from which nothing has come since `heardAt`, both wall ms. */
export function coordinatorSilentWords(heardAt: number, now: number): string {
  return `The coordinator does not answer: last heard ${formatSilence(now - heardAt)} ago.`;
}
