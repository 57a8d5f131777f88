import { fileURLToPath } from 'node:url';

/** Source files that start a process or a worker thread; each is an input of `electron.vite.config.ts` too. */
export const entrySources = {
  service: 'src/service/index.ts',
  coordinator: 'src/coordinator/index.ts',
  participant: 'src/participant/index.ts',
  relay: 'src/relay/index.ts',
  look: 'src/look/index.ts',
  headless: 'src/headless/index.ts',
  'trainer-worker': 'src/engine/trainer/worker/worker.ts',
  'recorder-worker': 'src/engine/recorder/writing/worker.ts',
  'dds-worker': 'src/engine/transport/dds/worker/worker.ts',
} as const;

export type EntryName = keyof typeof entrySources;

/**
 * Where an entry lies: the TypeScript source in a checkout, which Node runs as it is, and the bundled file in a build.
 * @returns an absolute path in the system's own form, for `fork`, `Worker` and `utilityProcess.fork`
 */
export function entryPath(name: EntryName): string {
  return fileURLToPath(entryUrl(name, import.meta.url));
}

/** `from` is the address of the module that holds this code: its own file, or whichever bundled file it ended up in. */
export function entryUrl(name: EntryName, from: string): URL {
  if (from.endsWith('/src/engine/host/entries.ts')) return new URL(`../../../${entrySources[name]}`, from);
  // What several entries share is bundled into out/main/chunks/, the entries themselves into out/main/.
  return new URL(from.includes('/out/main/chunks/') ? `../${name}.js` : `./${name}.js`, from);
}
