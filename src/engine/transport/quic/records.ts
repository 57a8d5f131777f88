import { z } from 'zod';
import { RoundscopeError } from '#shared/base/errors.ts';
import { err, ok } from '#shared/base/result.ts';
import type { Result } from '#shared/base/result.ts';
import { decodeFrame, encodeFrame } from '../../framing/frame.ts';
import type { Parts } from '../../framing/parts.ts';
import type { Lane } from '../transport.ts';

/**
 * What this transport says for itself, in frames like all others. A record is the first frame of a stream (and of the
 * answering half of the control stream) and nowhere else, so that a frame of the link can never be taken for one:
 *
 * | stream | first frame | then |
 * |---|---|---|
 * | control, opened by the participant first thing | `hello`; the other way `accepted` or `refused` | frames, both ways |
 * | bulk, opened by the sender | `bulk` with the lane's name | frames, then the end; the receiver ends its half |
 * | close, opened by who closes | `close` with code and reason | the end |
 *
 * The close has its own stream because quinn's close carries no reason, and behind a full control stream it would wait.
 */
const version = 1;

const text = z.string().max(500);
const code = z.string().max(40);
const recordSchema = z.discriminatedUnion('record', [
  z.object({
    record: z.literal('hello'),
    quic: z.literal(version),
    run: z.string().max(64),
    participant: z.string().max(64),
    /** Of the invitation's token, see `handshake.ts`; absent: of an older version. */
    proof: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional(),
  }),
  z.object({ record: z.literal('accepted'), quic: z.literal(version) }),
  z.object({ record: z.literal('refused'), quic: z.literal(version), code, reason: text }),
  z.object({
    record: z.literal('bulk'),
    quic: z.literal(version),
    lane: z
      .string()
      .max(128)
      .regex(/^bulk:/),
  }),
  z.object({ record: z.literal('close'), quic: z.literal(version), code, reason: text }),
]);

export type QuicRecord = z.infer<typeof recordSchema>;
/** A record without the version, as it is sent. */
export type RecordToSend =
  | { readonly record: 'hello'; readonly run: string; readonly participant: string; readonly proof: string }
  | { readonly record: 'accepted' }
  | { readonly record: 'refused' | 'close'; readonly code: string; readonly reason: string }
  | { readonly record: 'bulk'; readonly lane: Lane };

export function encodeRecord(record: RecordToSend): Uint8Array {
  // Reasons are for people; what is over the limit would make the record unreadable for the peer.
  const short = 'reason' in record ? { code: record.code.slice(0, 40), reason: record.reason.slice(0, 500) } : {};
  return Buffer.concat(encodeFrame({ ...record, ...short, quic: version }));
}

export function decodeRecord(frame: Parts): Result<QuicRecord, RoundscopeError> {
  const decoded = decodeFrame(frame);
  if (!decoded.ok) return decoded;
  const record = recordSchema.safeParse(decoded.value.header);
  if (record.success) return ok(record.data);
  const theirs = decoded.value.header['quic'];
  if (typeof theirs === 'number' && theirs !== version) {
    const message = `the peer speaks version ${theirs} of the QUIC layout, this side version ${version}; update the older one`;
    return err(new RoundscopeError('version_unsupported', { layer: 'transport', message }));
  }
  return err(
    new RoundscopeError('frame_malformed', {
      layer: 'transport',
      message: 'a stream does not begin as Roundscope’s do',
    }),
  );
}
