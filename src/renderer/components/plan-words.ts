/** `48 × 48 grey`. */
export function shapeWords(shape: readonly number[]): string {
  const [channels = 1, height = 0, width = 0] = shape;
  const colour = channels === 1 ? 'grey' : channels === 3 ? 'colour' : `${channels} channels`;
  return `${width} × ${height} ${colour}`;
}

/** How many of `participants` are enough at a deadline: the share rounded up. */
export function enoughOf(participants: number, quorum: number): number {
  return Math.max(1, Math.ceil(participants * quorum - 1e-9));
}
