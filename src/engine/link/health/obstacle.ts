import { RoundscopeError } from '#shared/base/errors.ts';
import type { Trouble } from './link-health.ts';

/** What is told with a state of a link beside its reason. */
export interface StateDetails {
  readonly fallback?: string | undefined;
  /** As in `link_state`. */
  readonly obstacle?: string | undefined;
  readonly unread?: boolean | undefined;
}

export function detailsOf(trouble: Trouble | null, fallback: string | undefined): StateDetails {
  const obstacle = trouble?.kind === 'obstacle' ? trouble.reason : undefined;
  return { fallback, obstacle, unread: trouble?.kind === 'unread' ? true : undefined };
}

/** Of a session that has ended. */
export function detailsOfEnd({ code, reason }: { readonly code: string; readonly reason: string }): StateDetails {
  return { obstacle: code === 'broker_refused' ? reason : undefined };
}

/** Of a failed attempt: the broker is there and does not let us, or not all of ours, pass. */
export function detailsOfFailure(error: unknown): StateDetails {
  if (!(error instanceof RoundscopeError)) return {};
  const refused = error.code === 'broker_refused' || error.context['code'] === 'broker_refused';
  return { obstacle: refused ? error.message : undefined };
}
