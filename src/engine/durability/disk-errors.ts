import { RoundscopeError } from '#shared/base/errors.ts';

const fullCodes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** A failed write as an error with words for people. */
export function diskError(path: string, error: unknown): RoundscopeError {
  if (error instanceof RoundscopeError) return error;
  const code = (error as { readonly code?: unknown } | null)?.code;
  const full = typeof code === 'string' && fullCodes.has(code);
  return new RoundscopeError(full ? 'disk_full' : 'path_unwritable', {
    layer: 'application',
    message: full ? `There is no room on disk for ${path}.` : `${path} cannot be written.`,
    cause: error,
    context: { path },
  });
}

/** A state folder holds something that this program did not write. */
export function stateInvalid(path: string, what: string, cause?: unknown): RoundscopeError {
  return new RoundscopeError('state_invalid', {
    layer: 'application',
    // `what` may already end with a full stop.
    message: `${path} ${what}.`.replace(/\.\.$/, '.'),
    cause,
    context: { path },
  });
}

/** Whether a write failed because the disk is full or not writable, rather than because of its content. */
export function isNoRoom(error: unknown): error is RoundscopeError {
  return error instanceof RoundscopeError && (error.code === 'disk_full' || error.code === 'path_unwritable');
}

export function isMissing(error: unknown): boolean {
  return (error as { readonly code?: unknown } | null)?.code === 'ENOENT';
}
