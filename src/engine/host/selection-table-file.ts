import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RoundscopeError } from '#shared/base/errors.ts';
import { limits } from '#shared/contract/limits.ts';
import { selectionTableSchema, type SelectionTable } from '#shared/contract/run/selection.ts';

/**
 * What an earlier run learned about protocols; null where there is none yet.
 * @throws RoundscopeError `settings_invalid` for a file that is too large or no such table: what was learned is lost, and
 *   nothing else
 */
export async function readSelectionTable(path: string): Promise<SelectionTable | null> {
  try {
    const { size } = await stat(path);
    if (size > limits.selectionTableBytesMax) throw unreadable(path, `it has ${size} bytes, which no table has`);
    const checked = selectionTableSchema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    if (checked.success) return checked.data;
    const [issue] = checked.error.issues;
    throw unreadable(path, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    if (error instanceof RoundscopeError) throw error;
    throw unreadable(path, error instanceof Error ? error.message : String(error));
  }
}

/** Written beside it and renamed: who reads it sees the old table or the new one, also after a crash in between. */
export async function writeSelectionTable(path: string, table: SelectionTable): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, JSON.stringify(table), { mode: 0o600, flag: 'wx' });
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

function unreadable(path: string, why: string): RoundscopeError {
  return new RoundscopeError('settings_invalid', {
    layer: 'settings',
    message: `What was learned about protocols in ${path} cannot be used (${why.slice(0, 200)}). It is learned again and the file written over; move it away first to keep it.`,
    context: { path },
  });
}
