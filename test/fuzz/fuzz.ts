import { seededRandom } from '#shared/base/random.ts';
import { mutateJson } from './mutate-json.ts';
import { mutate } from './mutate.ts';
import { targets, type FuzzTarget } from './targets.ts';

export interface FuzzOptions {
  readonly seed: number;
  readonly count: number;
  readonly onProgress?: (done: number) => void;
}

export interface FuzzReport {
  readonly inputs: number;
  readonly accepted: number;
  /** Null: nothing threw and every promise held. */
  readonly failure: {
    readonly target: string;
    readonly seed: number;
    readonly index: number;
    readonly inputHex: string;
    readonly error: unknown;
  } | null;
  /** Growth of memory outside the heap, where a decoder that believes a length would show. */
  readonly arrayBuffersMaxBytes: number;
}

const progressEvery = 50_000;
/** All samples together are a few kB, so a decoder needs next to nothing; the rest is what has not been collected yet. */
export const arrayBuffersLimitBytes = 256 * 1024 * 1024;

/** Mutated inputs through every decoder, in turns. Input `index` of a seed is always the same. */
export function fuzz({ seed, count, onProgress }: FuzzOptions): FuzzReport {
  let accepted = 0;
  let arrayBuffersMaxBytes = 0;
  for (let index = 0; index < count; index++) {
    const { target, input, random } = makeInput(seed, index);
    try {
      if (target.run(input, random)) accepted++;
    } catch (error) {
      const failure = { target: target.name, seed, index, inputHex: Buffer.from(input).toString('hex'), error };
      return { inputs: index + 1, accepted, failure, arrayBuffersMaxBytes };
    }
    if (index % 1000 === 0) arrayBuffersMaxBytes = Math.max(arrayBuffersMaxBytes, process.memoryUsage().arrayBuffers);
    if ((index + 1) % progressEvery === 0) onProgress?.(index + 1);
  }
  return { inputs: count, accepted, failure: null, arrayBuffersMaxBytes };
}

function makeInput(
  seed: number,
  index: number,
): { target: FuzzTarget; input: Uint8Array; random: ReturnType<typeof seededRandom> } {
  const random = seededRandom(`${seed}/${index}`);
  const target = targets[index % targets.length] as FuzzTarget;
  const { json, samples } = target;
  if (json !== undefined && random.int(2) === 0) {
    return { target, input: json.encode(mutateJson(json.values[random.int(json.values.length)], random)), random };
  }
  const sample = samples[random.int(samples.length)] as Uint8Array;
  const other = samples[random.int(samples.length)] as Uint8Array;
  return { target, input: mutate(sample, other, random), random };
}
