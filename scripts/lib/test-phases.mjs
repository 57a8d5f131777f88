import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runAudit } from './audit.mjs';
import { globSync } from './glob.mjs';
import { launch } from './launch.mjs';
import { compiledFolder, inRoot } from './paths.mjs';
import { seconds } from './say.mjs';

/**
 * @typedef {{passed: number, failed: number, skipped: number, standIns?: number}} Counts
 * @typedef {{node24: string, env: Record<string, string>, coverage?: boolean}} Context
 */

const tool = (name, ...args) => ({ kind: 'tool', args: [inRoot('node_modules', ...name.split('/')), ...args] });
const suite = (patterns, options = {}) => ({ kind: 'suite', patterns, ...options });

/** Most files wait more than they compute, those of one module most of all. */
const processors = Math.max(2, Math.min(8, availableParallelism()));
const waiting = 2 * processors;

/**
 * How the paths of those test files begin that have the machine to themselves: what they assert hangs on how fast it
 * answers, as a verdict does, or they load it so that others would wait in vain. Every other file shares the machine with
 * others of its phase (0086).
 */
export const alone = [
  'test/cli/participant/coordinator-gone.',
  'test/cli/brokers/dds.',
  'test/cli/demo.',
  'test/cli/faults.',
  'test/cli/attacks/hostile-memory.',
  'test/cli/attacks/hostile-peer',
  'test/cli/participant/join.',
  'test/cli/brokers/own-broker.',
  'test/cli/participant/participant-chair.',
  'test/cli/paths.',
  'test/cli/verdicts.',
  'test/e2e/participant-seat.',
];

/** In the order in which they run: what is quick and finds most comes first. */
export const phases = {
  format: tool('oxfmt/bin/oxfmt', '--check'),
  types: tool('typescript/bin/tsc', '-b', '--pretty', 'false'),
  lint: tool('oxlint/bin/oxlint', '--type-aware', '--deny-warnings'),
  build: { kind: 'tool', args: [inRoot('scripts', 'build.mjs')] },
  unit: suite(
    [
      'src/**/*.test.ts',
      'scripts/**/*.test.mjs',
      ...['support', 'soak', 'screenshots'].map((folder) => `test/${folder}/**/*.test.ts`),
    ],
    { covers: true, atOnce: waiting, preloads: ['test/support/leak-gate.ts'] },
  ),
  // In one process: each of them would load React and jsdom, and most take no longer than that.
  components: suite(['src/renderer/**/*.test.tsx'], {
    covers: true,
    oneProcess: true,
    preloads: ['test/support/leak-gate.ts', 'test/support/rendered/preload.ts'],
  }),
  architecture: suite(['test/architecture/**/*.test.ts']),
  simulation: suite(['test/simulation/**/*.test.ts'], { testLimitMs: 8 * 60_000 }),
  cli: suite(['test/cli/**/*.test.ts', 'test/survival/**/*.test.ts']),
  e2e: suite(['test/e2e/**/*.test.ts'], { needs: 'ROUNDSCOPE_CHROMIUM' }),
  audit: { kind: 'audit' },
};

/** Asks the registry, whose answer changes from day to day: only where somebody wants it. */
export const askedPhases = ['audit'];

export const checkPhases = ['format', 'types', 'lint', 'build', 'unit', 'components', 'architecture', 'simulation'];

/** A program that must end with status 0 counts as one test. */
async function runTool(phase, { node24, env }) {
  const { status, output } = await launch(node24, phase.args, { capture: true, env });
  if (status !== 0) process.stdout.write(output.replace(/^/gm, '  '));
  return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
}

/** Tests that are not run at all are counted by the look of them: their files cannot be asked. */
function countTests(files) {
  const calls = files.flatMap((file) => readFileSync(file, 'utf8').match(/^\s*(test|it)\(/gm) ?? []);
  return Math.max(calls.length, files.length);
}

/**
 * Test files in the groups in which they run one after the other, each with how many of it run at a time.
 * @param beginnings paths from the root, of files that run alone
 */
export function groupsOf(files, { beginnings = alone, atOnce = processors } = {}) {
  const isAlone = (file) => beginnings.some((beginning) => file.startsWith(inRoot(beginning)));
  return [
    { files: files.filter(isAlone), concurrency: 1 },
    { files: files.filter((file) => !isAlone(file)), concurrency: atOnce },
  ].filter((group) => group.files.length > 0);
}

async function runSuite(phase, context) {
  const found = phase.patterns.map((pattern) => ({ pattern, files: globSync(pattern) }));
  const gone = found.find(({ files }) => files.length === 0);
  if (gone !== undefined) {
    process.stdout.write(`  no test files in ${gone.pattern}: what this phase should have run is gone\n`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const files = found.flatMap((one) => one.files);
  if (phase.needs && !context.env[phase.needs]) {
    process.stdout.write(`  - skipped: all of ${files.length} files (${phase.needs} names no program)\n`);
    return { passed: 0, failed: 0, skipped: countTests(files) };
  }
  let total = { passed: 0, failed: 0, skipped: 0 };
  for (const group of groupsOf(files, phase)) total = addCounts(total, await runGroup(phase, group, context));
  return total;
}

async function runGroup(phase, { files, concurrency }, { node24, env, coverage = false }) {
  const folder = mkdtempSync(join(tmpdir(), 'roundscope-test-'));
  const countsFile = join(folder, 'counts.json');
  const reporter = (name) => pathToFileURL(inRoot('scripts', 'lib', name)).href;
  const covers = coverage && phase.covers;
  const args = [
    '--test',
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${phase.testLimitMs ?? 4 * 60_000}`,
    `--test-reporter=${reporter('test-reporter.mjs')}`,
    '--test-reporter-destination=stdout',
    `--test-reporter=${reporter('test-counts.mjs')}`,
    `--test-reporter-destination=${countsFile}`,
    ...(covers
      ? ['--experimental-test-coverage', '--test-coverage-include=src/**', '--test-coverage-exclude=**/*.test.{ts,tsx}']
      : []),
    ...(phase.oneProcess ? ['--test-isolation=none'] : []),
    ...(phase.preloads ?? []).flatMap((file) => ['--import', pathToFileURL(inRoot(file)).href]),
    ...files,
  ];
  try {
    // Each file is a process that loads some hundred others. What is covered is counted wrongly in code from there.
    const cache = covers ? {} : { NODE_COMPILE_CACHE: compiledFolder };
    const { status } = await launch(node24, args, { env: { ...cache, ...env } });
    const counts = readCounts(countsFile);
    // A run that ends badly without a failed test, or tells nothing, has failed as such.
    if (status !== 0 && counts.failed === 0) counts.failed = 1;
    return counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readCounts(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

const runners = { tool: runTool, suite: runSuite, audit: runAudit };

/** @returns {Promise<Counts>} */
export async function runPhase(name, context) {
  const startedMs = performance.now();
  process.stdout.write(`\n${name}\n`);
  const phase = phases[name];
  const counts = await runners[phase.kind](phase, context);
  process.stdout.write(`  ${describeCounts(counts)} in ${seconds(startedMs)}\n`);
  return counts;
}

export function describeCounts({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

export function addCounts(a, b) {
  const standIns = (a.standIns ?? 0) + (b.standIns ?? 0);
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped, standIns };
}
