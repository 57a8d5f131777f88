import { z } from 'zod';

/** Names travel in topics, file names and on screen, so they are short and plain. */
const name = z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,47}$/i, 'letters, digits, dot, dash, underscore; 1 to 48');

export const participantIdSchema = name.brand('ParticipantId');
export const runIdSchema = name.brand('RunId');
export const messageIdSchema = z.string().min(1).max(64).brand('MessageId');
/** SHA-256, lower-case hex. */
export const hashSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .brand('Hash');

/** A participant, or the one sender that is not a participant: `coordinator`. */
export type ParticipantId = z.infer<typeof participantIdSchema>;
export type RunId = z.infer<typeof runIdSchema>;
export type MessageId = z.infer<typeof messageIdSchema>;
export type Hash = z.infer<typeof hashSchema>;

/** The sender id of the coordinator; no participant may take it. */
export const coordinatorId = 'coordinator' as ParticipantId;

export function asParticipantId(text: string): ParticipantId {
  return participantIdSchema.parse(text);
}
export function asRunId(text: string): RunId {
  return runIdSchema.parse(text);
}
