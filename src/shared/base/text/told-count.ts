/** Nothing below this is told apart from it. */
const leastStep = 10;

/** A count as it is told to others: to two digits, and tens at least; 0 stays 0, and something stays something. */
export function toldCount(count: number): number {
  if (count <= 0) return count;
  const step = Math.max(leastStep, 10 ** (Math.floor(Math.log10(count)) - 1));
  return Math.max(step, Math.round(count / step) * step);
}
