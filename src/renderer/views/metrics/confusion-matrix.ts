import type { RoundView } from '#shared/run-view/run-view.ts';

export interface Matrix {
  readonly cells: readonly number[];
  /** How many examples the cells are of. */
  readonly examples: number;
  /** Whose it is; null: of all who sent theirs. */
  readonly of: string | null;
}

/** The round that is asked for where its matrix is known, else the newest that has one. */
export function roundWithMatrix(rounds: readonly RoundView[], asked: number | null): RoundView | null {
  const known = rounds.filter(({ confusion }) => confusion !== null);
  return known.find(({ round }) => round === asked) ?? known.at(-1) ?? null;
}

/** Participants whose matrix of that round is known here. */
export function sendersOf({ evaluations }: RoundView): readonly string[] {
  return evaluations.flatMap(({ participant, confusion }) => (confusion === undefined ? [] : [participant as string]));
}

/** Brought to the examples that counted, since whoever rounds what it says sends shares. */
export function matrixOf(round: RoundView, participant: string | null): Matrix | null {
  const own = round.evaluations.find((one) => one.participant === participant);
  if (own?.confusion !== undefined) {
    const sum = own.confusion.reduce((all, cell) => all + cell, 0);
    const scale = sum === 0 ? 0 : own.examples / sum;
    return {
      cells: own.confusion.map((cell) => Math.round(cell * scale)),
      examples: own.examples,
      of: own.participant,
    };
  }
  if (round.confusion === null) return null;
  const { cells } = round.confusion;
  return { cells, examples: cells.reduce((all, cell) => all + cell, 0), of: null };
}
