export interface Point {
  readonly round: number;
  readonly value: number;
}

/** Points of a sparkline; it is some 270 pixels wide. */
const pointsMax = 240;

/** Keeps the lowest and highest point of each stretch, so that no peak is lost, and both ends. */
export function thinned(points: readonly Point[], max = pointsMax): readonly Point[] {
  if (points.length <= max) return points;
  const stretches = Math.floor(max / 2);
  const kept: Point[] = [];
  for (let i = 0; i < stretches; i++) {
    const stretch = points.slice(
      Math.floor((i * points.length) / stretches),
      Math.floor(((i + 1) * points.length) / stretches),
    );
    let [low, high] = [stretch[0] as Point, stretch[0] as Point];
    for (const point of stretch) {
      if (point.value < low.value) low = point;
      if (point.value > high.value) high = point;
    }
    if (low === high) kept.push(low);
    else kept.push(...(low.round < high.round ? [low, high] : [high, low]));
  }
  const [first, last] = [points[0] as Point, points.at(-1) as Point];
  if (kept[0] !== first) kept.unshift(first);
  if (kept.at(-1) !== last) kept.push(last);
  return kept;
}

/** Round limits of an axis around all values. Accuracy lies between 0 and 1 and begins at 0, so that its height means something. */
export function niceRange(
  values: readonly number[],
  kind: 'loss' | 'accuracy',
): { readonly low: number; readonly high: number } {
  const finite = values.filter((value) => Number.isFinite(value));
  if (kind === 'accuracy') {
    const highest = finite.length === 0 ? 1 : Math.max(...finite);
    return { low: 0, high: Math.min(1, Math.max(0.2, Math.ceil(highest * 5) / 5)) };
  }
  if (finite.length === 0) return { low: 0, high: 1 };
  const [lowest, highest] = [Math.min(...finite), Math.max(...finite)];
  const step = niceStep(highest - lowest);
  const low = Math.floor(lowest / step) * step;
  const high = Math.ceil(highest / step) * step;
  return { low, high: high > low ? high : low + step };
}

function niceStep(spread: number): number {
  if (spread <= 0) return 0.1;
  const power = 10 ** Math.floor(Math.log10(spread));
  const lead = spread / power;
  return Math.max(0.1, (lead < 2 ? 0.2 : lead < 5 ? 0.5 : 1) * power);
}
