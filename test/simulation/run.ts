import { parseArgs } from 'node:util';
import { makeAdmissionScenario } from './door/admission-scenario.ts';
import {
  makeCrashScenario,
  makeFailureScenario,
  makeKillScenario,
  makePauseScenario,
  makeScenario,
} from './scenario.ts';
import { simulateScenario } from './simulate.ts';

/** `node test/simulation/run.ts --seed N` plays one seed again; `--count N --from N` plays many and names the first that fails;
 * `--failures` while steps fail, `--admission` where somebody decides who takes part, `--pauses` while users pause, `--crashes` while the coordinator is killed now and then, `--kills` where nothing but that befalls anybody. */
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    count: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    crashes: { type: 'boolean', default: false },
    kills: { type: 'boolean', default: false },
    pauses: { type: 'boolean', default: false },
    failures: { type: 'boolean', default: false },
    admission: { type: 'boolean', default: false },
  },
});

const make = values.pauses
  ? makePauseScenario
  : values.kills
    ? makeKillScenario
    : values.crashes
      ? makeCrashScenario
      : values.failures
        ? makeFailureScenario
        : values.admission
          ? makeAdmissionScenario
          : makeScenario;
const first = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.count) : 1;
const ends = new Map<string, number>();
for (let seed = first; seed < first + count; seed++) {
  try {
    const { outcome, endedAtMs, steps } = simulateScenario(make(seed));
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
