import { parseArgs } from 'node:util';
import { simulate } from './simulate.ts';

/** `node test/simulation/run.ts --seed N` plays one seed again; `--count N --from N` plays many and names the first that fails. */
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    count: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
  },
});

const first = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.count) : 1;
const ends = new Map<string, number>();
for (let seed = first; seed < first + count; seed++) {
  try {
    const { outcome, endedAtMs, steps } = simulate(seed);
    ends.set(outcome.status, (ends.get(outcome.status) ?? 0) + 1);
    if (count === 1)
      console.log(
        `seed ${seed}: ${outcome.status} after ${Math.round(endedAtMs)} virtual ms, ${steps} steps: ${outcome.reason}`,
      );
  } catch (error) {
    console.error(`seed ${seed} fails; play it again: node test/simulation/run.ts --seed ${seed}`);
    console.error(error);
    process.exitCode = 1;
    break;
  }
}
if (count > 1) console.log([...ends].map(([status, number]) => `${number} ${status}`).join(', '));
