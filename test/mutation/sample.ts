import { createHash } from 'node:crypto';

/** What a mutant's result says that was left out. */
export const notInSample = 'not in the sample';

/**
 * Whether a mutant is among those that are tried where only a share of them is (`ROUNDSCOPE_MUTATION_SHARE`, 0 to 1). It
 * follows from the mutant's number alone, so that the same source gives the same sample.
 */
export function inSample(id: string): boolean {
  return createHash('sha256').update(`mutant ${id}`).digest().readUInt32BE(0) < sampleShare() * 2 ** 32;
}

/** Told to StrykerJS's own processes by the environment. */
export function sampleShare(): number {
  return Number(process.env['ROUNDSCOPE_MUTATION_SHARE'] ?? 1);
}
