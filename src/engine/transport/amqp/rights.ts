import { createHash } from 'node:crypto';
import {
  echoQueueOf,
  endedOf,
  exchangeOf,
  inboxOf,
  queuePrefix,
  sessionQueues,
  undeliverableOf,
  type SessionName,
} from './names.ts';

/** RabbitMQ's own words for what a user may do: regular expressions on the names of queues and exchanges. */
export interface Rights {
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

/** What a session's number looks like, where it stands for any. */
const anySession = '[0-9a-f]{32}';
/** The same of a participant: as its schema has it. */
const anyParticipant = '[A-Za-z0-9][A-Za-z0-9_.-]{0,47}';

/** Everything that a run has, and the default exchange, which leads to every queue of its virtual host. */
export function coordinatorRights(run: string): Rights {
  const everything = `^(amq\\.default|${literal(`${queuePrefix}.${run}.`)}.*)$`;
  return { configure: everything, write: everything, read: everything };
}

/**
 * What a participant does in its own sessions, to the letter, and no other: `participant` absent, in those of all.
 * Whoever binds a queue writes to it; whoever says where undeliverable messages go writes there, and reads the queue.
 */
export function participantRights(run: string, participant?: string): Rights {
  const name = (of: (claim: SessionName) => string): string =>
    literal(of({ run, participant: '<who>', session: '<session>' }))
      .replace('<who>', () => (participant === undefined ? anyParticipant : literal(participant)))
      .replace('<session>', anySession);
  const sent = (['control', 'bulk', 'will'] as const).map((kind) =>
    name((claim) => sessionQueues(claim, 'up').out[kind]),
  );
  const down = (['control', 'bulk'] as const).map((kind) => name((claim) => sessionQueues(claim, 'up').in[kind]));
  const up = [...sent, name(echoQueueOf)];
  const exchange = name(exchangeOf);
  return {
    configure: either([exchange, ...up, ...down]),
    write: either([literal(inboxOf(run)), literal(undeliverableOf(run)), exchange, ...up]),
    read: either([literal(endedOf(run)), exchange, ...up, ...down]),
  };
}

function either(names: readonly string[]): string {
  return `^(${names.join('|')})$`;
}

/** A name as a regular expression that nothing else matches. */
function literal(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

export interface UserEntry {
  readonly name: string;
  readonly password: string;
  /** Four bytes. */
  readonly salt: Uint8Array;
  /** Absent: as many as the broker bears. */
  readonly limits?: UserLimits;
}

/** RabbitMQ's words for what a user may have open at once, of all its connections together. */
export interface UserLimits {
  readonly 'max-connections': number;
  readonly 'max-channels': number;
}

/**
 * A participant has one session of three channels, and one more of each while it dials again, changes its protocol or looks
 * at what passes. The rest is for connections that a broker takes a minute to miss: a participant that finds none is refused.
 */
export const participantLimits: UserLimits = { 'max-connections': 32, 'max-channels': 160 };

/** A user as RabbitMQ's definitions have it, with the password as a salted hash. */
export function userDefinition({ name, password, salt, limits }: UserEntry): object {
  return {
    name,
    password_hash: hashOf(password, salt),
    hashing_algorithm: 'rabbit_password_hashing_sha256',
    tags: [],
    ...(limits === undefined ? {} : { limits }),
  };
}

/** As RabbitMQ keeps passwords: salt of four bytes, then SHA-256 of salt and password. */
function hashOf(password: string, salt: Uint8Array): string {
  const hash = createHash('sha256').update(salt).update(password).digest();
  return Buffer.concat([salt, hash]).toString('base64');
}
