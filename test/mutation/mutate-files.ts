import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inSample, sampleShare } from './sample.ts';
import { stryker } from './stryker.ts';
import { sourcesOf, testsOf, type Area } from './areas.ts';

/** Ignored by Git. What is in it may be deleted; the next run then begins again. */
const stateFolder = '.cache/mutation';

/**
 * Two mutants for each word of a sentence would say how often wording is compared, not whether decisions are tested.
 * Names that decide something (`'training'`) are compared by code whose conditions are mutated.
 */
const excludedMutations = ['StringLiteral'];

export interface Mutant {
  /** As the mutation testing schema has it, and `Static`: decided while the file is loaded, not run. */
  readonly status: string;
  readonly mutator: string;
  readonly start: Place;
  readonly end: Place;
  readonly replacement: string;
}

/** From 1. */
interface Place {
  readonly line: number;
  readonly column: number;
}

/** What is read of a report. */
interface Report {
  readonly files: Readonly<Record<string, { readonly mutants: readonly ReportedMutant[] } | undefined>>;
}

interface ReportedMutant {
  readonly id: string;
  readonly status: string;
  readonly statusReason?: string;
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly location: { readonly start: Place; readonly end: Place };
}

interface Kept {
  readonly fingerprint: string;
  readonly source: string;
  readonly mutants: readonly Mutant[];
}

export interface MutationOptions {
  /** Mutants that are decided while a file is loaded cost a process each. */
  readonly statics: boolean;
  /** Of a file that has not changed, asks only those again that no test noticed: for tests that were added since. */
  readonly retry: boolean;
}

export function wasNoticed({ status }: Mutant): boolean {
  return status === 'Killed' || status === 'Timeout';
}

/** What is remembered of `file`, if neither the area's source nor its tests have changed since. */
export function keptMutants(file: string, area: Area, root: string): readonly Mutant[] | undefined {
  const kept = readKept(file, root);
  return kept?.fingerprint === fingerprintOf(area, root) ? kept.mutants : undefined;
}

/** Runs StrykerJS once over `files`, and remembers what became of each mutant. */
export function mutateFiles(files: readonly string[], area: Area, root: string, options: MutationOptions): void {
  const fingerprint = fingerprintOf(area, root);
  const sources = new Map(files.map((file) => [file, sourceHash(file, root)]));
  const before = new Map<string, readonly Mutant[]>();
  for (const file of options.retry ? files : []) {
    const kept = readKept(file, root);
    if (kept !== undefined && kept.source === sources.get(file)) before.set(file, kept.mutants);
  }
  const wanted = files.flatMap((file) => before.get(file)?.filter(isAsked).map(rangeIn(file)) ?? [file]);
  const report = wanted.length === 0 ? { files: {} } : runStryker(wanted, area, root, options);
  for (const file of files) {
    const fresh = (report.files[file]?.mutants ?? []).flatMap(mutantOf);
    const again = new Map(fresh.map((mutant) => [keyOf(mutant), mutant]));
    const mutants = before
      .get(file)
      ?.map((mutant) => (isAsked(mutant) ? (again.get(keyOf(mutant)) ?? mutant) : mutant));
    const kept: Kept = { fingerprint, source: sources.get(file) ?? '', mutants: mutants ?? fresh };
    writeFileSync(statePath(file, root), JSON.stringify(kept));
  }

  function isAsked(mutant: Mutant): boolean {
    return !wasNoticed(mutant) && (options.statics || mutant.status !== 'Static');
  }
}

function runStryker(mutate: readonly string[], area: Area, root: string, { statics }: MutationOptions): Report {
  const folder = join(root, stateFolder);
  mkdirSync(folder, { recursive: true });
  const report = join(folder, 'report.json');
  const config = join(folder, 'config.json');
  const program = stryker(root, folder);
  const options = {
    mutate,
    testRunner: 'in-process',
    plugins: [fileURLToPath(new URL('in-process-runner.ts', import.meta.url))],
    coverageAnalysis: 'perTest',
    ignoreStatic: !statics,
    mutator: { excludedMutations },
    concurrency: 1,
    // Far from what a mutant takes, also on a busy machine: one that only came late is not one that was found. What runs
    // for ever is noticed before, by the times that it passes its mutant or by the turns that its test takes.
    timeoutMS: 600_000,
    timeoutFactor: 10,
    dryRunTimeoutMinutes: 30,
    tempDirName: `${stateFolder}/sandbox`,
    ignorePatterns: ['/out', '/bench', '/docs', '/resources', '/test/fixtures', '/src/renderer', '/.cache'],
    // The sandbox lies below the checkout: Node finds node_modules upwards.
    symlinkNodeModules: false,
    // TypeScript's API, by which this file would be rewritten, is not part of TypeScript 7.
    tsconfigFile: 'none.json',
    disableTypeChecks: false,
    reporters: ['json'],
    jsonReporter: { fileName: report },
    logLevel: 'warn',
    allowConsoleColors: false,
  };
  writeFileSync(config, JSON.stringify(options));
  execFileSync(process.execPath, [program, 'run', config], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ROUNDSCOPE_MUTATION_TESTS: testsOf(area, root).join() },
  });
  rmSync(join(folder, 'sandbox'), { recursive: true, force: true });
  return JSON.parse(readFileSync(report, 'utf8')) as Report;
}

function mutantOf(reported: ReportedMutant): Mutant[] {
  const { statusReason = '', mutatorName: mutator, replacement = '' } = reported;
  const { start, end } = reported.location;
  const isStatic = reported.status === 'Ignored' && statusReason.startsWith('Static');
  const status = isStatic ? 'Static' : reported.status;
  return status === 'Ignored' || !inSample(reported.id) ? [] : [{ status, mutator, start, end, replacement }];
}

function keyOf({ mutator, start, end, replacement }: Mutant): string {
  return JSON.stringify([mutator, start, end, replacement]);
}

function rangeIn(file: string): (mutant: Mutant) => string {
  // StrykerJS takes columns of a range from 0, and tells them from 1.
  return ({ start, end }) => `${file}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;
}

function statePath(file: string, root: string): string {
  return join(root, stateFolder, `${file.replaceAll('/', '+')}.result.json`);
}

function fingerprintOf(area: Area, root: string): string {
  const hash = createHash('sha256').update([...excludedMutations, sampleShare()].join());
  for (const file of [...sourcesOf(area, root), ...testsOf(area, root)])
    hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function sourceHash(file: string, root: string): string {
  return createHash('sha256')
    .update(readFileSync(join(root, file)))
    .digest('hex');
}

function readKept(file: string, root: string): Kept | undefined {
  try {
    return JSON.parse(readFileSync(statePath(file, root), 'utf8')) as Kept;
  } catch {
    return undefined;
  }
}
