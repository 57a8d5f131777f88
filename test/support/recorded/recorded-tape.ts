import type { Random } from '#shared/base/random.ts';
import type { EventData, EventType, RecordedEvent, RunEvent } from '#shared/contract/events.ts';
import { asRunId, hashSchema } from '#shared/contract/ids.ts';
import type { Hash, ParticipantId } from '#shared/contract/ids.ts';
import { PacketGaps } from '#service/runs/packet-gaps.ts';
import type { Packet, PacketRow } from '#shared/contract/packet.ts';
import type { Protocol, Stack } from '#shared/contract/protocols.ts';

/** One thing of a recording, in order of time. */
export type Recorded =
  | { readonly at: number; readonly event: RecordedEvent }
  | { readonly at: number; readonly packet: PacketRow };

/** A participant of a recorded session, with what its link has carried so far. */
export interface RecordedNode {
  readonly id: ParticipantId;
  readonly protocol: Protocol;
  readonly stack: Stack;
  readonly trainMs: number;
  readonly batches: number;
  readonly examples: number;
  readonly classCounts: readonly number[];
  readonly rttMs: number;
  connections: number;
  sentBytes: number;
  receivedBytes: number;
  payloadSent: number;
  payloadReceived: number;
}

export const modelBytes = 9_380_000;

/** What a recorded session is written on: events and packets in any order of time, sorted at the end. */
export class RecordedTape {
  readonly run = asRunId('r-7f3a2c');
  readonly nodes: RecordedNode[] = [];
  /** When the session ends; pulses go on until then. */
  end = 0;
  readonly #random: Random;
  readonly #startAt: number;
  readonly #items: { at: number; event?: RunEvent; packet?: Omit<PacketRow, 'id' | 'gapMs'> }[] = [];
  #messages = 0;

  constructor(startAt: number, random: Random) {
    this.#startAt = startAt;
    this.#random = random;
  }

  reconnect(node: RecordedNode, at: number, round: number): void {
    this.#packet(node, at - 10, { kind: 'connection_close', direction: 'up', sizeBytes: 44, round, note: 'hung up' });
    this.connect(node, at);
  }

  connect(node: RecordedNode, at: number): void {
    node.connections++;
    this.#packet(node, at, { kind: 'connection_open', direction: 'up', sizeBytes: 1252, round: 0, durationMs: 5.6 });
    for (const side of ['participant', 'coordinator'] as const) {
      this.event(at + 5, side === 'participant' ? node.id : 'coordinator', 'link_state', {
        participant: node.id,
        side,
        state: 'ready',
        reason: '',
        protocol: node.protocol,
        stack: node.stack,
        connections: node.connections,
        reconnects: node.connections - 1,
      });
    }
  }

  bulk(node: RecordedNode, from: number, to: number, direction: 'up' | 'down', kind: string, round: number): void {
    const chunks = 18;
    const bytes = Math.round(modelBytes / chunks);
    // The message itself follows below, under the next number.
    const messageId = `m${this.#messages + 1}`;
    for (let i = 0; i < chunks; i++) {
      const at = from + ((to - from) * (i + 1)) / chunks;
      const chunk = `${i + 1}/${chunks}`;
      this.#packet(node, at - 0.5, { kind: 'chunk', direction, sizeBytes: bytes, round, chunk, messageId });
      this.#count(node, direction, bytes, bytes);
      if (i % 3 === 2) {
        this.event(at, node.id, 'transfer_progress', {
          participant: node.id,
          round,
          kind,
          direction,
          sentBytes: bytes * (i + 1),
          totalBytes: modelBytes,
        });
      }
    }
    if (direction === 'down')
      this.event(to, 'coordinator', 'transfer_progress', {
        participant: node.id,
        round,
        kind,
        direction,
        sentBytes: modelBytes,
        totalBytes: modelBytes,
      });
    this.message(node, from, direction, kind, round, 640);
  }

  message(
    node: RecordedNode,
    at: number,
    direction: 'up' | 'down',
    kind: string,
    round: number,
    sizeBytes: number,
    status: Packet['status'] = 'ok',
  ): number {
    this.#messages++;
    const id = `m${this.#messages}`;
    this.#count(node, direction, sizeBytes, 0);
    this.#packet(node, at, { kind, direction, sizeBytes, round, status, messageId: id });
    return this.#items.length;
  }

