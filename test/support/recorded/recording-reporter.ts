import type { EventData, EventType } from '#shared/contract/events.ts';
import type { Packet } from '#shared/contract/packet.ts';
import type { Reporter } from '#shared/contract/reporter.ts';

export type ReportedPacket = Omit<Packet, 'at' | 'source'>;
export type ReportedEvent = { [T in EventType]: { readonly type: T; readonly data: EventData<T> } }[EventType];

/** Keeps what a part reports, for tests to look at. */
export class RecordingReporter implements Reporter {
  readonly events: ReportedEvent[] = [];
  readonly packets: ReportedPacket[] = [];

  event<T extends EventType>(type: T, data: EventData<T>): void {
    this.events.push({ type, data } as unknown as ReportedEvent);
  }

  packet(packet: ReportedPacket): void {
    this.packets.push(packet);
  }

  ofType<T extends EventType>(type: T): EventData<T>[] {
    return this.events.filter((event) => event.type === type).map((event) => event.data as EventData<T>);
  }

  ofKind(kind: string): ReportedPacket[] {
    return this.packets.filter((packet) => packet.kind === kind);
  }
}
