import { readFile, stat } from 'node:fs/promises';
import { err, ok, type Result } from '#shared/base/result.ts';
import { endpointSchema } from '#shared/contract/invitation.ts';
import { limits } from '#shared/contract/limits.ts';
import { participantName } from '#shared/contract/participant-name.ts';
import { ownUserIn } from '#engine/transport/broker-users.ts';

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
    const judged = participantName(name);
    const isWhole = more.length === 0 && judged.ok && endpointSchema.shape.url.safeParse(url).success;
    // Never the line itself: it holds a password.
    if (!isWhole || ownUserIn(url)?.who !== name)
      return err(`line ${index + 1} is not a participant's name, a blank and its address at the broker`);
    if (credentials.has(name)) return err(`${name} stands there twice`);
    if (credentials.size === limits.participantsMax) return err('it names more participants than a run can have');
    credentials.set(name, url);
  }
  return ok(credentials);
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
    if ((await stat(path)).size > bytesMax) return err(`${path} is longer than credentials can be.`);
    return ok(await readFile(path, 'utf8'));
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return why === 'ENOENT' ? null : err(`${path} cannot be read (${why}). Check who may read it.`);
  }
}
