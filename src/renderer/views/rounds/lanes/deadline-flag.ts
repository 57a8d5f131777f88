type Span = readonly [fromPx: number, toPx: number];

/**
 * The deadline's flag stands under its line, else right of the flag that is in its way; shorter where there is little room,
 * not at all where there is none.
 */
export function deadlineFlag(
  px: number,
  taken: readonly Span[],
  width: number,
  widths: readonly number[],
): { readonly left: number; readonly width: number } | null {
  for (const flagPx of widths) {
    const free = (left: number): boolean =>
      left >= 0 &&
      left + flagPx <= width - 2 &&
      taken.every(([from, to]) => left >= to + 2 || left + flagPx <= from - 2);
    const under = Math.min(width - flagPx - 2, px - flagPx / 2);
    // Not so far from its line that it seems to mark something else.
    const near = taken.map(([, to]) => to + 2).filter((left) => left >= under && left <= px + flagPx / 2);
    const left = [under, ...near.sort((a, b) => a - b)].find(free);
    if (left !== undefined) return { left, width: flagPx };
  }
  return null;
}
