import type { EventData, EventType } from '#shared/contract/events.ts';
import { Bell } from './bell.ts';
import { RecordingReporter, type ReportedPacket } from './recorded/recording-reporter.ts';

/** A recording reporter that can be waited for. */
export class WatchedReporter extends RecordingReporter {
  readonly #bell = new Bell();

  override event<T extends EventType>(type: T, data: EventData<T>): void {
    super.event(type, data);
    this.#bell.ring();
  }

  override packet(packet: ReportedPacket): void {
    super.packet(packet);
    this.#bell.ring();
  }

  /** Resolves once what has been reported satisfies `is`. */
  until(is: (reporter: this) => boolean): Promise<void> {
    return this.#bell.until(() => is(this));
  }
}
