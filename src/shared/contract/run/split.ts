import { err, ok, type Result } from '#shared/base/result.ts';

/** How examples are divided among participants. */
export type SplitSpec = { readonly kind: 'iid' } | { readonly kind: 'dirichlet'; readonly alpha: number };

/** Below it each participant holds one class whatever the number; above it the mixes are even to the eye. */
const alphaMin = 0.01;
const alphaMax = 100;

/** Reads `iid` or `dirichlet:ALPHA`. */
export function parseSplit(text: string): Result<SplitSpec, string> {
  if (text === 'iid') return ok({ kind: 'iid' });
  const match = /^dirichlet:(\d{1,6}(?:\.\d{1,12})?)$/.exec(text);
  if (!match) return err(`split "${text.slice(0, 40)}" is neither iid nor dirichlet:ALPHA, such as dirichlet:0.3`);
  const alpha = Number(match[1]);
  if (alpha < alphaMin || alpha > alphaMax)
    return err(`alpha of dirichlet:${alpha} must lie from ${alphaMin} to ${alphaMax}`);
  return ok({ kind: 'dirichlet', alpha });
}

export function formatSplit(split: SplitSpec): string {
  return split.kind === 'iid' ? 'iid' : `dirichlet:${split.alpha}`;
}
