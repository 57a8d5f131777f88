import type { Clock } from '#shared/base/time/clock.ts';
import { spawn } from '#shared/base/spawn.ts';
import type { RecordingState } from '#shared/contract/app/source.ts';
import type { OpenedRecording } from '#engine/recorder/reading/open-recording.ts';
import type { Viewer } from '../windows/port-server.ts';
import { RecordedSource } from './recorded-source.ts';
import type { RunHost } from '../runs/run-host.ts';

/** @throws RoundscopeError `recording_invalid`, `path_unwritable` */
export type OpenToRead = (path: string) => Promise<OpenedRecording>;

export interface ShownRecordingsOptions {
  readonly clock: Clock;
  readonly openToRead: OpenToRead;
  readonly onInternalError: (error: unknown) => void;
  /** The run that goes on, or went on last. */
  readonly host: () => RunHost | null;
}

/** Recordings that windows show: each window has its own, at its own moment. */
export class ShownRecordings {
  readonly #options: ShownRecordingsOptions;
  #first: string | null = null;

  constructor(options: ShownRecordingsOptions) {
    this.#options = options;
  }

  /** Windows that come from now on show this one, until one of them closes it; null: none. */
  showFirst(path: string | null): void {
    this.#first = path;
  }

  /** A window has come. */
  showFirstIn(viewer: Viewer): void {
    const path = this.#first;
    if (path === null) return;
    const show = async (): Promise<void> => {
      try {
        await viewer.show(await this.open(path));
      } catch (error) {
        // It was there when it was named; the next window has nothing to wait for.
        this.#first = null;
        throw error;
      }
    };
    spawn('showing a recording', show());
  }

  /**
   * A recording to be looked at.
   * @throws RoundscopeError `recording_invalid`, `path_unwritable`
   */
  async open(path: string): Promise<RecordedSource> {
    const { clock, onInternalError, openToRead } = this.#options;
    const source = new RecordedSource(await openToRead(path), { clock, behind: () => this.#behind(), onInternalError });
    // How it ended is what a recording is opened for first; what could not be read is told in its state.
    spawn('reading a recording', source.seek(Number.POSITIVE_INFINITY));
    return source;
  }

  /** What goes on while a window shows a recording. */
  #behind(): RecordingState['behind'] {
    const host = this.#options.host();
    if (host === null || host.view.endedAt !== null) return null;
    return { name: host.view.name, chair: host.opening.told.chair };
  }
}
