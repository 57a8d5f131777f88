/**
 * `npm run mutate -- --checks [--file PART]`: takes each check of `checks.ts` out of a copy of the sources and asks its tests.
 * A check that none of them misses is told, and the command fails.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checks, type Check } from './checks.ts';

/** What a test run reads, beside what was installed. */
const copied = ['src', 'test', 'resources', 'package.json', 'tsconfig.json', 'tsconfig.base.json'] as const;
const testLimitMs = 180_000;

/** @returns whether each was noticed */
export function removeChecks(root: string, part: string): boolean {
  const chosen = checks.filter(({ claim, file }) => `${file}: ${claim}`.includes(part));
  if (chosen.length === 0) throw new Error(`there is no check with ${part}`);
  const copy = mkdtempSync(join(tmpdir(), 'roundscope-checks-'));
  try {
    for (const name of copied) cpSync(join(root, name), join(copy, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
    for (const tests of new Set(chosen.map((check) => check.tests.join(' '))))
      if (fails(copy, tests.split(' '))) throw new Error(`fails with all checks in place: ${tests}`);
    const missed = chosen.filter((check) => !isNoticed(copy, check));
    process.stdout.write(
      `${chosen.length - missed.length} of ${chosen.length} checks are missed by a test when they are gone\n`,
    );
    return missed.length === 0;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function isNoticed(copy: string, { claim, file, from, to, tests }: Check): boolean {
  const path = join(copy, file);
  const whole = readFileSync(path, 'utf8');
  writeFileSync(
    path,
    whole.replace(from, () => to),
  );
  try {
    const noticed = fails(copy, tests);
    process.stdout.write(`${noticed ? 'noticed ' : 'SURVIVED'} ${file}: ${claim}\n`);
    return noticed;
  } finally {
    writeFileSync(path, whole);
  }
}

function fails(copy: string, tests: readonly string[]): boolean {
  const args = ['--test', `--test-timeout=${testLimitMs}`, ...tests];
  const env = { ...process.env };
  delete env['NODE_TEST_CONTEXT'];
  return spawnSync(process.execPath, args, { cwd: copy, env, stdio: 'ignore', timeout: 2 * testLimitMs }).status !== 0;
}
