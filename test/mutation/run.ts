/**
 * `npm run mutate [-- --only codecs,filter] [--file PART] [--minutes 60] [--survivors] [--retry] [--statics] [--share 0.1]`: changes the
 * program in one place after the other, and counts the changes that a test of that area notices. Nothing is begun after its
 * minutes; what has been done is kept, and the next run goes on from there. With `--retry` only the changes that survived
 * before are made again, with `--share` only some of all, the same each time.
 *
 * `npm run mutate -- --checks [--file PART] [--minutes 60]` takes the checks out that `docs/security.md` relies on, see
 * `remove-checks.ts`.
 */
import { readFileSync } from 'node:fs';
import { dirname, delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { areas, sourcesOf } from './areas.ts';
import { removeChecks } from './remove-checks.ts';
import { keptMutants, mutateFiles, wasNoticed, type Mutant } from './mutate-files.ts';

/** Files of this many lines go into one run of StrykerJS, whose start costs more than many a file's mutants. */
const linesAtOnce = 4000;

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: areas.map(({ name }) => name).join() },
    file: { type: 'string', default: '' },
    minutes: { type: 'string', default: '60' },
    survivors: { type: 'boolean', default: false },
    retry: { type: 'boolean', default: false },
    statics: { type: 'boolean', default: false },
    share: { type: 'string', default: '1' },
    checks: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
if (values.checks) process.exit(await checkAll());
const names = values.only.split(',');
const share = Number(values.share);
process.env['ROUNDSCOPE_MUTATION_SHARE'] = values.share;
if (!names.every((name) => areas.some((area) => area.name === name)) || !(minutes > 0 && share > 0 && share <= 1)) {
  process.stderr.write(`usage: npm run mutate -- [--only ${areas.map(({ name }) => name).join()}] [--minutes N]\n`);
  process.exit(2);
}
process.chdir(root);
// Stryker starts `node` by name.
process.env['PATH'] = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;

const head = ['', 'files', 'mutants', 'noticed', 'timed out', 'survived', 'not reached', 'not run', 'score'];
const table = [`| ${head.join(' | ')} |`, `|${'---|'.repeat(head.length)}`];
const untilMs = performance.now() + minutes * 60_000;
for (const area of areas.filter(({ name }) => names.includes(name))) {
  const files = sourcesOf(area, root).filter((file) => file.includes(values.file));
  const missing = files.filter((file) => keptMutants(file, area, root) === undefined);
  for (const batch of batches(missing)) {
    if (performance.now() > untilMs) break;
    mutateFiles(batch, area, root, values);
    for (const file of batch) process.stderr.write(`${file}: ${scoreOf(keptMutants(file, area, root) ?? [])}\n`);
  }
  const done = files.flatMap((file) => {
    const mutants = keptMutants(file, area, root);
    return mutants === undefined ? [] : [{ file, mutants }];
  });
  for (const { file, mutants } of done) {
    if (values.survivors) tellSurvivors(file, mutants);
    table.push(row(file, '', mutants));
  }
  const all = done.flatMap(({ mutants }) => mutants);
  table.push(row(`**${area.name}**`, `${done.length} of ${files.length}`, all));
}
process.stdout.write(`${table.join('\n')}\n`);

/** Whoever ends it ends the tests that are running as well. @returns the status to end with */
async function checkAll(): Promise<number> {
  const giveUp = new AbortController();
  for (const [name, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    process.once(name, () => giveUp.abort(status));
  try {
    return (await removeChecks(root, { part: values.file, minutes, signal: giveUp.signal })) ? 0 : 1;
  } catch (error) {
    if (!giveUp.signal.aborted) throw error;
    return Number(giveUp.signal.reason);
  }
}

/** Smallest files first: their figures come soon. */
function batches(files: readonly string[]): readonly (readonly string[])[] {
  const sized = files.map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length }));
  const all: string[][] = [];
  let room = 0;
  for (const { file, lines } of sized.toSorted((a, b) => a.lines - b.lines)) {
    if (lines > room) {
      all.push([]);
      room = linesAtOnce;
    }
    all.at(-1)?.push(file);
    room -= lines;
  }
  return all;
}

function row(name: string, files: string, mutants: readonly Mutant[]): string {
  const counts = ['Killed', 'Timeout', 'Survived', 'NoCoverage', 'Static'].map((status) => count(mutants, status));
  return `| ${[name, files, mutants.length, ...counts, scoreOf(mutants)].join(' | ')} |`;
}

function count(mutants: readonly Mutant[], ...statuses: readonly string[]): number {
  return mutants.filter(({ status }) => statuses.includes(status)).length;
}

/** Share of the mutants that could run and were noticed. */
function scoreOf(mutants: readonly Mutant[]): string {
  const noticed = mutants.filter(wasNoticed).length;
  const ran = noticed + count(mutants, 'Survived', 'NoCoverage');
  return ran === 0 ? '-' : `${((100 * noticed) / ran).toFixed(1)} %`;
}

function tellSurvivors(file: string, mutants: readonly Mutant[]): void {
  const lines = readFileSync(file, 'utf8').split('\n');
  for (const { status, mutator, start, end, replacement } of mutants) {
    if (status !== 'Survived' && status !== 'NoCoverage') continue;
    const text = lines[start.line - 1] ?? '';
    const original = text.slice(start.column - 1, end.line === start.line ? end.column - 1 : undefined);
    const instead = replacement.replaceAll(/\s+/g, ' ');
    process.stdout.write(`${file}:${start.line} ${status} ${mutator}: ${original} → ${instead}\n`);
  }
}
