import { pbkdf2Sync } from 'node:crypto';
import { coordinatorName, sessionTopics, statusTopic, topicRoot } from '../topics.ts';

/** Topics as Mosquitto's `acl_file` has them. */
export interface Topics {
  readonly read: readonly string[];
  readonly write: readonly string[];
}

/** A participant speaks in its own sessions, hears what is said to it there, and whether the run is served. */
export function participantTopics(run: string, participant: string): Topics {
  const { base, open, status } = sessionTopics(run, participant, '+');
  return {
    read: [`${base}/down/#`, statusTopic(run, coordinatorName)],
    write: [open, `${base}/up/#`, status],
  };
}

/** The coordinator speaks to all of the run and hears them. */
export function coordinatorTopics(run: string): Topics {
  const all = `${topicRoot}/${run}/+`;
  return {
    read: [`${all}/+/open`, `${all}/+/up/#`, `${all}/status`],
    write: [`${all}/+/down/#`, statusTopic(run, coordinatorName)],
  };
}

export function accessRules(users: readonly { readonly name: string; readonly topics: Topics }[]): string {
  return users
    .map(({ name, topics: { read, write } }) =>
      [
        `user ${name}`,
        ...read.map((topic) => `topic read ${topic}`),
        ...write.map((topic) => `topic write ${topic}`),
        '',
      ].join('\n'),
    )
    .join('\n');
}

/** As `mosquitto_passwd` writes it: PBKDF2 with SHA-512, 101 rounds, salt of twelve bytes. */
export function passwordLine({
  name,
  password,
  salt,
}: {
  readonly name: string;
  readonly password: string;
  readonly salt: Uint8Array;
}): string {
  const hash = pbkdf2Sync(password, salt, passwordRounds, 64, 'sha512');
  return `${name}:$7$${passwordRounds}$${Buffer.from(salt).toString('base64')}$${hash.toString('base64')}\n`;
}

const passwordRounds = 101;
