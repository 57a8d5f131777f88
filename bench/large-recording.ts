import { writeFileSync, appendFileSync } from 'node:fs';
import type { RecordedEvent } from '#shared/contract/events.ts';
import { toWireNames } from '#shared/contract/wire-names.ts';
import type { PacketDetail } from '#shared/contract/packet.ts';
import { seededRandom, type Random } from '#shared/base/random.ts';
import { StateKeeper } from '#engine/recorder/state-keeper.ts';
import { RecordingWriter } from '#engine/recorder/writing/writer.ts';
import { recordedSession } from '#test/support/recorded/recorded-session.ts';
import { nothingLost, packetOf } from '#test/support/recorded/recorded-rows.ts';

const startAt = 1_700_000_000_000;
const batchRows = 500;
const participants = 8;
const kinds = ['heartbeat', 'heartbeat_echo', 'chunk', 'chunk', 'chunk', 'chunk', 'ack', 'training_progress'] as const;

export interface LargeRecording {
  readonly events: number;
  readonly hours: number;
  /** CPU of the writer, s per 100,000 packets. */
  readonly writerCpuS: number;
}

/** A made-up run of hours with as many packets as are asked for; rare things are as rare as in a run that goes well. */
export function makeLargeRecording(
  path: string,
  { packets, rounds, stateKey }: { readonly packets: number; readonly rounds: number; readonly stateKey: Uint8Array },
): LargeRecording {
  const events = recordedSession({ startAt, rounds, participants }).flatMap((item) =>
    'event' in item ? [item.event] : [],
  );
  const run = events[0]?.run ?? 'r-bench';
  const lastAt = events.at(-1)?.at ?? startAt;
  const stepMs = (lastAt - startAt) / packets;
  const random = seededRandom(1);
  using writer = new RecordingWriter({
    path,
    run,
    startedAt: startAt,
    recorder: 'bench',
    sizeBytesMax: 1e11,
    mode: 'create',
  });
  writer.keepStates((db) => new StateKeeper(db, { run, key: stateKey, bytesMax: 32 * 2 ** 20 }));
  let next = 0;
  let cpuS = 0;
  for (let id = 1; id <= packets; id += batchRows) {
    const rows = Array.from({ length: Math.min(batchRows, packets - id + 1) }, (_, i) =>
      packet(id + i, startAt + (id + i) * stepMs, Math.ceil(((id + i) / packets) * rounds), random),
    );
    const until = startAt + (id + batchRows) * stepMs;
    const due: RecordedEvent[] = [];
    for (; next < events.length && (events[next]?.at ?? 0) <= until; next++) due.push(events[next] as RecordedEvent);
    const before = process.cpuUsage();
    writer.write({ events: due, packets: rows, lost: nothingLost });
    const { user, system } = process.cpuUsage(before);
    cpuS += (user + system) / 1e6;
  }
  return { events: next, hours: (lastAt - startAt) / 3_600_000, writerCpuS: (cpuS / packets) * 100_000 };
}

function packet(id: number, at: number, round: number, random: Random): PacketDetail {
  const participant = `node-${(Math.floor(id / 2) % participants) + 1}`;
  const isRare = random.next() < 0.0005;
  const kind = isRare ? 'model_update' : (kinds[Math.floor(id / 2) % kinds.length] ?? 'ack');
  const isSent = id % 2 === 0;
  return packetOf(id, {
    at,
    round,
    kind,
    participant,
    source: isSent ? participant : 'coordinator',
    peer: isSent ? 'coordinator' : participant,
    side: isSent ? 'sent' : 'received',
    messageId: kind === 'ack' ? '' : messageIdOf(id),
    replyTo: '',
    status: random.next() < 0.0001 ? 'timeout' : random.next() < 0.002 ? 'duplicate' : 'ok',
    note: random.next() < 0.0001 ? 'the rest will not come' : '',
    gapMs: random.next() < 0.0001 ? 1000 + random.next() * 9000 : random.next() * 900,
    // Half of all frames carry a header that is recorded.
    header: id % 2 === 0 ? `{"t":"message","seq":${id},"header":{"kind":"${kind}","round":${round}}}` : '',
    bodySample: undefined as never,
  });
}

/** Several frames are of one message. */
export function messageIdOf(id: number): string {
  return `m-${Math.floor(id / 16).toString(16)}-${(Math.floor(id / 2) % participants) + 1}`;
}

/** The same packets as one JSON object a line, as `export --format jsonl` writes them. */
export function makeJsonLines(path: string, packets: number, rounds: number): void {
  const random = seededRandom(1);
  writeFileSync(path, '');
  for (let id = 1; id <= packets; id += 10_000) {
    const lines = Array.from({ length: Math.min(10_000, packets - id + 1) }, (_, i) => {
      const {
        header: _header,
        bodySample: _sample,
        ...row
      } = packet(id + i, startAt + id + i, Math.ceil(((id + i) / packets) * rounds), random);
      return `${JSON.stringify(toWireNames(row))}\n`;
    });
    appendFileSync(path, lines.join(''));
  }
}
