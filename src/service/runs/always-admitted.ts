import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { AdmissionPolicy } from '#shared/contract/run/admission.ts';
import { participantIdSchema } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import { writeAtomically } from '#engine/durability/atomic-file.ts';

const entriesMax = limits.admissionEntriesMax / 4;
const fileSchema = z.object({
  version: z.literal(1),
  /** The latest last. */
  always: z.array(z.object({ name: participantIdSchema, key: z.string().regex(/^[0-9a-f]{64}$/) })).max(entriesMax),
});
type Known = z.infer<typeof fileSchema>['always'][number];

/** A line each of at most so many, with room to spare. */
const bytesMax = entriesMax * 200;

/** Keys that this machine's user lets into every run that asks about newcomers. */
export class AlwaysAdmitted {
  readonly #path: string;
  /** Two answers at once would each write what it had read. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(dataFolder: string) {
    this.#path = join(dataFolder, 'always-admitted.json');
  }

  /** @throws RoundscopeError `path_unwritable`, `disk_full`, `settings_invalid` when the file holds something else */
  add(known: Known): Promise<void> {
    const turn = this.#last.then(() => this.#add(known));
    // Its failure is the asker's; the next one only waits for its end.
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #add({ name, key }: Known): Promise<void> {
    const others = (await this.#read()).filter((one) => one.key !== key);
    const always = [...others, { name, key }].slice(-entriesMax);
    await writeAtomically(this.#path, [Buffer.from(JSON.stringify({ version: 1, always }, null, 2))]);
  }

  /** What a run is begun with, and where it asks, with those whom the user let in for good. */
  async added<T extends { readonly admission?: AdmissionPolicy | undefined }>(start: T): Promise<T> {
    const policy = start.admission;
    if (policy?.rule !== 'ask') return start;
    const known = (await this.#read()).map(({ key }) => key);
    const entries = [...new Set([...policy.entries, ...known])].slice(0, limits.admissionEntriesMax);
    return { ...start, admission: { ...policy, entries } };
  }

  async #read(): Promise<readonly Known[]> {
    let text: string;
    try {
      if ((await stat(this.#path)).size > bytesMax) throw this.#invalid('is longer than such a file can be');
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if (error instanceof RoundscopeError) throw error;
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw this.#invalid('cannot be read', error);
    }
    try {
      return fileSchema.parse(JSON.parse(text)).always;
    } catch (error) {
      throw this.#invalid('does not hold what Roundscope writes there', error);
    }
  }

  #invalid(what: string, cause?: unknown): RoundscopeError {
    const message = `${this.#path} ${what}. Move it away to be asked about everybody again.`;
    return new RoundscopeError('settings_invalid', { layer: 'settings', message, cause });
  }
}
