import type { EventData, EventType } from './events.ts';
import type { Packet } from './packet.ts';

/**
 * How every part of a process says what it does. The process adds run, source and time, and passes both streams on to
 * the recorder. Calls never throw and never wait.
 */
export interface Reporter {
  event<T extends EventType>(type: T, data: EventData<T>): void;
  packet(packet: Omit<Packet, 'at' | 'source'>): void;
}
