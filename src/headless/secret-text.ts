import { readFile, stat } from 'node:fs/promises';
import { RoundscopeError } from '#shared/base/errors.ts';

/** An invitation or a broker's address, and a line feed. */
const bytesMax = 64 * 1024;

/** How the help tells of it. */
export const secretForms = 'or @FILE that holds it, or - to read it from stdin';

/**
 * A value that holds a secret: as it is, `@FILE`, or `-`. A command line can be read by every user of a machine and stays
 * in the shell's history.
 * @throws RoundscopeError `settings_invalid` when there is nothing to read
 */
export async function secretText(value: string): Promise<string> {
  if (value === '-') return (await readStdin()).trim();
  if (!value.startsWith('@')) return value;
  const path = value.slice(1);
  try {
    if ((await stat(path)).size > bytesMax) throw tooLong(path);
    return (await readFile(path, 'utf8')).trim();
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
