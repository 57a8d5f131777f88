export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * At most `max` points that look like all of them: the series is cut into equal stretches of points, and of each stretch
 * the lowest and the highest stay, in their order, so that no spike is lost. First and last always stay.
 * @param points in order of x, finite
 */
export function downSample(points: readonly Point[], max: number): readonly Point[] {
  if (points.length <= max || max < 4) return points.length <= max ? points : points.slice(0, max);
  const inner = points.length - 2;
  const stretches = Math.floor((max - 2) / 2);
  const kept: Point[] = [points[0] as Point];
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = 1 + Math.floor((stretch * inner) / stretches);
    const to = 1 + Math.floor(((stretch + 1) * inner) / stretches);
    let low = from;
    let high = from;
    for (let i = from + 1; i < to; i++) {
      if ((points[i] as Point).y < (points[low] as Point).y) low = i;
      if ((points[i] as Point).y > (points[high] as Point).y) high = i;
    }
    kept.push(points[Math.min(low, high)] as Point);
    if (low !== high) kept.push(points[Math.max(low, high)] as Point);
  }
  kept.push(points.at(-1) as Point);
  return kept;
}
