import { join } from 'node:path';
import { RoundscopeError } from '#shared/base/errors.ts';
import { takeLock } from './pid-lock.ts';

/**
 * One process per state folder: two would speak for one participant, or write one journal.
 * @throws RoundscopeError `state_in_use` with the process that has it, `path_unwritable`
 */
export function lockFolder(folder: string): Disposable {
  const taken = takeLock(join(folder, 'lock'));
  if (Symbol.dispose in taken) return taken;
  const { pid } = taken;
  throw new RoundscopeError('state_in_use', {
    layer: 'application',
    message: `Another process (${pid}) uses the state folder ${folder}.`,
    context: { path: folder, pid },
  });
}
