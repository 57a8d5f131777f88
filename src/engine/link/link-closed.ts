import { RoundscopeError } from '#shared/base/errors.ts';

/** `session_closed`: what was asked of a link that has been closed. */
export function linkClosed(message: string): RoundscopeError {
  return new RoundscopeError('session_closed', { layer: 'link', message });
}
