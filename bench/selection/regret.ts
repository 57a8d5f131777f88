import type { Clock } from '#shared/base/time/clock.ts';
import { seededRandom } from '#shared/base/random.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import { selectionSettingsSchema, type SelectionSettings } from '#shared/contract/run/selection.ts';
import { createSelector } from '#engine/selection/selector.ts';
import { connect, type Path } from './transfer.ts';
import { offered, Witness, World } from './world.ts';

export interface Course {
  /** The path of each round; a new one is a new world. */
  readonly paths: readonly Path[];
  readonly payloadBytes: number;
  readonly seed: number;
}

export interface Regret {
  /** Seconds that the choices cost beyond the best protocol of each round, all rounds together. */
  readonly seconds: number;
  /** Seconds that the best protocol of each round takes, all rounds together. */
  readonly bestSeconds: number;
  /** Regret after each round. */
  readonly cumulative: readonly number[];
  readonly changes: number;
}

/** What a round takes beside its transfer. */
const trainingMs = 20_000;

/** Worlds of a course, made once for all strategies that are compared on it: the same seed is the same worlds. */
export function worldsOf({ paths, payloadBytes, seed }: Course): readonly World[] {
  const known = new Map<Path, World>();
  return paths.map((path, index) => {
    const world = known.get(path) ?? new World(path, payloadBytes, seededRandom(`${seed}/world/${index}`));
    known.set(path, world);
    return world;
  });
}

/**
 * Plays a strategy over a course. Regret is counted in true means, so that luck of one transfer is no merit; opening a link
 * again costs what it costs, also for the best, which is taken to stay.
 */
export function play(settings: Partial<SelectionSettings>, course: Course, worlds = worldsOf(course)): Regret {
  const random = seededRandom(`${course.seed}/play`);
  let nowMs = 0;
  const clock = { wallMs: () => nowMs, monotonicMs: () => nowMs } as Clock;
  const selector = createSelector(selectionSettingsSchema.parse(settings), {
    random: random.fork('selector'),
    clock,
  });
  const witness = new Witness(random.fork('witness'), clock);
  const transfers = random.fork('transfers');
  const cumulative: number[] = [];
  let seconds = 0;
  let bestSeconds = 0;
  let changes = 0;
  let inUse: Protocol | null = null;
  for (const world of worlds) {
    const conditions = witness.conditions(world, inUse, course.payloadBytes);
    const choice = selector.choose(conditions, offered);
    const { protocol } = choice;
    const done = world.transfer(protocol, transfers);
    const best = world.best().seconds;
    seconds += (world.meanSeconds.get(protocol) as number) - best;
    if (protocol !== inUse && inUse !== null) {
      seconds += connect(protocol, world.path);
      changes++;
    }
    nowMs += done.seconds * 1000 + trainingMs;
    inUse = protocol;
    bestSeconds += best;
    cumulative.push(seconds);
    witness.see(world, protocol, course.payloadBytes, done);
    selector.learn({ choice, conditions, ...done, bytes: course.payloadBytes, cpuSeconds: null });
  }
  return { seconds, bestSeconds, cumulative, changes };
}
