import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { RoundscopeError, type ErrorReport } from '#shared/base/errors.ts';
import type { RunStatus } from '#shared/contract/messages.ts';

/**
 * Whether a model can be written there once the run is over: told before it begins, since a week may lie between.
 * @throws RoundscopeError `settings_invalid` when the file or no such folder is there, `path_unwritable`
 */
export function requireModelOut(path: string): void {
  const folder = dirname(path);
  if (existsSync(path))
    throw invalid(`${path} is there already. Choose another file for the model, or move that one away.`);
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw invalid(`There is no folder ${folder} for the model. Make it first, or choose another.`);
  try {
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new RoundscopeError('path_unwritable', {
      layer: 'settings',
      message: `The folder ${folder} for the model cannot be written.`,
      cause: error,
      context: { path },
    });
  }
}

/** How a process ends that was to leave its model in a file, and could not: the run came to what it came to, its result is not there. */
export function withoutModel<T extends { readonly status: RunStatus; readonly reason: string }>(
  end: T,
  failure: ErrorReport | null,
): T | { readonly status: 'failed'; readonly reason: string; readonly error: ErrorReport } {
  if (failure === null) return end;
  const reason = `The run ended (${end.reason}), and its model could not be written: ${failure.message}`;
  return { status: 'failed', reason: reason.slice(0, 500), error: failure };
}

function invalid(message: string): RoundscopeError {
  return new RoundscopeError('settings_invalid', { layer: 'settings', message });
}
