import { RoundscopeError } from '#shared/base/errors.ts';
import { listNames } from '#shared/base/text/list-names.ts';
import { dataError } from '../errors.ts';
import { mapClasses, type ChosenClass, type MappedClass } from './class-mapping.ts';

/** Class index in the run for each own class; null: its images are left out. */
export interface FittedClasses {
  readonly classes: readonly string[];
  readonly labels: readonly (number | null)[];
  readonly mapping: readonly MappedClass[];
}

export interface FitOptions {
  readonly chosen?: readonly ChosenClass[] | undefined;
  /** Whether an own class has no images; an unknown one without any can teach nothing wrong. */
  readonly isEmpty?: (name: string) => boolean;
  /** Unknown classes are left out instead of refused: for somebody who is still choosing. */
  readonly lenient?: boolean | undefined;
}

/**
 * Maps somebody's classes to the run's, before an image is read.
 * @throws RoundscopeError `classes_unknown` with both lists, and what is likely meant
 */
export function fitClasses(
  source: string,
  own: readonly string[],
  run: readonly string[],
  options: FitOptions = {},
): FittedClasses {
  const { classes: mapping, faults } = mapClasses(own, run, options.chosen);
  const [fault] = faults;
  if (fault !== undefined) throw dataError('data_invalid', `${source}: ${fault.endsWith('?') ? fault : `${fault}.`}`);
  const unknown = mapping.filter(({ how, from }) => how === 'unknown' && options.isEmpty?.(from) !== true);
  if (unknown.length > 0 && options.lenient !== true) throw unknownClasses(source, own, run, unknown);
  if (mapping.every(({ to }) => to === null) && options.lenient !== true) {
    throw dataError(
      'data_invalid',
      `${source} holds none of the run's classes ${listNames(run)}: everything in it would be left out.`,
    );
  }
  return { classes: run, labels: mapping.map(({ to }) => (to === null ? null : run.indexOf(to))), mapping };
}

export function unknownClasses(
  source: string,
  own: readonly string[],
  run: readonly string[],
  unknown: readonly MappedClass[],
): RoundscopeError {
  const words = unknown
    .slice(0, 8)
    .map(({ from, guess, why }) => (guess === null ? `"${from}"` : `"${from}" (did you mean "${guess}"? ${why})`));
  const more = unknown.length > words.length ? ` and ${unknown.length - words.length} more` : '';
  return new RoundscopeError('classes_unknown', {
    layer: 'data',
    message:
      `${source} has classes that this run does not have: ${words.join(', ')}${more}. ` +
      `The run's classes: ${listNames(run)}. The data's: ${listNames(own)}.`,
    context: {
      unknown: unknown.length,
      option: `--map '${mapExample(unknown)}' (nothing behind = leaves one out)`,
    },
  });
}

/** What is likely meant, ready to be copied; without a guess nothing is proposed, least of all to leave everything out. */
function mapExample(unknown: readonly MappedClass[]): string {
  const likely = unknown.flatMap(({ from, guess }) =>
    guess === null ? [] : [`${escapeName(from)}=${escapeName(guess)}`],
  );
  const [first] = unknown;
  if (likely.length > 0 || first === undefined) return likely.slice(0, 8).join(',');
  return `${escapeName(first.from)}=CLASS,...`;
}

/** As `--map` reads it. */
function escapeName(name: string): string {
  return name.replaceAll(/[\\,=]/g, (sign) => `\\${sign}`);
}
