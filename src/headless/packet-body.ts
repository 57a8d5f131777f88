import { createGunzip, createInflateRaw, createZstdDecompress } from 'node:zlib';
import { Readable } from 'node:stream';
import type { PacketDetail, PacketRow } from '#shared/contract/packet.ts';
import type { ByteSource } from '#shared/decode/byte-reader.ts';
import type { Inflate } from '#shared/decode/npz.ts';
import { quoteValue } from '#shared/filter/filter-lexer.ts';
import type { OpenedRecording } from '#engine/recorder/reading/open-recording.ts';

/** What a recording kept of a body: of one packet, or of the message that a chunk is a part of. */
export interface KeptBody {
  /** Of the whole body, as far as it came by. */
  readonly bodyBytes: number;
  /** So many packets carried it. */
  readonly packets: number;
  /** From its beginning to the first byte that was not kept; one packet in memory at a time. */
  readonly source: () => ByteSource;
}

const pageRows = 1000;

export async function keptBody(recording: OpenedRecording, packet: PacketDetail): Promise<KeptBody> {
  const isPart = packet.messageId !== '' && (packet.kind === 'chunk' || packet.bodyBytes === 0);
  const chunks = isPart ? await chunksOf(recording, packet) : [];
  if (chunks.length === 0) {
    const sample = packet.bodySample ?? new Uint8Array(0);
    return {
      bodyBytes: packet.bodyBytes,
      packets: 1,
      source: async function* () {
        yield sample;
      },
    };
  }
  return {
    bodyBytes: bytesOf(chunks),
    packets: chunks.length,
    source: () => joined(recording, chunks),
  };
}

/** Chunks of a message as one end saw them, each place once: what was sent again comes again. */
async function chunksOf(recording: OpenedRecording, packet: PacketRow): Promise<readonly PacketRow[]> {
  const { messageId, source, side, participant } = packet;
  const same = [
    `message == ${quoteValue(messageId)}`,
    `source == ${quoteValue(source)}`,
    `side == ${side}`,
    `participant == ${quoteValue(participant)}`,
  ];
  const filter = `kind == chunk && ${same.join(' && ')}`;
  const places = new Map<string, PacketRow>();
  for (let afterId = 0; ;) {
    const page = await recording.queryPackets({ filter, beforeId: 0, afterId, limit: pageRows });
    for (const row of page.rows) if (row.status === 'ok' && !places.has(row.chunk)) places.set(row.chunk, row);
    const last = page.rows.at(-1);
    if (last === undefined || !page.more) break;
    afterId = last.id;
  }
  return [...places.values()].toSorted((a, b) => Number.parseInt(a.chunk, 10) - Number.parseInt(b.chunk, 10));
}

/** Where chunks are missing, as long as it can be at most. */
function bytesOf(chunks: readonly PacketRow[]): number {
  const parts = Number.parseInt(chunks[0]?.chunk.split('/')[1] ?? '1', 10);
  if (chunks.length === parts) return chunks.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);
  return parts * chunks.reduce((most, { bodyBytes }) => Math.max(most, bodyBytes), 0);
}

async function* joined(
  recording: OpenedRecording,
  chunks: readonly PacketRow[],
): AsyncGenerator<Uint8Array, undefined> {
  for (const [i, { id, chunk }] of chunks.entries()) {
    // One that is missing leaves a hole, behind which nothing can be placed.
    if (Number.parseInt(chunk, 10) !== i + 1) return;
    const detail = await recording.packetDetail(id);
    const sample = detail?.bodySample;
    if (detail === null || sample === undefined) return;
    yield sample;
    if (sample.length < detail.bodyBytes) return;
  }
}

/** Node undoes all three; what a stream says of broken bytes is an error of its reader. */
export const inflateHere: Inflate = (method, source) => {
  const by = method === 'gzip' ? createGunzip() : method === 'zstd' ? createZstdDecompress() : createInflateRaw();
  const from = Readable.from(source, { objectMode: false });
  from.on('error', (error) => by.destroy(error));
  return from.pipe(by);
};
