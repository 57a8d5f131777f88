import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { median } from './besieged.ts';

/** One process's memory, a sample a minute: bytes of what is alive after a collection, and resident; its processor time, ms. */
interface Sample {
  readonly name: string;
  readonly pid: number;
  readonly at: number;
  readonly heapUsed: number;
  readonly rss: number;
  readonly cpuMs: number;
}

/** MB at the beginning and end of what follows the warm-up, and by how many MB an hour the line of least squares rises. */
export interface Growth {
  readonly name: string;
  readonly samples: number;
  readonly heapMb: readonly [number, number];
  readonly heapMbAnHour: number;
  readonly rssMb: readonly [number, number];
  readonly rssMbAnHour: number;
  /** Resident, MB, in each sixth of the whole time: whether it levels off. */
  readonly rssCourse: readonly number[];
  /** Of one processor, over the whole time. */
  readonly cpuShare: number;
  readonly grows: boolean;
}

/** Processes settle while the first rounds warm them up. */
const warmUpShare = 0.3;
/** A share beyond which it grows, and what is within the noise of a collector, MB. */
const growthMax = 1.3;
const heapNoiseMb = 10;
const rssNoiseMb = 50;
const courseParts = 6;

/** Of each process that wrote its samples into this folder (`slow-training.ts`). */
export function growthIn(folder: string): readonly Growth[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.jsonl'))
    .map((file) => {
      const text = readFileSync(join(folder, file), 'utf8').trim();
      return growthOf(text.split('\n').map((line) => JSON.parse(line) as Sample));
    });
}

export function growthOf(samples: readonly Sample[]): Growth {
  const warm = samples.slice(Math.floor(samples.length * warmUpShare));
  const third = Math.max(1, Math.floor(warm.length / 3));
  const ends = (of: (sample: Sample) => number): readonly [number, number] => {
    const values = warm.map((sample) => of(sample) / 1e6);
    return [median(values.slice(0, third)), median(values.slice(-third))];
  };
  const [heap, rss] = [ends(({ heapUsed }) => heapUsed), ends((sample) => sample.rss)];
  return {
    name: samples[0]?.name ?? '',
    samples: samples.length,
    heapMb: heap,
    heapMbAnHour: slope(warm.map(({ at, heapUsed }) => [at / 3_600_000, heapUsed / 1e6])),
    rssMb: rss,
    rssMbAnHour: slope(warm.map(({ at, rss: bytes }) => [at / 3_600_000, bytes / 1e6])),
    rssCourse: courseOf(samples),
    cpuShare: cpuShareOf(samples),
    grows: heap[1] > heap[0] * growthMax + heapNoiseMb || rss[1] > rss[0] * growthMax + rssNoiseMb,
  };
}

function courseOf(samples: readonly Sample[]): readonly number[] {
  const parts = Math.min(courseParts, samples.length);
  const start = (part: number): number => Math.floor((part * samples.length) / parts);
  return Array.from({ length: parts }, (_, part) =>
    median(samples.slice(start(part), start(part + 1)).map(({ rss }) => rss / 1e6)),
  );
}

function cpuShareOf(samples: readonly Sample[]): number {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.at === first.at) return 0;
  return (last.cpuMs - first.cpuMs) / (last.at - first.at);
}

/** Of the line of least squares. */
function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (of: 0 | 1): number => points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  let above = 0;
  let below = 0;
  for (const [x, y] of points) {
    above += (x - meanX) * (y - meanY);
    below += (x - meanX) ** 2;
  }
  return below === 0 ? 0 : above / below;
}
