import { limits } from '#shared/contract/limits.ts';
import { dataError } from '../errors.ts';

/**
 * Names of classes travel in one header, so each of them and all together are bounded.
 * @throws RoundscopeError `data_too_large`, `data_invalid`
 */
export function requireClassNames(path: string, classes: readonly string[]): void {
  if (classes.length > limits.classesMax)
    throw dataError(
      'data_too_large',
      `${path} has ${classes.length} classes; at most ${limits.classesMax} can be told apart.`,
    );
  const long = classes.find((name) => name.length > 80);
  if (long !== undefined)
    throw dataError('data_invalid', `${path}: the class name "${long.slice(0, 40)}..." is longer than 80 letters.`);
  if (Buffer.byteLength(JSON.stringify(classes)) > limits.headerBytesMax / 2)
    throw dataError('data_too_large', `${path}: the names of its ${classes.length} classes are too long together.`);
}
