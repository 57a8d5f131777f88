import { homedir } from 'node:os';
import type { Clock } from '#shared/base/time/clock.ts';
import { spawn } from '#shared/base/spawn.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { NetworkPreview, RequestOf } from '#shared/contract/app/port-api.ts';
import { timing } from '#shared/contract/limits.ts';
import { entryPath } from '#engine/host/entries.ts';
import { WorkerTrainer } from '#engine/trainer/worker/worker-trainer.ts';
import { namedModel } from './typed-paths.ts';

/** Looks at networks in a thread of its own, as `DataPreviews` at data: a newer question ends an older one. */
export class NetworkPreviews {
  readonly #clock: Clock;
  #current: AbortController | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws RoundscopeError `aborted` when another look was asked for, `timeout` when it takes too long */
  async look(asked: RequestOf<'preview_network'>): Promise<NetworkPreview> {
    this.#current?.abort(
      new RoundscopeError('aborted', { layer: 'trainer', message: 'Another network is looked at now.' }),
    );
    const current = new AbortController();
    this.#current = current;
    using signal = this.#clock.deadline(timing.graphCheckMs, current.signal);
    const { model = '' } = namedModel(asked.model, homedir());
    const trainer = new WorkerTrainer({ entry: entryPath('trainer-worker') });
    try {
      return await trainer.previewNetwork({ model }, { signal });
    } catch (error) {
      if (!signal.aborted || current.signal.aborted) throw error;
      const message = `${model} could not be built within ${timing.graphCheckMs / 1000} s.`;
      throw new RoundscopeError('timeout', { layer: 'trainer', message, cause: error });
    } finally {
      spawn('closing a look at a network', trainer[Symbol.asyncDispose]());
      if (this.#current === current) this.#current = null;
    }
  }
}
