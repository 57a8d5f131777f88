import { textWithin } from '#engine/host/text-within.ts';
import { RoundscopeError } from '#shared/base/errors.ts';

/** An invitation or a broker's address, and a line feed. */
const bytesMax = 64 * 1024;

/** How the help tells of it. */
export const secretForms = '@FILE that holds it, or - to paste it or read it from stdin';

/** An invitation, or the address of a broker with user and password in it. */
const secret = /roundscope:\/\/|:\/\/[^/@\s]*:[^/@\s]+@/;

/**
 * What to tell somebody whose secret is to be seen although this process hides its own command line: npm, and the shell
 * that it starts, keep theirs until the command ends. Null: nothing.
 */
export function shownSecret(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): string | null {
  if (environment['npm_lifecycle_event'] === undefined || !words.some((word) => secret.test(word))) return null;
  return 'Every user of this machine can read the secret on your command line while this runs: npm keeps it there. Put it into a file that only you can read and say @FILE, or say - and paste it.';
}

/**
 * A value that holds a secret: as it is, `@FILE`, or `-`. A command line can be read by every user of a machine and stays
 * in the shell's history. Decision 0044.
 * @throws RoundscopeError `settings_invalid` when there is nothing to read
 */
export async function secretText(value: string): Promise<string> {
  if (value === '-') return (await readStdin()).trim();
  if (!value.startsWith('@')) return value;
  const path = value.slice(1);
  try {
    const text = await textWithin(path, bytesMax);
    if (text === null) throw tooLong(path);
    return text.trim();
  } catch (error) {
    if (error instanceof RoundscopeError) throw error;
    throw new RoundscopeError('settings_invalid', {
      layer: 'settings',
      message: `The file ${path} cannot be read. Check its name and who may read it.`,
      cause: error,
      context: { path },
    });
  }
}

async function readStdin(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('Paste it here, then press Enter: ');
  let text = '';
  for await (const bytes of process.stdin) {
    text += String(bytes);
    if (text.length > bytesMax) throw tooLong('stdin');
    if (text.includes('\n')) break;
  }
  return text;
}

function tooLong(what: string): RoundscopeError {
  return new RoundscopeError('settings_invalid', {
    layer: 'settings',
    message: `${what} holds more than ${bytesMax / 1024} KiB: that is neither an invitation nor an address.`,
  });
}
