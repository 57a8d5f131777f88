import { rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { toErrorReport } from '#shared/base/errors.ts';
import type { ParticipantStart } from '#shared/contract/child-messages.ts';
import type { Hash, RunId } from '#shared/contract/ids.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import { isNoRoom } from '#engine/durability/disk-errors.ts';
import { lockFolder } from '#engine/durability/folder-lock.ts';
import { UpdateFile, type StoredUpdate } from '#engine/durability/update-file.ts';
import type { ParticipantOptions, UpdateStore } from '#engine/round/participant/options.ts';

/** What a participant has on disk for the case that its process dies, while this process has it. */
export interface OwnState extends Disposable {
  readonly updates: UpdateStore;
  readonly kept: ParticipantOptions['kept'];
  /** The run is over for it: nothing of it need stay. */
  finish(): Promise<void>;
}

/**
 * Null where nothing is to be kept, or a demo's disk has no room for it, which is told and costs nothing else.
 * @throws RoundscopeError `state_in_use`, `path_unwritable`, `disk_full`
 */
export async function openOwnState(start: ParticipantStart, run: RunId, reporter: Reporter): Promise<OwnState | null> {
  if (start.stateFolder === undefined) return null;
  try {
    return await open(start.stateFolder, { start, run, reporter });
  } catch (error) {
    if (start.share === undefined || !isNoRoom(error)) throw error;
    const report = toErrorReport(error);
    const text = `What ${start.name} computes is not kept on disk and would not survive its restart: ${report.message}`;
    reporter.event('notice', { level: 'error', text: text.slice(0, 1000), error: report, participant: start.name });
    return null;
  }
}

async function open(
  folder: string,
  { start, run, reporter }: { readonly start: ParticipantStart; readonly run: RunId; readonly reporter: Reporter },
): Promise<OwnState> {
  using held = new DisposableStack();
  held.use(lockFolder(folder));
  const file = new UpdateFile(join(folder, 'update'), { run, participant: start.name });
  const kept = await file.find();
  if (kept.found === 'damaged') {
    const text = `The update that ${start.name} had kept ${kept.reason}: it was set aside, and is trained again.`;
    reporter.event('notice', { level: 'warning', text, participant: start.name });
  }
  const lock = held.move();
  return {
    updates: new ReportingUpdateStore(file, reporter, {
      participant: start.name,
      kept: kept.found === 'update' ? kept.update : null,
    }),
    kept: kept.found === 'update' ? { update: kept.update, bytes: kept.bytes } : undefined,
    async finish() {
      await file.remove();
      rmSync(join(folder, 'update.damaged'), { force: true });
    },
    [Symbol.dispose]() {
      lock.dispose();
      try {
        rmdirSync(folder);
      } catch {
        // Something is kept in it.
      }
    },
  };
}

/** Tells once that nothing can be kept, and tries again with the next update. */
class ReportingUpdateStore implements UpdateStore {
  readonly #file: UpdateFile;
  readonly #reporter: Reporter;
  readonly #participant: ParticipantStart['name'];
  #failing = false;
  #pending: StoredUpdate | null;

  constructor(
    file: UpdateFile,
    reporter: Reporter,
    { participant, kept }: { readonly participant: ParticipantStart['name']; readonly kept: StoredUpdate | null },
  ) {
    this.#file = file;
    this.#reporter = reporter;
    this.#participant = participant;
    this.#pending = kept;
  }

  get pending(): { readonly round: number } | null {
    return this.#pending;
  }

  async keep(update: StoredUpdate, bytes: Uint8Array): Promise<void> {
    try {
      await this.#file.keep(update, bytes);
      this.#pending = update;
      this.#failing = false;
    } catch (error) {
      if (this.#failing) return;
      this.#failing = true;
      const report = toErrorReport(error);
      const text = `The update of ${this.#participant} could not be kept on disk and is only sent: ${report.message}`;
      this.#reporter.event('notice', {
        level: 'error',
        text: text.slice(0, 1000),
        error: report,
        participant: this.#participant,
      });
    }
  }

  async forget(hash: Hash): Promise<void> {
    if (this.#pending?.hash === hash) this.#pending = null;
    await this.#file.forget(hash);
  }
}
