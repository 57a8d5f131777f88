import { z } from 'zod';
import { participantIdSchema } from './ids.ts';
import { protocolSchema, stackSchema } from './protocols.ts';

const count = z.number().int().nonnegative();
const text = z.string().max(1000);
const participant = participantIdSchema;

/**
 * State of a link with its reason. `degraded`: the session is open, and slow or stuck rather than dead. `faulty` is never a
 * state: a fault is an event of its own.
 */
export const linkStates = ['connecting', 'ready', 'degraded', 'lost', 'resuming', 'closed'] as const;
export const linkStateSchema = z.enum(linkStates);
export type LinkState = z.infer<typeof linkStateSchema>;

/** Whether a session is open, well or not. */
export function isOpen(state: LinkState): boolean {
  return state === 'ready' || state === 'degraded';
}

/** What each type of event about a link says. */
export const linkEventSchemas = {
  link_state: z.object({
    participant,
    /** Which end reports. */
    side: z.enum(['participant', 'coordinator']),
    state: linkStateSchema,
    reason: text,
    protocol: protocolSchema,
    stack: stackSchema,
    /** Sessions opened so far in this run, and how many of them were re-dials. */
    connections: count,
    reconnects: count,
    /** Why the link is not on the way that was tried first; told by the end that dialed, as long as it is so. */
    fallback: text.optional(),
    /** What a broker between the ends does not let pass, in its own words where it has any. */
    obstacle: text.optional(),
    /** This end does not read at the moment, for want of room: that nothing is heard says nothing of the other. */
    unread: z.boolean().optional(),
  }),
  /** One attempt of the dialing end to open a session, told when it begins and again when it has ended. */
  link_attempt: z.object({
    participant,
    /** Of attempts since the link was last ready, 1 for the first. */
    number: count,
    protocol: protocolSchema,
    stack: stackSchema,
    /** As people write it: `10.0.4.18:4433`. */
    address: z.string().max(300),
    /** `trying` until it has ended. `no_answer`: silence; `refused`: somebody said no; `failed`: anything else. */
    result: z.enum(['trying', 'connected', 'no_answer', 'refused', 'failed']),
    reason: text,
    /** When something last came from the coordinator, wall ms; 0: never. */
    lastHeardAt: z.number(),
    /** When the next attempt begins and when the dialing is given up, wall ms; 0: not planned, never. */
    nextAt: z.number(),
    givesUpAt: z.number(),
  }),
  /** The coordinator's own connection to a broker that its participants are reached through, or a participant's. */
  broker_state: z.object({
    /** Whose connection; absent: the coordinator's. */
    participant: participant.optional(),
    protocol: protocolSchema,
    /** Without user and password. */
    address: z.string().max(500),
    /** `blocked`: the connection stands, and the broker takes no messages over it. */
    state: z.enum(['connected', 'lost', 'blocked']),
    reason: text,
  }),
  /** Once a second and link. Bytes are totals since the run began. */
  link_stats: z.object({
    participant,
    side: z.enum(['participant', 'coordinator']),
    protocol: protocolSchema,
    stack: stackSchema,
    rttMs: z.number().nullable(),
    sentBytes: count,
    receivedBytes: count,
    payloadSentBytes: count,
    payloadReceivedBytes: count,
    /** Messages in the outbox that the peer has not acknowledged. */
    unacknowledged: count,
    /** The transport's own counters, such as quinn's; names as in its documentation. */
    counters: z.array(z.object({ name: z.string().max(60), value: z.number() })).max(60),
  }),
} as const;
