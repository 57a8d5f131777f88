import { z } from 'zod';
import { protocolSchema, stackSchema } from './protocols.ts';
import { limits } from './limits.ts';

/** How it went with one frame. `undeliverable`: there was no open session to send it on. */
export const packetStatusSchema = z.enum([
  'ok',
  'undeliverable',
  'timeout',
  'rejected',
  'duplicate',
  'malformed',
  'aborted',
]);
export type PacketStatus = z.infer<typeof packetStatusSchema>;

/**
 * One frame as one side saw it, or one event of a connection (`kind` `connection_open`, `connection_close`).
 * `source` is the process that reports: in a demo both ends do, so a frame that arrived has two packets.
 */
export const packetSchema = z.object({
  /** Wall time of the reporting process, ms since 1970, with fraction. */
  at: z.number(),
  source: z.string().max(64),
  /** The other end of the frame: its name, or the address of one that has not proved that it may take part. */
  peer: z.string().max(64),
  /** The participant whose link this is, whichever side reports; empty for whoever has not been let in. */
  participant: z.string().max(64),
  /** `up`: participant to coordinator. */
  direction: z.enum(['up', 'down']),
  /** Whether the reporting process sent or received it. */
  side: z.enum(['sent', 'received']),
  protocol: protocolSchema,
  stack: stackSchema,
  /** Message kind, link frame kind (`chunk`, `ack`, `hello`, ...), `connection_open` or `connection_close`. */
  kind: z.string().max(40),
  round: z.number().int().nonnegative(),
  messageId: z.string().max(64),
  replyTo: z.string().max(64),
  /** Bytes of the frame as handed to or read from the transport. */
  sizeBytes: z.number().int().nonnegative(),
  /** Ordinal of the participant's connection in this run, from 1. */
  connection: z.number().int().nonnegative(),
  /** QUIC stream, MQTT topic, queue. */
  stream: z.string().max(200),
  /** `2/9` for a chunk, else empty. */
  chunk: z.string().max(40),
  status: packetStatusSchema,
  /** Round trip or hand-over time where one is known, ms. */
  durationMs: z.number().nonnegative().optional(),
  /** Decoded header as JSON text in wire names; empty where there is none. */
  header: z.string().max(limits.headerBytesMax),
  /** First bytes of the body, at most `bodySampleBytes`; the rest is counted in `bodyBytes`. */
  bodySample: z.instanceof(Uint8Array).optional(),
  bodyBytes: z.number().int().nonnegative(),
  note: z.string().max(500),
});
export type Packet = z.infer<typeof packetSchema>;

/** What the service knows of a packet besides. */
interface Placed {
  /** Its row in the recording. */
  readonly id: number;
  /**
   * Since the packet before of the same source and participant, never negative; null where there is none, or where packets
   * between them were lost. Computed once, where the packet is numbered.
   */
  readonly gapMs: number | null;
}

/** A recorded packet without what only the detail pane needs. */
export type PacketRow = Omit<Packet, 'header' | 'bodySample'> & Placed;
export type PacketDetail = Packet & Placed;

/** Who put the frame on the wire, whichever end reports it. */
export function senderOf({ side, source, peer }: Pick<Packet, 'side' | 'source' | 'peer'>): string {
  return side === 'sent' ? source : peer;
}

/** For whom it was, whichever end reports it. */
export function receiverOf({ side, source, peer }: Pick<Packet, 'side' | 'source' | 'peer'>): string {
  return side === 'sent' ? peer : source;
}

/** Whether only the beginning of its body is kept. */
export function isCut({ bodyBytes }: Pick<Packet, 'bodyBytes'>): boolean {
  return bodyBytes > limits.bodySampleBytes;
}
