import { toErrorReport } from '#shared/base/errors.ts';
import type { Hash } from '#shared/contract/ids.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import type { MemoryRecord } from './run-memory.ts';

/** Where a coordinator's run is kept: a folder on disk, given by the process. */
export interface RunKeeper {
  /** On disk when it returns: what follows from it is made known next. @throws RoundscopeError `disk_full`, `path_unwritable` */
  remember(record: MemoryRecord): void;
  keepModel(hash: Hash, bytes: Uint8Array): Promise<void>;
  keepUpdate(hash: Hash, bytes: Uint8Array): Promise<void>;
  forgetUpdate(hash: Hash): Promise<void>;
  /** Nothing more can be kept: what lies there must not be taken for the run as it is. */
  giveUp(): void;
}

/** Keeps a run for as long as that works. The first failure is told, and the run goes on without. */
export class KeptRun {
  #keeper: RunKeeper | undefined;
  readonly #reporter: Reporter;

  constructor(keeper: RunKeeper | undefined, reporter: Reporter) {
    this.#keeper = keeper;
    this.#reporter = reporter;
  }

  remember(record: MemoryRecord): void {
    try {
      this.#keeper?.remember(record);
    } catch (error) {
      this.#fail(error);
    }
  }

  keepModel(hash: Hash, bytes: Uint8Array): Promise<void> {
    return this.#attempt((keeper) => keeper.keepModel(hash, bytes));
  }

  keepUpdate(hash: Hash, bytes: Uint8Array): Promise<void> {
    return this.#attempt((keeper) => keeper.keepUpdate(hash, bytes));
  }

  forgetUpdate(hash: Hash): Promise<void> {
    return this.#attempt((keeper) => keeper.forgetUpdate(hash));
  }

  async #attempt(act: (keeper: RunKeeper) => Promise<void>): Promise<void> {
    try {
      if (this.#keeper !== undefined) await act(this.#keeper);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    const keeper = this.#keeper;
    if (keeper === undefined) return;
    this.#keeper = undefined;
    keeper.giveUp();
    const report = toErrorReport(error);
    this.#reporter.event('notice', {
      level: 'error',
      text: `The run is no longer kept on disk and would not survive a restart of the coordinator: ${report.message}`.slice(
        0,
        1000,
      ),
      error: report,
    });
  }
}
