/** `48 × 48 grey` of a shape [channels, height, width]. */
export function shapeWords(shape: readonly number[]): string {
  const [channels = 1, height = 0, width = 0] = shape;
  const color = channels === 1 ? 'grey' : channels === 3 ? 'color' : `${channels} channels`;
  return `${width} × ${height} ${color}`;
}
