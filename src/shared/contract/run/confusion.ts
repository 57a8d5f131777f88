import { z } from 'zod';

/** A matrix of more classes is not sent: nobody reads one, and it would not fit into a header. */
export const confusionClassesMax = 64;
const cellMax = 1e9;

/**
 * Decision 0113. Answers of a model on held-out examples, counted: row by row of the true class, each with a cell for every class that was
 * named. Whoever rounds what it says sends shares in thousandths instead; either way only their proportion counts.
 */
export const confusionSchema = z
  .array(z.number().int().nonnegative().max(cellMax))
  .max(confusionClassesMax * confusionClassesMax);
export type Confusion = z.infer<typeof confusionSchema>;

/** The matrix of a round, summed over those who sent theirs, each with its weight in the round's loss and accuracy. */
export const roundConfusionSchema = z.object({
  cells: confusionSchema,
  /** How many evaluations are in it, of those that counted. */
  from: z.number().int().positive(),
  of: z.number().int().positive(),
});
export type RoundConfusion = z.infer<typeof roundConfusionSchema>;

/** In thousandths of all: what leaves the machine of whoever does not tell exact counts. */
const roundedTo = 1000;

export function roundedConfusion(cells: readonly number[]): Confusion {
  const sum = sumOf(cells);
  return sum === 0 ? [...cells] : cells.map((cell) => Math.round((cell / sum) * roundedTo));
}

/** Why it is no matrix of so many classes; null: it is one. */
export function confusionFault(cells: readonly number[], classes: number): string | null {
  if (cells.length !== classes * classes)
    return `its confusion matrix has ${cells.length} cells, where ${classes} classes have ${classes * classes}`;
  return sumOf(cells) === 0 ? 'its confusion matrix is empty' : null;
}

/** The sum of matrices, each brought to its weight: the cells are about as many examples as the weights say. */
export function joinedConfusion(
  all: readonly { readonly cells: readonly number[]; readonly weight: number }[],
): Confusion {
  const sums = new Float64Array(all[0]?.cells.length ?? 0);
  for (const { cells, weight } of all) {
    const sum = sumOf(cells);
    for (const [i, cell] of cells.entries()) sums[i] = (sums[i] ?? 0) + (cell / sum) * weight;
  }
  return Array.from(sums, (sum) => Math.min(cellMax, Math.round(sum)));
}

/** What a matrix says of one class; null: no example of it was there, or nothing was called it. */
export interface ClassMeasures {
  /** True examples of it, in the unit of the matrix. */
  readonly examples: number;
  readonly recall: number | null;
  readonly precision: number | null;
  /** Null: it neither was there nor was named. */
  readonly f1: number | null;
}

export function classMeasures(cells: readonly number[]): readonly ClassMeasures[] {
  const classes = Math.round(Math.sqrt(cells.length));
  return Array.from({ length: classes }, (_, c) => {
    let [examples, named] = [0, 0];
    for (let other = 0; other < classes; other++) {
      examples += cells[c * classes + other] ?? 0;
      named += cells[other * classes + c] ?? 0;
    }
    const right = cells[c * classes + c] ?? 0;
    return {
      examples,
      recall: examples === 0 ? null : right / examples,
      precision: named === 0 ? null : right / named,
      f1: examples + named === 0 ? null : (2 * right) / (examples + named),
    };
  });
}

/** The mean F1 of the classes that were there or were named, as scikit-learn's; null: none was. */
export function macroF1(cells: readonly number[]): number | null {
  const known = classMeasures(cells).flatMap(({ f1 }) => (f1 === null ? [] : [f1]));
  return known.length === 0 ? null : sumOf(known) / known.length;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
