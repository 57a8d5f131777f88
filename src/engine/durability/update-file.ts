import { readFile, rm, stat } from 'node:fs/promises';
import { z } from 'zod';
import { hashBytes } from '#engine/codec/hash.ts';
import { hashSchema, participantIdSchema, runIdSchema, type Hash } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import { bodySchemas } from '#shared/contract/messages.ts';
import { writeAtomically } from './atomic-file.ts';
import { checkedLine, readCheckedLine } from './checked-line.ts';
import { diskError, isMissing } from './disk-errors.ts';
import { setAside } from './hashed-files.ts';

const headSchema = z.object({
  version: z.literal(1),
  run: runIdSchema,
  participant: participantIdSchema,
  update: z.object({
    round: z.number().int().min(1).max(limits.roundsMax),
    hash: hashSchema,
    body: bodySchemas.model_update,
  }),
});
type Head = z.infer<typeof headSchema>;
export type StoredUpdate = Head['update'];

export type FoundUpdate =
  | { readonly found: 'update'; readonly update: StoredUpdate; readonly bytes: Uint8Array }
  /** Torn, altered, or of another run: set aside, and why. */
  | { readonly found: 'damaged'; readonly reason: string }
  | { readonly found: 'nothing' };

/**
 * The outbox on disk: the one update that a participant has computed and the coordinator has not checked. One file, so that it
 * is there whole or not at all: a checked line that says what it is, then its bytes.
 */
export class UpdateFile {
  readonly #path: string;
  readonly #of: Pick<Head, 'run' | 'participant'>;
  /** One after another: a new update must not be removed by the decision of the former. */
  #turn: Promise<unknown> = Promise.resolve();
  #kept: Hash | null = null;

  constructor(path: string, of: Pick<Head, 'run' | 'participant'>) {
    this.#path = path;
    this.#of = of;
  }

  /** @throws RoundscopeError `path_unwritable` when the file is there and cannot be read */
  async find(): Promise<FoundUpdate> {
    try {
      const { size } = await stat(this.#path);
      if (size > limits.payloadBytesMax + limits.headerBytesMax) return await this.#damaged('is too large');
      const content = await readFile(this.#path);
      const end = content.indexOf(0x0a);
      const head = headSchema.safeParse(readCheckedLine(content.subarray(0, Math.max(0, end)).toString('utf8')));
      if (!head.success) return await this.#damaged('has no whole head');
      const { run, participant, update } = head.data;
      if (run !== this.#of.run || participant !== this.#of.participant)
        return await this.#damaged(`is of ${participant} in run ${run}`);
      const bytes = content.subarray(end + 1);
      if (hashBytes(bytes) !== update.hash) return await this.#damaged('does not hold the bytes that its head names');
      this.#kept = update.hash;
      return { found: 'update', update, bytes };
    } catch (error) {
      if (isMissing(error)) return { found: 'nothing' };
      throw diskError(this.#path, error);
    }
  }

  /** Takes the place of the one before. @throws RoundscopeError `disk_full`, `path_unwritable` */
  keep(update: StoredUpdate, bytes: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      const head: Head = { version: 1, ...this.#of, update };
      await writeAtomically(this.#path, [Buffer.from(checkedLine(head), 'utf8'), bytes]);
      this.#kept = update.hash;
    });
  }

  /** The coordinator has checked it. Another one that is kept meanwhile stays. */
  forget(hash: Hash): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#kept !== hash) return;
      await rm(this.#path, { force: true });
      this.#kept = null;
    });
  }

  async remove(): Promise<void> {
    await this.#inTurn(() => rm(this.#path, { force: true }));
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #damaged(reason: string): Promise<FoundUpdate> {
    await setAside(this.#path);
    return { found: 'damaged', reason };
  }
}
