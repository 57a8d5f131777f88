import { globSync } from 'node:fs';

/** Source whose every decision should be seen by a test, and the tests that are asked. */
export interface Area {
  readonly name: string;
  /** Paths and patterns from the root; what is pure comes here, sockets and processes do not. */
  readonly sources: readonly string[];
  readonly tests: readonly string[];
}

export const areas: readonly Area[] = [
  {
    name: 'codecs',
    sources: ['src/engine/framing/*.ts', 'src/engine/codec/*.ts'],
    tests: ['src/engine/framing/*.test.ts', 'src/engine/codec/*.test.ts'],
  },
  { name: 'filter', sources: ['src/shared/filter/**/*.ts'], tests: ['src/shared/filter/**/*.test.ts'] },
  { name: 'rules', sources: ['src/engine/diagnosis/**/*.ts'], tests: ['src/engine/diagnosis/**/*.test.ts'] },
  {
    name: 'machines',
    sources: ['src/engine/round/{coordinator,participant}/**/*.ts', 'src/engine/round/{machine-runner,quorum}.ts'],
    tests: ['src/engine/round/**/*.test.ts'],
  },
];

/** Drivers wire the machines to links, clocks and files: their tests are the runs of whole federations. Samples are for tests. */
const notPure = /\/(driver|accepted-links|expected-bulk|run-store)\.ts$|-samples\.ts$|\.test\.ts$/;

export function sourcesOf(area: Area, root: string): readonly string[] {
  return filesOf(area.sources, root).filter((file) => !notPure.test(file));
}

export function testsOf(area: Area, root: string): readonly string[] {
  return filesOf(area.tests, root);
}

function filesOf(patterns: readonly string[], root: string): readonly string[] {
  return globSync([...patterns], { cwd: root })
    .map((file) => file.replaceAll('\\', '/'))
    .toSorted();
}
