/**
 * `npm test [-- --only PHASE[,PHASE]] [--seeds N] [--no-install] [--audit] [--coverage]`: everything from a fresh clone to the closing line.
 * `--only check` is what must be green at every commit: no browser, 200 simulated seeds. `--no-install` keeps it from
 * installing system packages, as it does for root where some are missing; what needs them is skipped and counted.
 * `--audit` asks the registry for signatures and advisories too. `--coverage` says how much of each folder the unit tests
 * reach, and makes them take nearly twice as long.
 */
import { parseArgs } from 'node:util';
import { addCounts, askedPhases, checkPhases, describeCounts, phases, runPhase } from './lib/test-phases.mjs';
import { ensureBuilt } from './lib/build.mjs';
import { windowOfTests } from './lib/electron.mjs';
import { ensureModules } from './lib/modules.mjs';
import { ensureNode24 } from './lib/node24.mjs';
import { SetUpError, runScript } from './lib/say.mjs';
import { ensureSystemTools, refusal } from './lib/system-tools.mjs';
import { outerEnvironment } from './lib/paths.mjs';

const options = {
  only: { type: 'string' },
  seeds: { type: 'string' },
  audit: { type: 'boolean' },
  coverage: { type: 'boolean' },
  [refusal]: { type: 'boolean' },
};

/** A mistyped option ends it: by `--no-instal` something would be installed. */
function readArguments(args) {
  let values;
  try {
    ({ values } = parseArgs({ args, options }));
  } catch (cause) {
    throw new SetUpError(cause.message, {
      tell: `There are: --only PHASE[,PHASE], --seeds N, --audit, --coverage, --${refusal}.`,
      cause,
    });
  }
  const isCheck = values.only === 'check';
  const usual = Object.keys(phases).filter((name) => values.audit || !askedPhases.includes(name));
  const names = isCheck ? checkPhases : (values.only?.split(',') ?? usual);
  const unknown = names.filter((name) => !(name in phases));
  if (unknown.length > 0) {
    throw new SetUpError(`There is no phase ${unknown.join(', ')}.`, {
      tell: `There are: check, ${Object.keys(phases).join(', ')}.`,
    });
  }
  const seeds = values.seeds ?? (isCheck ? '200' : undefined);
  return { names, seeds, coverage: values.coverage === true, mayInstall: values[refusal] !== true };
}

await runScript(async () => {
  const { names, seeds, coverage, mayInstall } = readArguments(process.argv.slice(2));
  await ensureModules();
  const node24 = await ensureNode24();
  const { variables, absent } = await ensureSystemTools({ mayInstall });
  const env = { ...outerEnvironment(), ...variables, ...(seeds && { ROUNDSCOPE_SEEDS: seeds }) };
  // A variable that names no program would be taken for one.
  for (const name of Object.keys(variables)) if (env[name] === undefined) delete env[name];
  // Children of the tests must not take themselves for tests of an outer runner.
  delete env.NODE_TEST_CONTEXT;
  if ((names.includes('e2e') || names.includes('cli')) && !names.includes('build')) await ensureBuilt(node24);
  const window = windowOfTests();
  if (window.program) env.ROUNDSCOPE_ELECTRON = window.program;
  const startedMs = performance.now();
  let total = { passed: 0, failed: 0, skipped: 0 };
  const failed = [];
  for (const name of names) {
    const counts = await runPhase(name, { node24, env, coverage });
    if (counts.failed > 0) failed.push(name);
    total = addCounts(total, counts);
  }
  const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1);
  process.stdout.write(`\n${failed.length > 0 ? `failed: ${failed.join(', ')}; ` : ''}${minutes} minutes\n`);
  for (const words of absent) process.stdout.write(`${words}\n`);
  if (total.standIns > 0) process.stdout.write(`${window.words}: ${total.standIns} tests ran in it\n`);
  process.stdout.write(`${describeCounts(total)}\n`);
  return total.failed > 0 ? 1 : 0;
});
