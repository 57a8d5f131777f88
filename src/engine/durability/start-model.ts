import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { z } from 'zod';
import { RoundscopeError } from '#shared/base/errors.ts';
import { limits } from '#shared/contract/limits.ts';
import { matchLayout, parameterCount, type ParameterLayout, type ParameterSet } from '#shared/tensor/parameter-set.ts';
import { decodeSafetensors, firstNotFinite, headerBytesMax, readMetadata } from '#engine/codec/safetensors.ts';

/** What a run is about, which its first model has to fit. */
export interface StartModelOf {
  readonly layout: ParameterLayout;
  readonly classes: readonly string[];
}

export interface StartModel {
  readonly parameters: ParameterSet;
  /** Where it comes from, in words for people; empty where the file does not say. */
  readonly origin: string;
}

const classesSchema = z.array(z.string().max(80)).max(limits.classesMax);
const shownClassesMax = 6;

/**
 * The global model of round 1 out of a safetensors file, as an earlier run leaves them.
 * @returns float32 tensors in the order of the layout
 * @throws RoundscopeError `model_unfit`, naming what does not fit
 */
export async function readStartModel(path: string, { layout, classes }: StartModelOf): Promise<StartModel> {
  const unfit = (what: string, cause?: unknown): RoundscopeError =>
    new RoundscopeError('model_unfit', {
      layer: 'trainer',
      message: `The run cannot begin with ${path}: ${what}.`,
      context: { path },
      ...(cause === undefined ? {} : { cause }),
    });
  const bytes = await readModelFile(path, 4 * parameterCount(layout), unfit);
  const [tensors, metadata] = [decodeSafetensors(bytes), readMetadata(bytes)];
  if (!tensors.ok) throw unfit(tensors.error.message, tensors.error);
  if (!metadata.ok) throw unfit(metadata.error.message, metadata.error);
  const otherClasses = checkClasses(metadata.value['classes'], classes);
  if (otherClasses !== null) throw unfit(otherClasses);
  const parameters = matchLayout(tensors.value, layout);
  if (!parameters.ok) throw unfit(`its layers are others than those of the run (${parameters.error})`);
  const broken = firstNotFinite(parameters.value);
  if (broken !== null) throw unfit(`element ${broken.index} of tensor ${broken.tensor} is no finite number`);
  return { parameters: parameters.value, origin: originOf(metadata.value) };
}

/** The size is checked before anything is read: it follows from the layers. */
async function readModelFile(
  path: string,
  dataBytes: number,
  unfit: (what: string, cause?: unknown) => RoundscopeError,
): Promise<Uint8Array> {
  try {
    // A pipe would not open before somebody writes into it.
    await using file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = await file.stat();
    if (!stats.isFile()) throw unfit('it is no file');
    if (stats.size < dataBytes || stats.size > dataBytes + 8 + headerBytesMax)
      throw unfit(`its ${stats.size} bytes are not a model of this run's layers, which are ${dataBytes} bytes`);
    return await file.readFile();
  } catch (error) {
    if (error instanceof RoundscopeError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    throw unfit(code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code ?? String(error)})`, error);
  }
}

/** A file that names no classes is checked by its layers alone. */
function checkClasses(told: string | undefined, classes: readonly string[]): string | null {
  if (told === undefined) return null;
  const parsed = classesSchema.safeParse(jsonOf(told));
  if (!parsed.success) return 'its class names cannot be read';
  if (parsed.data.length === classes.length && parsed.data.every((name, index) => name === classes[index])) return null;
  return `its classes are ${shown(parsed.data)}, those of the run ${shown(classes)}`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function shown(classes: readonly string[]): string {
  const names = classes.slice(0, shownClassesMax).join(', ');
  return classes.length > shownClassesMax ? `${names} and ${classes.length - shownClassesMax} more` : names;
}

function originOf({ run_name: name, round, accuracy }: Readonly<Record<string, string>>): string {
  if (name === undefined || round === undefined) return '';
  const share = Number(accuracy);
  const checked =
    accuracy === undefined || !Number.isFinite(share) ? '' : `, accuracy ${(100 * share).toFixed(1)} % there`;
  return `round ${round.slice(0, 10)} of ${name.slice(0, 80)}${checked}`;
}
