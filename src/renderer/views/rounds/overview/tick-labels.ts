/** Where marks have room for glyphs beside their numbers. */
export const tickGlyphs = '(min-width: 1200px)';

/** A mark of an update in the coordinator's lane. */
interface Mark {
  /** Share of the window. */
  readonly left: number;
  readonly number: number;
  /** Whether the glyph of its protocol stands beside its number. */
  readonly glyph: boolean;
  /** Updates that did not count have no number. */
  readonly counted: boolean;
}

/** Widths at a desk: the gap to the mark and the air before the number, a digit, a glyph with its gap. */
const airPx = 8;
const digitPx = 7;
const glyphPx = 12;

/**
 * Which marks of one round have room for their number, left of them and right of the mark before; `free`: where that of
 * the round before is. The last number is how many came: a round that is over and has room neither for it nor for most
 * of the others shows none, since a lone 1 says nothing. `pxShare` is the share of the window that a pixel of the desk's type takes.
 */
export function tickLabels(marks: readonly Mark[], free: number, pxShare: number, isOver: boolean): readonly boolean[] {
  let before = free;
  const labelled = marks.map(({ left, number, glyph, counted }) => {
    const room = (airPx + digitPx * String(number).length + (glyph ? glyphPx : 0)) * pxShare;
    const fits = counted && left - room > before;
    before = Math.max(before, left);
    return fits;
  });
  const most = labelled.filter(Boolean).length * 2 > marks.length;
  return isOver && labelled.at(-1) === false && !most ? labelled.map(() => false) : labelled;
}
