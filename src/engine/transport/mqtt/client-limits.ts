import { limits } from '#shared/contract/limits.ts';
import { statusTopic, topicRoot } from './topics.ts';

/** Connections at once that have proved the invitation: more than each participant could need. */
const clientsMax = limits.participantsMax * 4;
/** Of a status, a request for a session, or what two ends of one tell each other. */
const wordBytesMax = 4096;
const clientIdCharsMax = 200;

interface Connect {
  readonly clientId?: string | undefined;
  readonly username?: string | undefined;
  readonly clean?: boolean | undefined;
  readonly will?: { readonly topic: string; readonly payload: Buffer | string } | undefined;
}

/**
 * Why a connection is not wanted that asks for more than a session needs, or null: who has the invitation could otherwise
 * fill the coordinator's memory with what a broker keeps for its clients.
 */
export function tooMuch(clients: number, { clientId = '', username = '', clean, will }: Connect): string | null {
  if (clients >= clientsMax) return `this broker has ${clientsMax} connections already`;
  if (clientId.length > clientIdCharsMax) return 'its client id is longer than any of ours';
  if (clean !== true) return 'it asks the broker to keep messages for it while it is away';
  if (will === undefined) return null;
  // Of another run: the proof of the invitation fails, which is the plainer word.
  if (!will.topic.endsWith(statusTopic('', username).slice(topicRoot.length + 1)))
    return 'its last will is for a topic that is not its own';
  return will.payload.length > wordBytesMax ? 'its last will is longer than any of ours' : null;
}

/** Whether a publish on what is no lane is longer than anything said there. */
export function isTooLong(what: string, bytes: number): boolean {
  return (what === 'status' || what === 'open' || what === 'session') && bytes > wordBytesMax;
}
