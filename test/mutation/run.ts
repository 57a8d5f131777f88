/**
 * `npm run mutate [-- --only codecs,filter] [--file PART] [--minutes 60] [--survivors]`: changes the program in one place
 * after the other, and counts the changes that a test of that area notices. No file is begun after its minutes; what has
 * been done is kept, and the next run goes on from there.
 */
import { dirname, delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { areas, sourcesOf } from './areas.ts';
import { mutateFile, type Mutant } from './mutate-file.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: areas.map(({ name }) => name).join() },
    file: { type: 'string', default: '' },
    minutes: { type: 'string', default: '60' },
    survivors: { type: 'boolean', default: false },
  },
});
const names = values.only.split(',');
const minutes = Number(values.minutes);
if (!names.every((name) => areas.some((area) => area.name === name)) || !(minutes > 0)) {
  process.stderr.write(`usage: npm run mutate -- [--only ${areas.map(({ name }) => name).join()}] [--minutes N]\n`);
  process.exit(2);
}
process.chdir(root);
// Stryker starts `node` by name.
process.env['PATH'] = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;

const untilMs = performance.now() + minutes * 60_000;
const table = [
  '| area | files | mutants | noticed | timed out | survived | not reached | score |',
  `|${'---|'.repeat(8)}`,
];
for (const area of areas.filter(({ name }) => names.includes(name))) {
  const files = sourcesOf(area, root).filter((file) => file.includes(values.file));
  const all: Mutant[] = [];
  let done = 0;
  for (const file of files) {
    if (performance.now() > untilMs) break;
    const mutants = await mutateFile(file, area, root);
    all.push(...mutants);
    done++;
    process.stderr.write(`${file}: ${scoreOf(mutants)} of ${mutants.length}\n`);
    if (values.survivors) tellSurvivors(file, mutants);
  }
  const cells = [area.name, `${done} of ${files.length}`, all.length, count(all, 'Killed'), count(all, 'Timeout')];
  table.push(`| ${[...cells, count(all, 'Survived'), count(all, 'NoCoverage'), scoreOf(all)].join(' | ')} |`);
}
process.stdout.write(`${table.join('\n')}\n`);

function count(mutants: readonly Mutant[], ...statuses: readonly string[]): number {
  return mutants.filter(({ status }) => statuses.includes(status)).length;
}

/** Share of the mutants that could run and were noticed. */
function scoreOf(mutants: readonly Mutant[]): string {
  const noticed = count(mutants, 'Killed', 'Timeout');
  const ran = noticed + count(mutants, 'Survived', 'NoCoverage');
  return ran === 0 ? '-' : `${((100 * noticed) / ran).toFixed(1)} %`;
}

function tellSurvivors(file: string, mutants: readonly Mutant[]): void {
  for (const { status, mutator, line, original, replacement } of mutants) {
    if (status === 'Killed' || status === 'Timeout') continue;
    process.stdout.write(
      `${file}:${line} ${status} ${mutator}: ${original} → ${replacement.replaceAll(/\s+/g, ' ')}\n`,
    );
  }
}
