import { toErrorReport } from '#shared/base/errors.ts';
import type { Hash } from '#shared/contract/ids.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import type { JournalRecord } from './run-journal.ts';

/** Where a coordinator's run is kept: a folder on disk, given by the process. */
export interface RunStore {
  /** On disk when it returns: what follows from it is made known next. @throws RoundscopeError `disk_full`, `path_unwritable` */
  journal(record: JournalRecord): void;
  keepModel(hash: Hash, bytes: Uint8Array): Promise<void>;
  keepUpdate(hash: Hash, bytes: Uint8Array): Promise<void>;
  forgetUpdate(hash: Hash): Promise<void>;
  /** Nothing more can be kept: what lies there must not be taken for the run as it is. */
  giveUp(): void;
}

/** Keeps a run for as long as that works. The first failure is told, and the run goes on without. */
export class CheckedRunStore {
  #store: RunStore | undefined;
  readonly #reporter: Reporter;

  constructor(store: RunStore | undefined, reporter: Reporter) {
    this.#store = store;
    this.#reporter = reporter;
  }

  journal(record: JournalRecord): void {
    try {
      this.#store?.journal(record);
    } catch (error) {
      this.#fail(error);
    }
  }

  keepModel(hash: Hash, bytes: Uint8Array): Promise<void> {
    return this.#attempt((store) => store.keepModel(hash, bytes));
  }

  keepUpdate(hash: Hash, bytes: Uint8Array): Promise<void> {
    return this.#attempt((store) => store.keepUpdate(hash, bytes));
  }

  forgetUpdate(hash: Hash): Promise<void> {
    return this.#attempt((store) => store.forgetUpdate(hash));
  }

  async #attempt(act: (store: RunStore) => Promise<void>): Promise<void> {
    try {
      if (this.#store !== undefined) await act(this.#store);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    const store = this.#store;
    if (store === undefined) return;
    this.#store = undefined;
    store.giveUp();
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
