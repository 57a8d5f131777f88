import { RoundscopeError } from '#shared/base/errors.ts';
import type { AppService } from '../app-service.ts';

/**
 * Begins round 1 of the run that this app coordinates with those who are here.
 * @throws RoundscopeError `not_running` where it coordinates none, `not_now` where round 1 has begun or nobody is here
 */
export function startNow(service: AppService): void {
  service.requireChair('coordinator');
  const view = service.host?.view;
  if (view !== undefined && view.rounds.length > 0)
    throw cannotStart('Round 1 has begun already; there is nothing to start.');
  const here = (view?.participants ?? []).filter(({ left, paused }) => left === null && paused === null);
  if (here.length === 0)
    throw cannotStart('Nobody is here to begin with. Send the invitation, and start once somebody has arrived.');
  service.tell('coordinator', { type: 'start_now' });
}

function cannotStart(message: string): RoundscopeError {
  return new RoundscopeError('not_now', { layer: 'round', message });
}
