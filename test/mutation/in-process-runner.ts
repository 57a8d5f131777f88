/**
 * A test runner of StrykerJS for tests that are pure: it loads the files of an area once and asks their tests again for
 * each mutant, in milliseconds, where a process for each would take a second. Only a mutant that is decided while a file is
 * loaded gets a process of its own; StrykerJS starts that.
 */
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { inSample, notInSample } from './sample.ts';
import { collectedTests, type CollectedTest } from './collected-tests.ts';

/** What StrykerJS and the instrumented program tell each other. */
interface Shared {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: unknown;
}

interface MutantRun {
  readonly testFilter?: readonly string[];
  readonly hitLimit?: number;
  readonly activeMutant: { readonly id: string };
  readonly mutantActivation: 'runtime' | 'static';
}

interface Outcome {
  readonly id: string;
  readonly name: string;
  readonly timeSpentMs: number;
  readonly status: 0 | 1;
  readonly failureMessage?: string;
}

const passed = 0;
const failed = 1;

/** Turns of the event loop, 10 ms apart, after which a test that has not been seen before counts as one that never ends. */
const turnsUnseen = 1000;

const shared: Shared = ((globalThis as { __stryker__?: Shared }).__stryker__ ??= {});

/** A mistake outside any promise that a test awaits: it belongs to the test that is running. */
let strayError: unknown = null;

class InProcessRunner {
  /** Turns that each test took without a mutant. */
  readonly #turns = new Map<string, number>();
  /** The quickest test first: most mutants never come to the slow ones. */
  #tests: readonly CollectedTest[] = [];
  #loaded = false;

  capabilities(): { reloadEnvironment: boolean } {
    return { reloadEnvironment: false };
  }

  async dryRun(): Promise<object> {
    await this.#load();
    const tests: Outcome[] = [];
    for (const test of this.#tests) tests.push(await this.#run(test));
    const spentMs = new Map(tests.map(({ id, timeSpentMs }) => [id, timeSpentMs]));
    this.#tests = this.#tests.toSorted((a, b) => (spentMs.get(a.name) ?? 0) - (spentMs.get(b.name) ?? 0));
    return { status: 'complete', tests, mutantCoverage: shared.mutantCoverage };
  }

  async mutantRun({ testFilter, hitLimit, activeMutant, mutantActivation }: MutantRun): Promise<object> {
    if (!inSample(activeMutant.id)) return { status: 'error', errorMessage: notInSample };
    if (mutantActivation === 'static') shared.activeMutant = activeMutant.id;
    try {
      await this.#load();
    } catch (error) {
      return { status: 'killed', killedBy: ['loading'], failureMessage: String(error), nrOfTests: 0 };
    }
    Object.assign(shared, { activeMutant: activeMutant.id, hitCount: 0, hitLimit });
    const wanted = testFilter === undefined ? undefined : new Set(testFilter);
    let ran = 0;
    for (const test of this.#tests) {
      if (wanted !== undefined && !wanted.has(test.name)) continue;
      const outcome = await this.#run(test);
      ran++;
      if (hitLimit !== undefined && (shared.hitCount ?? 0) > hitLimit)
        return { status: 'timeout', reason: 'hit limit' };
      if (outcome.status === failed)
        return { status: 'killed', killedBy: [test.name], failureMessage: outcome.failureMessage, nrOfTests: ran };
    }
    return { status: 'survived', nrOfTests: ran };
  }

  async #load(): Promise<void> {
    if (this.#loaded) return;
    this.#loaded = true;
    process.on('uncaughtException', (error) => (strayError ??= error));
    process.on('unhandledRejection', (error) => (strayError ??= error));
    // The same examples for each mutant, not many, and no search for a smaller one.
    fc.configureGlobal({ seed: 1, endOnFailure: true, numRuns: 30 });
    const standIn = new URL('collected-tests.ts', import.meta.url).href;
    registerHooks({
      resolve: (specifier, context, next) =>
        specifier === 'node:test' ? { url: standIn, shortCircuit: true } : next(specifier, context),
    });
    for (const file of (process.env['ROUNDSCOPE_MUTATION_TESTS'] ?? '').split(','))
      await import(pathToFileURL(join(process.cwd(), file)).href);
    this.#tests = collectedTests();
  }

  async #run(test: CollectedTest): Promise<Outcome> {
    const startMs = performance.now();
    shared.currentTestId = test.name;
    strayError = null;
    const error = await this.#errorOf(test);
    shared.currentTestId = undefined;
    const outcome = { id: test.name, name: test.name, timeSpentMs: performance.now() - startMs };
    return error === null
      ? { ...outcome, status: passed }
      : { ...outcome, status: failed, failureMessage: error instanceof Error ? error.message : String(error) };
  }

  /** Counted in turns, not in time: who gets little of the processor also turns less often. */
  async #errorOf(test: CollectedTest): Promise<unknown> {
    let end: { readonly error: unknown } | null = null;
    void Promise.resolve()
      .then(test.run)
      .then(
        () => (end = { error: null }),
        (error: unknown) => (end = { error: error ?? new Error('nothing was thrown') }),
      );
    const seen = this.#turns.get(test.name);
    const turnsMax = seen === undefined ? turnsUnseen : 100 + 10 * seen;
    for (let i = 0; i < 50 && end === null; i++) await new Promise((resolve) => setImmediate(resolve));
    let turns = 0;
    for (; end === null && turns < turnsMax; turns++) await new Promise((resolve) => setTimeout(resolve, 10));
    if (seen === undefined) this.#turns.set(test.name, turns);
    const { error } = (end as { readonly error: unknown } | null) ?? { error: new Error('never ends') };
    return error ?? strayError;
  }
}

const factory = (): InProcessRunner => new InProcessRunner();
factory.inject = [] as const;

export const strykerPlugins = [{ kind: 'TestRunner', name: 'in-process', factory }];
