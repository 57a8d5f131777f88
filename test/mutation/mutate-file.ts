import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stryker } from './stryker.ts';
import { sourcesOf, testsOf, type Area } from './areas.ts';

/** Ignored by Git. What is in it may be deleted; the next run then begins anew. */
const stateFolder = '.cache/mutation';

/**
 * Two mutants for each word of a sentence would say how often wording is compared, not whether decisions are tested.
 * Names that decide something (`'training'`) are compared by code whose conditions are mutated.
 */
const excludedMutations = ['StringLiteral'];

export interface Mutant {
  readonly status: string;
  readonly mutator: string;
  readonly line: number;
  readonly original: string;
  readonly replacement: string;
}

/** What is read of a report, as the mutation testing schema has it: lines and columns from 1. */
interface Report {
  readonly files: Readonly<
    Record<string, { readonly mutants: readonly (Pick<Mutant, 'status'> & ReportedMutant)[] } | undefined>
  >;
}

interface ReportedMutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly location: { readonly start: Place; readonly end: Place };
}

interface Place {
  readonly line: number;
  readonly column: number;
}

interface Kept {
  readonly fingerprint: string;
  readonly mutants: readonly Mutant[];
}

/** What became of each mutant of one file; from memory where neither the area's source nor its tests have changed. */
export async function mutateFile(file: string, area: Area, root: string): Promise<readonly Mutant[]> {
  const stateOf = (ending: string): string => join(root, stateFolder, `${file.replaceAll('/', '+')}.${ending}`);
  const fingerprint = fingerprintOf(area, root);
  const kept = readKept(stateOf('result.json'));
  if (kept?.fingerprint === fingerprint) return kept.mutants;
  mkdirSync(join(root, stateFolder), { recursive: true });
  const { program, runner } = stryker(root, join(root, stateFolder));
  const options = {
    mutate: [file],
    testRunner: 'tap',
    plugins: [runner],
    tap: {
      testFiles: [...testsOf(area, root)],
      nodeArgs: ['--test-reporter=tap', '-r', '{{hookFile}}', '{{testFile}}'],
      forceBail: true,
    },
    coverageAnalysis: 'perTest',
    mutator: { excludedMutations },
    concurrency: 1,
    // Far from what a file takes, also on a busy machine: a mutant that only came late is not one that was found.
    timeoutMS: 60_000,
    timeoutFactor: 4,
    incremental: true,
    incrementalFile: stateOf('stryker.json'),
    tempDirName: `${stateFolder}/sandbox`,
    ignorePatterns: ['/out', '/bench', '/docs', '/resources', '/test/fixtures', '/.cache'],
    // The sandbox lies below the checkout: Node finds node_modules upwards.
    symlinkNodeModules: false,
    // TypeScript's API, by which this file would be rewritten, is not part of TypeScript 7.
    tsconfigFile: 'none.json',
    disableTypeChecks: false,
    reporters: ['json'],
    jsonReporter: { fileName: stateOf('report.json') },
    logLevel: 'warn',
    allowConsoleColors: false,
  };
  const config = stateOf('config.json');
  writeFileSync(config, JSON.stringify(options));
  execFileSync(process.execPath, [program, 'run', config], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  rmSync(join(root, stateFolder, 'sandbox'), { recursive: true, force: true });
  const report = JSON.parse(readFileSync(stateOf('report.json'), 'utf8')) as Report;
  const results = report.files[file]?.mutants ?? [];
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  const mutants = results
    .filter(({ status }) => status !== 'Ignored')
    .map(({ status, mutatorName, location, replacement }): Mutant => {
      const { start, end } = location;
      const text = lines[start.line - 1] ?? '';
      const original = text.slice(start.column - 1, end.line === start.line ? end.column - 1 : undefined);
      return { status, mutator: mutatorName, line: start.line, original, replacement: replacement ?? '' };
    });
  writeFileSync(stateOf('result.json'), JSON.stringify({ fingerprint, mutants } satisfies Kept));
  return mutants;
}

function fingerprintOf(area: Area, root: string): string {
  const hash = createHash('sha256').update(excludedMutations.join());
  for (const file of [...sourcesOf(area, root), ...testsOf(area, root)])
    hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function readKept(path: string): Kept | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Kept;
  } catch {
    return undefined;
  }
}
