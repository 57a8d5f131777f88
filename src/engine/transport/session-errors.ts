import { RoundscopeError } from '#shared/base/errors.ts';
import { isOrderly, type CloseReason } from './transport.ts';

/** What a send on an ended session rejects with: `session_closed` when this end closed it or it ended cleanly. */
export function sessionEnded(closed: CloseReason): RoundscopeError {
  const clean = closed.local || isOrderly(closed.code);
  return new RoundscopeError(clean ? 'session_closed' : 'session_lost', {
    layer: 'transport',
    message: `the session ${clean ? 'was closed' : 'ended'}${closed.local ? '' : ' by the other side'} (${closed.code}): ${closed.reason}`,
    retryable: !closed.local,
    context: { code: closed.code },
  });
}
