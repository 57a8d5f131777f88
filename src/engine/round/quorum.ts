/** Updates or evaluations that close a phase at its deadline: a share of those who take part, rounded up, at least one. */
export function quorumOf(share: number, participants: number): number {
  // 0.07 * 100 is 7.000000000000001 in binary: without the margin that would round up to 8.
  return Math.max(1, Math.ceil(share * participants - 1e-9));
}
