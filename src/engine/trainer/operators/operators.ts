import { constants, products } from './constants.ts';
import { convolutions } from './convolution.ts';
import { elementwise } from './elementwise.ts';
import { matrix } from './matrix.ts';
import { normalization } from './normalization.ts';
import type { Operator } from './operator-call.ts';
import { pooling } from './pooling.ts';
import { recurrent } from './recurrent.ts';
import { reduction } from './reduction.ts';
import { shaping } from './shaping.ts';

/** Every operator that a network here may have. */
const operators: ReadonlyMap<string, Operator> = new Map(
  [
    constants,
    products,
    elementwise,
    shaping,
    matrix,
    convolutions,
    pooling,
    reduction,
    normalization,
    recurrent,
  ].flatMap((table) => Object.entries(table)),
);

export function findOperator(type: string): Operator | undefined {
  return operators.get(type);
}

export function operatorNames(): readonly string[] {
  return [...operators.keys()];
}
