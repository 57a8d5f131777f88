/** Stands in for `node:test` where the tests of an area run in the process of the mutation check (`in-process-runner.ts`). */

/** One test as it was declared; its name holds the names of the groups around it. */
export interface CollectedTest {
  readonly name: string;
  readonly run: () => unknown;
}

const collected: CollectedTest[] = [];
const groups: string[] = [];

export function collectedTests(): readonly CollectedTest[] {
  return collected;
}

export function describe(name: string, declare: () => void): void {
  groups.push(name);
  declare();
  groups.pop();
}

/** The forms that the tests of the areas use: no options, no context, no hooks. */
export function test(name: string, run: () => unknown): void {
  if (typeof run !== 'function' || run.length > 0) throw new Error(`${name}: not a form that the mutation check runs`);
  // A number keeps names apart that are used twice.
  collected.push({ name: `${collected.length} ${[...groups, name].join(' > ')}`, run });
}
