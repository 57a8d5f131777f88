import { join } from 'node:path';
import type { Hash } from '#shared/contract/ids.ts';
import type { ParameterLayout, ParameterSet } from '#shared/tensor/parameter-set.ts';
import { matchLayout } from '#shared/tensor/parameter-set.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import { decodeSafetensors } from '#engine/codec/safetensors.ts';
import { stateInvalid } from '#engine/durability/disk-errors.ts';
import { HashedFiles } from '#engine/durability/hashed-files.ts';
import { Journal } from '#engine/durability/journal.ts';
import type { CoordinatorOptions } from '#engine/round/coordinator/driver.ts';
import type { RunStore } from '#engine/round/coordinator/run-store.ts';
import {
  emptyRun,
  journalRecordSchema,
  applyRecord,
  type JournalRecord,
  type JournaledRun,
} from '#engine/round/coordinator/run-journal.ts';

const journalName = 'journal';

/**
 * A run in a folder: `journal`, which says what happened; `models` and `updates`, whose files it names by their hashes;
 * `graphs` with the network of a run about one from elsewhere.
 * Rewritten at each round, and in a round that has much to say, so it never grows with the number of either.
 * Decision 0022.
 */
export class RunFolder implements RunStore, Disposable {
  readonly #path: string;
  readonly #journal: Journal<JournalRecord>;
  readonly #models: HashedFiles;
  readonly #updates: HashedFiles;
  readonly #graphs: HashedFiles;
  #memory: JournaledRun | null = null;
  #tidying: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.#path = folder;
    this.#journal = new Journal(join(folder, journalName));
    this.#models = new HashedFiles(join(folder, 'models'));
    this.#updates = new HashedFiles(join(folder, 'updates'));
    this.#graphs = new HashedFiles(join(folder, 'graphs'), '.onnx');
  }

  /** Begins to keep a run of which nothing has happened yet. */
  async begin(model: Hash, bytes: Uint8Array): Promise<void> {
    await this.#models.put(model, bytes);
    this.#memory = emptyRun(model);
    this.#rewrite(this.#memory);
  }

  /** The network does not change, and what it is stands in the description of the run. */
  async keepGraph(hash: Hash, bytes: Uint8Array): Promise<void> {
    await this.#graphs.put(hash, bytes);
  }

  /** @throws RoundscopeError `state_invalid` */
  async graph(hash: Hash): Promise<Uint8Array> {
    const bytes = await this.#graphs.get(hash);
    if (bytes !== null) return bytes;
    throw stateInvalid(join(this.#path, 'graphs'), `has not got the network ${hash.slice(0, 12)}, or a damaged one`);
  }

  /**
   * The run that a former process left.
   * @throws RoundscopeError `state_invalid` when it cannot be gone on with
   */
  async restore(layout: ParameterLayout, reporter: Reporter): Promise<NonNullable<CoordinatorOptions['restored']>> {
    const found = this.#journal.read(recordOf);
    const memory = memoryIn(this.#path, found?.records ?? []);
    if (found !== null && found.tornBytes > 0)
      warn(reporter, `The journal ended in ${found.tornBytes} bytes that were half written; they were cut off.`);
    this.#memory = memory;
    const before = await this.#model(memory.modelBefore, layout);
    const models = memory.model === memory.modelBefore ? [before] : [before, await this.#model(memory.model, layout)];
    const updates = new Map<Hash, ParameterSet>();
    for (const { id, contribution } of memory.stage === 'training' ? memory.members : []) {
      if (contribution === null) continue;
      const parameters = await readParameters(this.#updates, contribution.hash, layout);
      if (parameters !== null) updates.set(contribution.hash, parameters);
      else warn(reporter, `The kept update of ${id} was damaged and set aside: it is asked for again.`);
    }
    return { memory, updates, models };
  }

  journal(record: JournalRecord): void {
    if (this.#memory === null) return;
    this.#memory = applyRecord(this.#memory, record);
    if (record.kind !== 'round') {
      this.#journal.append(record);
      if (this.#journal.isLong) this.#rewrite(this.#memory);
      return;
    }
    this.#rewrite(this.#memory);
    // What the former round needed; that it is still there harms nobody, so nobody waits for it to go.
    const { model } = this.#memory;
    this.#tidy(() => Promise.all([this.#updates.keepOnly([]), this.#models.keepOnly([model])]));
  }

  #rewrite(memory: JournaledRun): void {
    this.#journal.rewrite([{ kind: 'memory', memory }]);
  }

  async keepModel(hash: Hash, bytes: Uint8Array): Promise<void> {
    await this.#tidying;
    await this.#models.put(hash, bytes);
  }

  async keepUpdate(hash: Hash, bytes: Uint8Array): Promise<void> {
    await this.#tidying;
    await this.#updates.put(hash, bytes);
  }

  async forgetUpdate(hash: Hash): Promise<void> {
    await this.#updates.remove(hash);
  }

  giveUp(): void {
    this.#memory = null;
    this.#journal.giveUp();
  }

  /** The run is over: its last model and how it ended stay. */
  async finish(): Promise<void> {
    const model = this.#memory?.model;
    if (model !== undefined)
      this.#tidy(() => Promise.all([this.#updates.keepOnly([]), this.#models.keepOnly([model])]));
    await this.#tidying;
  }

  [Symbol.dispose](): void {
    this.#journal[Symbol.dispose]();
  }

  #tidy(act: () => Promise<unknown>): void {
    // A file that cannot be removed is in nobody's way.
    this.#tidying = this.#tidying.then(act).catch(() => undefined);
  }

  async #model(hash: Hash, layout: ParameterLayout): Promise<ParameterSet> {
    const parameters = await readParameters(this.#models, hash, layout);
    if (parameters === null)
      throw stateInvalid(join(this.#path, 'models'), `has not got the model ${hash.slice(0, 12)}, or a damaged one`);
    return parameters;
  }
}

/** What a run in `folder` has come to; the folder may be in use, and is left as it is. @throws RoundscopeError `state_invalid` */
export function readMemory(folder: string): JournaledRun {
  const found = new Journal<JournalRecord>(join(folder, journalName)).look(recordOf);
  return memoryIn(folder, found?.records ?? []);
}

function memoryIn(folder: string, [first, ...rest]: readonly JournalRecord[]): JournaledRun {
  if (first?.kind !== 'memory') throw stateInvalid(join(folder, journalName), 'is missing or does not begin a run');
  return rest.reduce(applyRecord, first.memory);
}

function recordOf(value: unknown): JournalRecord | null {
  const record = journalRecordSchema.safeParse(value);
  return record.success ? record.data : null;
}

async function readParameters(files: HashedFiles, hash: Hash, layout: ParameterLayout): Promise<ParameterSet | null> {
  const bytes = await files.get(hash);
  if (bytes === null) return null;
  const decoded = decodeSafetensors(bytes);
  const matched = decoded.ok ? matchLayout(decoded.value, layout) : null;
  return matched?.ok === true ? matched.value : null;
}

function warn(reporter: Reporter, text: string): void {
  reporter.event('notice', { level: 'warning', text });
}
