import { RoundscopeError } from '#shared/base/errors.ts';
import type { RequestOf } from '#shared/contract/port-api.ts';
import type { ToChild } from '#shared/contract/child-messages.ts';
import { AlwaysAdmitted } from './always-admitted.ts';
import type { AppService } from './app-service.ts';
import { nothingToTell } from './service-errors.ts';

/**
 * What the user of a coordinator decides about somebody who waits. `always` is kept first: an answer that is lost would be
 * asked for again, which is the lesser harm.
 * @throws RoundscopeError `not_running` where this app coordinates nothing, `not_now` where nobody of that name waits
 */
export async function decideAdmission(
  service: AppService,
  { participant, key, decision }: RequestOf<'decide_admission'>,
): Promise<void> {
  service.requireChair('coordinator');
  const waiting = service.host?.view.asking.find(({ participant: id }) => id === participant);
  if (decision !== 'admit' && (waiting === undefined || (key ?? waiting.key) !== waiting.key))
    throw notNow(`Nobody of the name ${participant} waits to be let in.`);
  if (decision === 'always' && waiting !== undefined)
    await new AlwaysAdmitted(service.app.dataFolder).add({ name: participant, key: waiting.key });
  const word = decision === 'refuse' ? 'refuse' : 'admit';
  const asked = key ?? waiting?.key;
  const message = { type: 'admission', participant, decision: word } as const;
  service.tell('coordinator', asked === undefined ? message : { ...message, key: asked });
}

/** @throws RoundscopeError `not_running`, `not_now` where nobody has that name */
export function expelParticipant(service: AppService, { participant, reason }: RequestOf<'expel_participant'>): void {
  service.requireChair('coordinator');
  const view = service.host?.view;
  const here = view?.participants.some(({ id, left }) => id === participant && left === null) ?? false;
  const waits = view?.asking.some(({ participant: id }) => id === participant) ?? false;
  if (!here && !waits) throw notNow(`Nobody of the name ${participant} takes part or waits.`);
  service.tell('coordinator', { type: 'expel', participant, reason });
}

/** @throws RoundscopeError `not_running`, `process_exited` */
export async function renewInvitation(service: AppService): Promise<string> {
  const { federation } = service;
  const invitation = await askFor(service, (ask) => ({ type: 'renew_invitation', ask }));
  // Another run may have begun meanwhile.
  if (service.federation === federation) service.invite(invitation);
  return invitation;
}

/** @throws RoundscopeError `not_running`, `settings_invalid` where its last day is over already */
export async function inviteParticipant(service: AppService, asked: RequestOf<'invite_participant'>): Promise<string> {
  const { until } = asked;
  if (until !== undefined && until <= service.lookingParts.clock.wallMs())
    throw new RoundscopeError('settings_invalid', {
      layer: 'settings',
      message: 'That time is over already: an invitation until then would let nobody in.',
    });
  return await askFor(service, (ask) => ({ type: 'invite', ask, ...asked }));
}

async function askFor(service: AppService, message: (ask: number) => ToChild): Promise<string> {
  service.requireChair('coordinator');
  const ask = service.federation?.ask?.bind(service.federation);
  if (ask === undefined) throw nothingToTell('coordinator');
  return await ask(message);
}

function notNow(message: string): RoundscopeError {
  return new RoundscopeError('not_now', { layer: 'round', message });
}
