import { RoundscopeError } from '#shared/base/errors.ts';

const fullCodes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** What a failed write means to people. */
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

/** What lies in a state folder is not what this program left there. */
export function stateInvalid(path: string, what: string, cause?: unknown): RoundscopeError {
  return new RoundscopeError('state_invalid', {
    layer: 'application',
    // What it ends with may be a sentence of its own.
    message: `${path} ${what}.`.replace(/\.\.$/, '.'),
    cause,
    context: { path },
  });
}

/** A write failed for want of room or of rights: a matter of the disk, not of what was to be written. */
export function isNoRoom(error: unknown): error is RoundscopeError {
  return error instanceof RoundscopeError && (error.code === 'disk_full' || error.code === 'path_unwritable');
}

export function isMissing(error: unknown): boolean {
  return (error as { readonly code?: unknown } | null)?.code === 'ENOENT';
}
