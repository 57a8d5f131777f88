/**
 * `npm test [-- --only PHASE[,PHASE]] [--seeds N]`: everything from a fresh clone to the closing line.
 * `--only check` is what must be green at every commit: no browser, 200 simulated seeds.
 */
import { addCounts, checkPhases, describeCounts, phases, runPhase } from './lib/test-phases.mjs';
import { ensureBuilt } from './lib/build.mjs';
import { ensureModules } from './lib/modules.mjs';
import { ensureNode24 } from './lib/node24.mjs';
import { SetUpError, runScript } from './lib/say.mjs';
import { ensureSystemTools } from './lib/system-tools.mjs';
import { outerEnvironment } from './lib/paths.mjs';

function readArguments(args) {
  const valueOf = (name) => {
    const index = args.indexOf(name);
    return index < 0 ? undefined : (args[index + 1] ?? '');
  };
  const only = valueOf('--only');
  const isCheck = only === 'check';
  const names = isCheck ? checkPhases : (only?.split(',') ?? Object.keys(phases));
  const unknown = names.filter((name) => !(name in phases));
  if (unknown.length > 0) {
    throw new SetUpError(`There is no phase ${unknown.join(', ')}.`, {
      tell: `There are: check, ${Object.keys(phases).join(', ')}.`,
    });
  }
  return { names, seeds: valueOf('--seeds') ?? (isCheck ? '200' : undefined) };
}

await runScript(async () => {
  const { names, seeds } = readArguments(process.argv.slice(2));
  await ensureModules();
  const node24 = await ensureNode24();
  const tools = await ensureSystemTools();
  const env = { ...outerEnvironment(), ...tools, ...(seeds && { ROUNDSCOPE_SEEDS: seeds }) };
  // Children of the tests must not take themselves for tests of an outer runner.
  delete env.NODE_TEST_CONTEXT;
  if ((names.includes('e2e') || names.includes('cli')) && !names.includes('build')) await ensureBuilt(node24);
  const startedMs = performance.now();
  let total = { passed: 0, failed: 0, skipped: 0 };
  const failed = [];
  for (const name of names) {
    const counts = await runPhase(name, { node24, env });
    if (counts.failed > 0) failed.push(name);
    total = addCounts(total, counts);
  }
  const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1);
  process.stdout.write(`\n${failed.length > 0 ? `failed: ${failed.join(', ')}; ` : ''}${minutes} minutes\n`);
  process.stdout.write(`${describeCounts(total)}\n`);
  return total.failed > 0 ? 1 : 0;
});
