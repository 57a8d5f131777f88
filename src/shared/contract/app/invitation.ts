import { z } from 'zod';
import { controlModeSchema, protocolSchema, providerSchema } from '../protocols.ts';
import { transportPlanSchema } from '../run/transport-plan.ts';
import { participantIdSchema, runIdSchema } from '../ids.ts';
import { limits } from '../limits.ts';

/** Ways to reach one coordinator: a few addresses of one machine for each protocol. */
export const endpointsMax = 32;

/** One way to reach a coordinator. */
export const endpointSchema = z.object({
  protocol: protocolSchema,
  provider: providerSchema,
  host: z.string().min(1).max(253),
  port: z.number().int().min(0).max(65_535),
  /** `mqtt(s)://…` or `amqp(s)://…` of a broker that somebody else runs, with user and password. */
  url: z.string().max(500).optional(),
  /** Number of the DDS domain; the port is that of the coordinator's discovery there. */
  domain: z.number().int().min(0).max(232).optional(),
  /** Identity that the coordinator must prove there, as a libp2p peer id. */
  identity: z.string().max(200).optional(),
  /** MQTT: SHA-256 of the certificate that a broker elsewhere must show, where no authority that all know vouches for it. */
  brokerCertificate: z.string().max(200).optional(),
});
export type Endpoint = z.infer<typeof endpointSchema>;

/** What of a pass stands in a hello: everything but what makes it good. */
export const passTermsSchema = z.object({
  /** How often the run's invitation had been renewed when this was made. */
  generation: z.number().int().nonnegative().max(1_000_000),
  /** The only name that it admits; absent: any. */
  name: participantIdSchema.optional(),
  /** Until when newcomers are admitted by it, wall ms; absent: as long as the run lasts. */
  until: z.number().int().positive().max(Number.MAX_SAFE_INTEGER).optional(),
});

export type PassTerms = z.infer<typeof passTermsSchema>;

/** Terms of an invitation, signed by its coordinator. */
export const passSchema = passTermsSchema.extend({
  /** Ed25519 in hex. Secret: whoever has it is admitted on these terms. */
  signature: z.string().regex(/^[0-9a-f]{128}$/),
});
export type Pass = z.infer<typeof passSchema>;

/** What a coordinator hands out so that others can join: one line, `roundscope://join?...`. */
export const invitationSchema = z.object({
  version: z.number().int(),
  run: runIdSchema,
  name: z.string().max(80),
  control: controlModeSchema,
  transport: transportPlanSchema,
  /** Peer id of the coordinator: what it signs as in each hello, whatever the transport. */
  identity: z.string().min(1).max(100),
  endpoints: z.array(endpointSchema).min(1).max(endpointsMax),
  /** Shared secret of the run; a peer that cannot prove it is refused. */
  token: z.string().min(16).max(128),
  /** Without it the token lets nobody in. */
  pass: passSchema,
});
export type Invitation = z.infer<typeof invitationSchema>;

/** Longest text accepted as an invitation. */
export const invitationTextMax = Math.min(4096, limits.headerBytesMax);

/** The scheme of invitations, which the system opens in this app. */
export const invitationScheme = 'roundscope';

/**
 * The invitation in a link as the system hands it over: nothing but its characters, and no longer than one is. Null: it is
 * something else. What it says is checked as that of any other invitation.
 */
export function invitationInLink(link: unknown): string | null {
  if (typeof link !== 'string' || link.length > invitationTextMax) return null;
  // Some systems put a slash behind what looks like a host.
  const [, query] = /^roundscope:\/\/join\/?\?([\w.~%&=+-]+)$/i.exec(link) ?? [];
  return query === undefined ? null : `roundscope://join?${query}`;
}
