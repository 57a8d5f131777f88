/**
 * `npm run mutate -- --checks [--file PART]`: takes each check of `checks.ts` out of a copy of the sources and asks its tests.
 * A check that none of them misses is told, and the command fails; so it does where the tests no longer run at all.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { checks, type Check } from './checks.ts';

/** What a test run reads, beside what was installed. */
const copied = ['src', 'test', 'resources', 'package.json', 'tsconfig.json', 'tsconfig.base.json'] as const;
const testLimitMs = 180_000;

type Asked = Pick<Check, 'tests' | 'only'>;

/** How tests ended: `missed`, by the name of the first that failed; `broken`, if there was none to fail. */
type Outcome = { readonly kind: 'passed' } | { readonly kind: 'missed' | 'broken'; readonly by: string };

/** @returns whether each was noticed */
export function removeChecks(root: string, part: string): boolean {
  const chosen = checks.filter(({ claim, file }) => `${file}: ${claim}`.includes(part));
  if (chosen.length === 0) throw new Error(`there is no check with ${part}`);
  const copy = mkdtempSync(join(tmpdir(), 'roundscope-checks-'));
  try {
    for (const name of copied) cpSync(join(root, name), join(copy, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
    for (const asked of new Map(chosen.map((check) => [wordsOf(check), check])).values()) {
      const outcome = ask(copy, asked);
      if (outcome.kind !== 'passed')
        throw new Error(`with all checks in place ${outcome.by} (asked: ${wordsOf(asked)})`);
    }
    const missed = chosen.filter((check) => !isNoticed(copy, check));
    process.stdout.write(
      `${chosen.length - missed.length} of ${chosen.length} checks are missed by a test when they are gone\n`,
    );
    return missed.length === 0;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function isNoticed(copy: string, check: Check): boolean {
  const { claim, file, from, to } = check;
  const path = join(copy, file);
  const whole = readFileSync(path, 'utf8');
  writeFileSync(
    path,
    whole.replace(from, () => to),
  );
  try {
    const outcome = ask(copy, check);
    const words = { passed: 'SURVIVED', broken: 'NO TEST RAN', missed: 'noticed ' };
    const by = outcome.kind === 'passed' ? '' : `\n         ${outcome.by}`;
    process.stdout.write(`${words[outcome.kind]} ${file}: ${claim}${by}\n`);
    return outcome.kind === 'missed';
  } finally {
    writeFileSync(path, whole);
  }
}

function ask(copy: string, { tests, only }: Asked): Outcome {
  const chosen = only === undefined ? [] : [`--test-name-pattern=${only}`];
  const args = ['--test', '--test-reporter=tap', `--test-timeout=${testLimitMs}`, ...chosen, ...tests];
  const env = { ...process.env };
  delete env['NODE_TEST_CONTEXT'];
  const options = { cwd: copy, env, encoding: 'utf8', timeout: 2 * testLimitMs, maxBuffer: 64 * 1024 * 1024 } as const;
  const { status, stdout } = spawnSync(process.execPath, args, options);
  const [failed] = [...stdout.matchAll(/^\s*not ok \d+ - (.*)$/gm)].map(([, name = '']) => name).filter(isTest);
  if (failed !== undefined) return { kind: 'missed', by: failed };
  if (status === null) return { kind: 'missed', by: 'they run without end' };
  if (status !== 0) return { kind: 'broken', by: 'a file of tests does not load' };
  return /^# pass [1-9]/m.test(stdout)
    ? { kind: 'passed' }
    : { kind: 'broken', by: 'none of the tests is there, or can run here' };

  /** Node reports a file that does not load as a test of its name. */
  function isTest(name: string): boolean {
    return !tests.some((path) => basename(path) === basename(name));
  }
}

function wordsOf({ tests, only = '' }: Asked): string {
  return [...tests, only].join(' ');
}
