import type { EventData, EventType } from '#shared/contract/events.ts';
import { RecordingReporter, type ReportedPacket } from './recording-reporter.ts';

/** A recording reporter that can be waited for. */
export class WatchedReporter extends RecordingReporter {
  #waiting: (() => void)[] = [];

  override event<T extends EventType>(type: T, data: EventData<T>): void {
    super.event(type, data);
    this.#wake();
  }

  override packet(packet: ReportedPacket): void {
    super.packet(packet);
    this.#wake();
  }

  /** Resolves once what has been reported satisfies `is`. */
  async until(is: (reporter: this) => boolean): Promise<void> {
    while (!is(this)) await new Promise<void>((resolve) => void this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