  #count(node: RecordedNode, direction: 'up' | 'down', bytes: number, payload: number): void {
    if (direction === 'up') {
      node.sentBytes += bytes;
      node.payloadSent += payload;
    } else {
      node.receivedBytes += bytes;
      node.payloadReceived += payload;
    }
  }

  #packet(
    node: RecordedNode,
    at: number,
    packet: Pick<Packet, 'kind' | 'direction' | 'sizeBytes' | 'round'> & Partial<Packet>,
  ): void {
    for (const side of packet.status === 'undeliverable' ? (['sent'] as const) : (['sent', 'received'] as const)) {
      const own = (packet.direction === 'up') === (side === 'sent');
      this.#items.push({
        at: side === 'sent' ? at : at + node.rttMs / 2,
        packet: {
          at: side === 'sent' ? at : at + node.rttMs / 2,
          source: own ? node.id : 'coordinator',
          peer: own ? 'coordinator' : node.id,
          participant: node.id,
          side,
          protocol: node.protocol,
          stack: node.stack,
          messageId: '',
          replyTo: '',
          connection: node.connections,
          stream:
            node.protocol === 'mqtt'
              ? `roundscope/${this.run}/${node.id}/${packet.direction}`
              : packet.kind === 'chunk'
                ? 'bulk 8'
                : 'control',
          chunk: '',
          status: 'ok',
          bodyBytes: packet.kind === 'chunk' ? packet.sizeBytes : 0,
          note: '',
          ...packet,
        },
      });
    }
  }

  event<T extends EventType>(at: number, source: string, type: T, data: EventData<T>): void {
    // The compiler cannot see that `type` and `data` belong together once T is a parameter.
    this.#items.push({ at, event: { run: this.run, source, at, type, data } as unknown as RunEvent });
  }

  /** What every process says once a second, from start to end. */
  #pulses(): void {
    let recorded = 0;
    const names = ['coordinator', ...this.nodes.map((node) => node.id)];
    const totals = this.nodes.map((node) => ({ node, sent: 0, received: 0 }));
    const seconds = Math.max(1, Math.ceil((this.end - this.#startAt) / 1000));
    for (let at = this.#startAt + 500; at < this.end; at += 1000) {
      const share = (at - this.#startAt) / 1000 / seconds;
      totals.forEach(({ node }) => {
        this.event(at, node.id, 'link_stats', {
          participant: node.id,
          side: 'participant',
          protocol: node.protocol,
          stack: node.stack,
          rttMs: node.rttMs * (0.9 + this.#random.next() * 0.3),
          sentBytes: Math.round(node.sentBytes * share),
          receivedBytes: Math.round(node.receivedBytes * share),
          payloadSentBytes: Math.round(node.payloadSent * share),
          payloadReceivedBytes: Math.round(node.payloadReceived * share),
          unacknowledged: 0,
          counters: [],
        });
        this.message(node, at + 3, 'up', 'heartbeat', 0, 148);
      });
      names.forEach((name, i) => {
        this.event(at + 5, name, 'process_stats', {
          name,
          pid: 41207 + i,
          cpuPercent: i === 0 ? 3 : 40 + this.#random.next() * 20,
          memoryBytes: (180 + i * 12) * 1e6,
          loopDelayMsMax: 2 + this.#random.next() * 4,
          doing: i === 0 ? 'collecting updates' : 'training',
        });
      });
      recorded += 90;
      this.event(at + 8, 'service', 'recorder_stats', {
        sizeBytes: recorded * 420,
        packets: recorded,
        events: recorded * 2,
        droppedPackets: 0,
        droppedEvents: 0,
        state: at + 1000 < this.end ? 'recording' : 'recorded',
        note: '',
      });
    }
  }

  finish(): readonly Recorded[] {
    this.#pulses();
    this.#items.sort((a, b) => a.at - b.at);
    let events = 0;
    let packets = 0;
    const gaps = new PacketGaps();
    return this.#items.map((item): Recorded =>
      item.event !== undefined
        ? { at: item.at, event: { ...item.event, id: ++events } }
        : { at: item.at, packet: { ...item.packet!, id: ++packets, gapMs: gaps.gapOf(item.packet!) } },
    );
  }

  hash(): Hash {
    let text = '';
    while (text.length < 64) text += Math.floor(this.#random.next() * 16).toString(16);
    return hashSchema.parse(text);
  }
}
