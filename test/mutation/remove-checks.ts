/**
 * `npm run mutate -- --checks [--file PART] [--minutes 60]`: takes each check of `checks.ts` out of a copy of the sources and
 * asks its tests. A check that none of them misses is told, and the command fails; so it does where the tests no longer run at
 * all. Nothing is begun after its minutes; what has been done is kept, and the next run goes on from there.
 */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { checks, type Check } from './checks.ts';
import { KeptOutcomes, type Outcome } from './kept-outcomes.ts';
import { runWithin } from './run-within.ts';

/** What a test run reads, beside what was installed. */
const copied = ['src', 'test', 'resources', 'package.json', 'tsconfig.json', 'tsconfig.base.json'] as const;
const testLimitMs = 180_000;
/** Without a check tests may take longer, not without end: so many times as long as with it, and what a busy machine needs. */
const timesAsLong = 5;
const spareMs = 60_000;

type Asked = Pick<Check, 'tests' | 'only'>;

export interface RemovalOptions {
  /** Of a file or a claim; empty: all checks. */
  readonly part: string;
  readonly minutes: number;
  readonly signal: AbortSignal;
}

/** @returns whether each was noticed */
export async function removeChecks(root: string, options: RemovalOptions): Promise<boolean> {
  const chosen = checks.filter(({ claim, file }) => `${file}: ${claim}`.includes(options.part));
  if (chosen.length === 0) throw new Error(`there is no check with ${options.part}`);
  const kept = new KeptOutcomes(root, ['src', 'test', 'resources']);
  const untilMs = performance.now() + options.minutes * 60_000;
  const copy = realpathSync(mkdtempSync(join(tmpdir(), 'roundscope-checks-')));
  try {
    for (const name of copied) cpSync(join(root, name), join(copy, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
    const removal = new Removal(copy, kept, options.signal);
    for (const check of chosen) {
      if (performance.now() > untilMs) break;
      await removal.settle(check);
    }
    return tellAll(chosen, kept);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

class Removal {
  readonly #copy: string;
  readonly #kept: KeptOutcomes;
  readonly #signal: AbortSignal;

  constructor(copy: string, kept: KeptOutcomes, signal: AbortSignal) {
    this.#copy = copy;
    this.#kept = kept;
    this.#signal = signal;
  }

  async settle(check: Check): Promise<void> {
    const known = this.#kept.get(keyOf(check));
    if (known !== undefined) return tell(check, known);
    const limitMs = timesAsLong * (await this.#withAll(check)) + spareMs;
    const path = join(this.#copy, check.file);
    const whole = readFileSync(path, 'utf8');
    writeFileSync(
      path,
      whole.replace(check.from, () => check.to),
    );
    try {
      const outcome = await this.#ask(check, limitMs);
      this.#kept.set(keyOf(check), outcome);
      tell(check, outcome);
    } finally {
      writeFileSync(path, whole);
    }
  }

  /** How long they take with all checks in place, in which they pass. */
  async #withAll(asked: Asked): Promise<number> {
    const known = this.#kept.get(wordsOf(asked));
    if (known !== undefined) return known.ms;
    const outcome = await this.#ask(asked, 2 * testLimitMs);
    if (outcome.kind !== 'passed') throw new Error(`with all checks in place ${outcome.by} (asked: ${wordsOf(asked)})`);
    this.#kept.set(wordsOf(asked), outcome);
    return outcome.ms;
  }

  async #ask({ tests, only }: Asked, limitMs: number): Promise<Outcome> {
    const chosen = only === undefined ? [] : [`--test-name-pattern=${only}`];
    const args = ['--test', '--test-reporter=tap', `--test-timeout=${testLimitMs}`, ...chosen, ...tests];
    // What tests start, brokers too, keeps its files there, by which it is found when it is left behind.
    const temporary = join(this.#copy, 't');
    mkdirSync(temporary, { recursive: true });
    const env: NodeJS.ProcessEnv = { ...process.env, TMPDIR: temporary };
    delete env['NODE_TEST_CONTEXT'];
    const { status, stdout, ms } = await runWithin(args, { folder: this.#copy, env, limitMs, signal: this.#signal });
    rmSync(temporary, { recursive: true, force: true });
    const [failed] = [...stdout.matchAll(/^\s*not ok \d+ - (.*)$/gm)].map(([, name = '']) => name).filter(isTest);
    if (failed !== undefined) return { kind: 'missed', by: failed, ms };
    if (status === null) return { kind: 'missed', by: 'they run without end', ms };
    if (status !== 0) return { kind: 'broken', by: 'a file of tests does not load', ms };
    return /^# pass [1-9]/m.test(stdout)
      ? { kind: 'passed', by: '', ms }
      : { kind: 'broken', by: 'none of the tests is there, or can run here', ms };

    /** Node reports a file that does not load as a test of its name. */
    function isTest(name: string): boolean {
      return !tests.some((path) => basename(path) === basename(name));
    }
  }
}

const words = { passed: 'SURVIVED', broken: 'NO TEST RAN', missed: 'noticed ' } as const;

function tell({ file, claim }: Check, { kind, by, ms }: Outcome): void {
  const what = by === '' ? '' : `\n         ${by}`;
  process.stdout.write(`${words[kind]} ${file}: ${claim} (${(ms / 1000).toFixed(1)} s)${what}\n`);
}

function tellAll(chosen: readonly Check[], kept: KeptOutcomes): boolean {
  const outcomes = chosen.flatMap((check) => kept.get(keyOf(check)) ?? []);
  const noticed = outcomes.filter(({ kind }) => kind === 'missed').length;
  const withAll = [...new Set(chosen.map(wordsOf))].flatMap((asked) => kept.get(asked) ?? []);
  const minutes = [...outcomes, ...withAll].reduce((sum, { ms }) => sum + ms, 0) / 60_000;
  const left = chosen.length - outcomes.length;
  const open = left === 0 ? '' : `; ${left} were not come to: the same command goes on with them`;
  process.stdout.write(
    `${noticed} of ${outcomes.length} checks are missed by a test when they are gone; all that was asked took ${minutes.toFixed(1)} minutes${open}\n`,
  );
  return noticed === chosen.length;
}

function keyOf({ file, claim, from, to, ...asked }: Check): string {
  return JSON.stringify([file, claim, from, to, wordsOf(asked)]);
}

function wordsOf({ tests, only = '' }: Asked): string {
  return [...tests, only].join(' ');
}
