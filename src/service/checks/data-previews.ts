import { homedir } from 'node:os';
import type { Clock } from '#shared/base/time/clock.ts';
import { spawn } from '#shared/base/spawn.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { DataPreview, RequestOf } from '#shared/contract/app/port-api.ts';
import { entryPath } from '#engine/host/entries.ts';
import { WorkerTrainer } from '#engine/trainer/worker/worker-trainer.ts';
import { dataOf } from './typed-paths.ts';

/** Longest that somebody waits for a picture of their data; a folder on a share that is gone can hang for ever. */
const patienceMs = 60_000;

/**
 * Looks at data in a thread of its own, as a participant does that trains on it: the service answers others meanwhile. Who
 * asks again has changed their mind, so the look before is given up.
 */
export class DataPreviews {
  readonly #clock: Clock;
  #current: AbortController | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws RoundscopeError `aborted` when another look was asked for, `timeout` when the disk does not answer */
  async look(asked: RequestOf<'preview_data'>): Promise<DataPreview> {
    this.#current?.abort(
      new RoundscopeError('aborted', { layer: 'data', message: 'Another folder is looked at now.' }),
    );
    const current = new AbortController();
    this.#current = current;
    using signal = this.#clock.deadline(patienceMs, current.signal);
    const data = dataOf(asked.data, homedir());
    const trainer = new WorkerTrainer({ entry: entryPath('trainer-worker') });
    try {
      return await trainer.preview({ ...asked, data }, { signal });
    } catch (error) {
      if (!signal.aborted || current.signal.aborted) throw error;
      const message = `${data} could not be read within ${patienceMs / 1000} s.`;
      throw new RoundscopeError('timeout', { layer: 'data', message, cause: error });
    } finally {
      // Not waited for: a thread that hangs in a read ends when the system lets it.
      spawn('closing a look at data', trainer[Symbol.asyncDispose]());
      if (this.#current === current) this.#current = null;
    }
  }
}
