/** How many of `participants` are enough at a deadline: the share rounded up. */
export function enoughOf(participants: number, quorum: number): number {
  return Math.max(1, Math.ceil(participants * quorum - 1e-9));
}
