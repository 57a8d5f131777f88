import { z } from 'zod';
import { errorCodes, RoundscopeError } from '#shared/base/errors.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import { hide } from '#shared/contract/hidden.ts';
import { messageIdSchema, participantIdSchema, runIdSchema } from '#shared/contract/ids.ts';
import { passTermsSchema } from '#shared/contract/app/invitation.ts';
import { runStatusSchema } from '#shared/contract/messages.ts';

/**
 * What links say to each other, one JSON header per frame, discriminated by `t`. All names are single words, so the wire's
 * snake_case and our camelCase agree. `header` is a message header, checked by the codec.
 *
 * Opening: hello → challenge → proof → hello_ack. After that both ends send messages, chunks, acks and heartbeats.
 */
const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const nonce = hide(z.string().regex(/^[0-9a-f]{32}$/));
/** libp2p peer id, as identities have it; what it is made of is read where it is used. */
const peer = z.string().max(100);
/** In hex; see `hello-proof.ts`. */
const mac = hide(z.string().regex(/^[0-9a-f]{64}$/));
const signature = hide(z.string().regex(/^[0-9a-f]{128}$/));
const code = z.enum(errorCodes);
const reason = z.string().max(500);

/** Completed transfers that an acknowledgement names; more than can be open, so none is forgotten. */
export const acknowledgedTransfersMax = 16;

/** What one end has received so far. A transfer that is complete is in `done`, one that was refused in `failed`. */
const receivedSchema = z.object({
  /** Control messages 1 to this have arrived. */
  received: count,
  transfers: z.array(z.object({ id: messageIdSchema, bytes: count })).max(acknowledgedTransfersMax),
  done: z.array(messageIdSchema).max(acknowledgedTransfersMax),
  failed: z.array(z.object({ id: messageIdSchema, code })).max(acknowledgedTransfersMax),
});
export type Received = z.infer<typeof receivedSchema>;

const schemas = {
  hello: z.object({
    t: z.literal('hello'),
    version: count,
    run: runIdSchema,
    participant: participantIdSchema,
    /** Names this life of the participant's link: a second process of the same key has another. No secret. */
    instance: nonce,
    /** Whose key signs this. Absent: of an older version, which is told so. */
    peer: peer.optional(),
    nonce,
    /** Terms of the invitation; what makes them good is proved with the token. Absent: of nobody who is let in, and told so. */
    pass: passTermsSchema.optional(),
    /** Only looks, and takes no part: is this name free, and what is the run about? */
    look: participantIdSchema.optional(),
    /** Whether the link has been accepted before, so that the acceptor must know it. */
    resumes: z.boolean(),
    /** Life of the acceptor that `state` is about. */
    epoch: nonce.optional(),
    state: receivedSchema,
  }),
  challenge: z.object({ t: z.literal('challenge'), nonce }),
  proof: z.object({ t: z.literal('proof'), mac, signature }),
  hello_ack: z.discriminatedUnion('accepted', [
    z.object({
      t: z.literal('hello_ack'),
      accepted: z.literal(true),
      signature,
      state: receivedSchema,
      /** Names this life of the acceptor: another one than before has no memory of the link, and both begin at nothing. */
      epoch: nonce,
    }),
    z.object({
      t: z.literal('hello_ack'),
      accepted: z.literal(false),
      code,
      reason,
      retry: z.boolean(),
      /** Absent before the challenge, when there is nothing yet to be proved: of another version, or another run. */
      signature: signature.optional(),
      /** With `run_over`: what the run came to. */
      status: runStatusSchema.optional(),
    }),
  ]),
  /** A control message (`seq`) or the announcement of a bulk one (`transfer`, sent from `offset` on). */
  message: z.object({
    t: z.literal('message'),
    seq: count.min(1).optional(),
    transfer: messageIdSchema.optional(),
    offset: count.optional(),
    header: z.record(z.string(), z.unknown()),
    /** Piggybacked: control messages received so far. */
    ack: count,
  }),
  chunk: z.object({
    t: z.literal('chunk'),
    transfer: messageIdSchema,
    offset: count,
    index: count.min(1),
    count: count.min(1),
  }),
  ack: z.object({ t: z.literal('ack'), state: receivedSchema }),
  /** `echo` names the peer's last heartbeat and how long it lay here, which makes a round-trip time without a reply. */
  heartbeat: z.object({
    t: z.literal('heartbeat'),
    n: count,
    echo: z.object({ n: count, held: z.number().nonnegative() }).optional(),
    ack: count,
    /** This end does not read at the moment: it has no room for what would come. No reason to give it up. */
    full: z.literal(true).optional(),
  }),
  /** The rest of a transfer will not come: nobody needs it any more. Last frame of its lane, or, where that is closed, of control. */
  withdraw: z.object({ t: z.literal('withdraw'), transfer: messageIdSchema }),
  goodbye: z.object({ t: z.literal('goodbye'), code: z.string().max(40), reason }),
} as const;

export type LinkFrameKind = keyof typeof schemas;
export type LinkFrameOf<K extends LinkFrameKind> = z.infer<(typeof schemas)[K]>;
export type LinkFrame = { [K in LinkFrameKind]: LinkFrameOf<K> }[LinkFrameKind];

/** Null: no kind of link frame. */
export function linkFrameSchema(kind: string): z.ZodType | null {
  return Object.hasOwn(schemas, kind) ? schemas[kind as LinkFrameKind] : null;
}

export const linkFrameKinds = Object.keys(schemas) as LinkFrameKind[];

/** Checks a frame's header. Null: a kind that a newer peer may know and we do not; tolerated and counted. */
export function decodeLinkFrame(header: Readonly<Record<string, unknown>>): Result<LinkFrame | null, RoundscopeError> {
  const kind = header['t'];
  if (typeof kind !== 'string') return err(invalid('frame without a kind'));
  if (!Object.hasOwn(schemas, kind)) return ok(null);
  const parsed = schemas[kind as LinkFrameKind].safeParse(header);
  if (parsed.success) return ok(parsed.data);
  const issue = parsed.error.issues[0];
  return err(invalid(`${kind} is not valid at ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`));
}

function invalid(message: string): RoundscopeError {
  return new RoundscopeError('header_invalid', { layer: 'link', message: message.slice(0, 500) });
}
