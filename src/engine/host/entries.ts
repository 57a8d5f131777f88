import { fileURLToPath } from 'node:url';
import type { Protocol } from '#shared/contract/protocols.ts';
import { descriptors } from '#shared/transports/registry.ts';

/** Source files that start a process or a worker thread. */
export const entrySources = {
  service: 'src/service/index.ts',
  coordinator: 'src/coordinator/index.ts',
  participant: 'src/participant/index.ts',
  relay: 'src/relay/index.ts',
  look: 'src/look/index.ts',
  headless: 'src/headless/index.ts',
  'trainer-worker': 'src/engine/trainer/worker/worker.ts',
  'recorder-worker': 'src/engine/recorder/writing/worker.ts',
} as const;

/** Those of transports that have a thread of their own, by name. */
const workerSources = Object.entries(descriptors).flatMap(([protocol, { worker }]) =>
  worker ? [[`${protocol}-worker`, `src/engine/transport/${protocol}/worker/worker.ts`] as const] : [],
);

/** What a build makes a file of its own of. */
export const buildInputs: Readonly<Record<string, string>> = { ...entrySources, ...Object.fromEntries(workerSources) };

export type EntryName = keyof typeof entrySources;

/**
 * Where an entry lies: the TypeScript source in a checkout, which Node runs as it is, and the bundled file in a build.
 * @returns an absolute path in the system's own form, for `fork`, `Worker` and `utilityProcess.fork`
 */
export function entryPath(name: EntryName): string {
  return pathOf(name);
}

/** The same of the thread of a transport whose descriptor has one. */
export function workerPath(protocol: Protocol): string {
  return pathOf(`${protocol}-worker`);
}

function pathOf(name: string): string {
  return fileURLToPath(entryUrl(name, import.meta.url));
}

/** `from` is the address of the module that holds this code: its own file, or whichever bundled file it ended up in. */
export function entryUrl(name: string, from: string): URL {
  if (from.endsWith('/src/engine/host/entries.ts')) return new URL(`../../../${buildInputs[name]}`, from);
  // What several entries share is bundled into out/main/chunks/, the entries themselves into out/main/.
  return new URL(from.includes('/out/main/chunks/') ? `../${name}.js` : `./${name}.js`, from);
}
