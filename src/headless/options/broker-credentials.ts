import { textWithin } from '#engine/host/text-within.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import { endpointSchema } from '#shared/contract/app/invitation.ts';
import { limits } from '#shared/contract/limits.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import { participantName } from '#shared/contract/run/participant-name.ts';
import { typedIn } from '#engine/host/user-path.ts';
import { ownUserIn, withoutUser } from '#engine/transport/broker-users.ts';
import { fileOf } from '#service/checks/typed-paths.ts';

/** A name, a blank and an address of 500 characters at most, for each. */
const bytesMax = 1024 * limits.participantsMax;

/** By participant: the broker's address with its user and password. */
export type BrokerCredentials = ReadonlyMap<string, string>;

export function credentialsText(credentials: BrokerCredentials): string {
  return [...credentials].map(([name, url]) => `${name} ${url}\n`).join('');
}

/** As `credentialsText` wrote it, and as somebody may have changed it; the error is one sentence for people. */
export function parseCredentials(text: string): Result<BrokerCredentials, string> {
  const credentials = new Map<string, string>();
  const lines = text.split('\n').map((line) => line.trim());
  for (const [index, line] of lines.entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const [name = '', url = '', ...more] = line.split(/\s+/);
    const checked = participantName(name);
    const isWhole = more.length === 0 && checked.ok && endpointSchema.shape.url.safeParse(url).success;
    // Never the line itself: it holds a password.
    if (!isWhole || ownUserIn(url)?.who !== name)
      return err(`line ${index + 1} is not a participant's name, a blank and its address at the broker`);
    if (credentials.has(name)) return err(`${name} stands there twice`);
    if (credentials.size === limits.participantsMax) return err('it names more participants than a run can have');
    credentials.set(name, url);
  }
  return ok(credentials);
}

/** The address of the run's broker with the user of that participant; the error is one sentence for people. */
export function userFor(
  name: string,
  credentials: BrokerCredentials,
  { path, brokers }: { readonly path: string; readonly brokers: readonly string[] },
): Result<string, string> {
  const url = credentials.get(name);
  if (url === undefined) return err(`${path} has no user for ${name}. Make one by roundscope broker-rules.`);
  if (brokers.some((broker) => withoutUser(broker) === withoutUser(url))) return ok(url);
  return err(
    `${name} is a user at ${withoutUser(url)}, and the run's broker is ${brokers.map(withoutUser).join(', ')}.`,
  );
}

/** Null: there is no such file. */
export async function readCredentials(path: string): Promise<Result<BrokerCredentials, string> | null> {
  const text = await secretFile(path);
  if (text === null || !text.ok) return text;
  const parsed = parseCredentials(text.value);
  return parsed.ok ? parsed : err(`${path}: ${parsed.error}.`);
}

/** A file of passwords; null: there is none. */
export async function secretFile(path: string): Promise<Result<string, string> | null> {
  try {
    const text = await textWithin(path, bytesMax);
    return text === null ? err(`${path} is longer than credentials can be.`) : ok(text);
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return why === 'ENOENT' ? null : err(`${path} cannot be read (${why}). Check who may read it.`);
  }
}

/** The address of a run's broker with the user of that participant there. */
export type UserOf = (name: ParticipantId) => Promise<Result<string, string>>;

/** Whose invitation names which user of the broker; undefined: everybody's names the same one, or none. */
export async function usersFrom(
  typed: string | undefined,
  broker: string | undefined,
): Promise<Result<UserOf | undefined, string>> {
  const option = '--broker-credentials';
  const own = broker !== undefined && ownUserIn(broker) !== null;
  if (typed === undefined)
    return ok(
      own
        ? async () =>
            err(
              `Each participant is a user of its own at this broker: begin with ${option} FILE, or make the invitation by roundscope invite.`,
            )
        : undefined,
    );
  if (!own)
    return err(`${option}: --broker names no coordinator that roundscope broker-rules has made, so nobody has a user.`);
  const path = fileOf(typed, typedIn(process.env));
  const read = async (): Promise<Result<BrokerCredentials, string>> =>
    (await readCredentials(path)) ?? err(`there is no file ${path}.`);
  const first = await read();
  if (!first.ok) return err(`${option}: ${first.error}`);
  // Read again for each: users come and go while a run goes on.
  return ok(async (name) => {
    const users = await read();
    return users.ok ? userFor(name, users.value, { path, brokers: [broker] }) : users;
  });
}
