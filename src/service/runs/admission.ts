import { RoundscopeError } from '#shared/base/errors.ts';
import { isKeyMeant, keyWords } from '#shared/base/text/key-words.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import type { PortAnswers, RequestOf } from '#shared/contract/app/port-api.ts';
import type { ToChild } from '#shared/contract/child-messages.ts';
import type { AppService } from '../app-service.ts';
import { nothingToTell } from '../windows/service-errors.ts';

/** Whom an order is about: a name, and where several have it a key, in hex or in words, whole or its beginning. */
export interface Meant {
  readonly participant: ParticipantId;
  readonly key?: string | undefined;
}

/**
 * What the user of a coordinator decides about somebody who waits. `always` is kept first: an answer that is lost would be
 * asked for again, which is the lesser harm.
 * @throws RoundscopeError `not_running` where this app coordinates nothing, `not_now` where nobody of that name waits
 */
export async function decideAdmission(
  service: AppService,
  { decision, ...meant }: Meant & Pick<RequestOf<'decide_admission'>, 'decision'>,
): Promise<void> {
  service.requireChair('coordinator');
  const { participant } = meant;
  const { participants = [], asking = [] } = service.host?.view ?? {};
  const waiting = oneOf(
    asking.filter(({ participant: id }) => id === participant),
    meant,
  );
  const isIn = ({ id, key, left, joinedAt }: (typeof participants)[number]): boolean =>
    id === participant && left === null && joinedAt > 0 && (meant.key === undefined || isKeyMeant(meant.key, key));
  // Said in another window a moment before: it is in, and known for later runs as well where that is what was pressed.
  const here = waiting === undefined && decision !== 'refuse' ? participants.find(isIn) : undefined;
  if (here !== undefined) {
    if (decision === 'always') await service.alwaysAdmitted.add({ name: participant, key: here.key });
    return;
  }
  if (waiting === undefined && decision !== 'admit')
    throw notNow(`Nobody of the name ${participant} waits to be let in.`);
  if (decision === 'always' && waiting !== undefined)
    await service.alwaysAdmitted.add({ name: participant, key: waiting.key });
  const word = decision === 'refuse' ? 'refuse' : 'admit';
  const asked = waiting?.key ?? meant.key;
  const message = { type: 'admission', participant, decision: word } as const;
  service.tell('coordinator', asked === undefined ? message : { ...message, key: asked });
}

/**
 * Sends away who was meant: who is here under the name, waits under it or has just left.
 * @throws RoundscopeError `not_running`, `not_now` where nobody has or had that name
 */
export function expelParticipant(
  service: AppService,
  { reason, ...meant }: Meant & Pick<RequestOf<'expel_participant'>, 'reason'>,
): PortAnswers['expel_participant'] {
  service.requireChair('coordinator');
  const { participant } = meant;
  const { participants = [], asking = [] } = service.host?.view ?? {};
  const holder = participants.find(({ id }) => id === participant);
  const here = holder?.left === null && holder.joinedAt > 0 ? holder : undefined;
  const waits = asking.filter(({ participant: id }) => id === participant);
  const key =
    here !== undefined && (meant.key === undefined || isKeyMeant(meant.key, here.key))
      ? here.key
      : (oneOf(waits, meant)?.key ?? wholeKey(meant.key) ?? holder?.key);
  if (key === undefined || key === '' || (meant.key !== undefined && !isKeyMeant(meant.key, key)))
    throw notNow(`Nobody of the name ${participant} takes part or waits.`);
  service.tell('coordinator', { type: 'expel', participant, key, reason });
  return { nameStays: here !== undefined && here.key !== key };
}

/** A key as it is, which need not be known any more; anything shorter only tells apart those who are. */
function wholeKey(key: string | undefined): string | undefined {
  return key !== undefined && /^[0-9a-f]{64}$/.test(key) ? key : undefined;
}

/** @throws RoundscopeError `not_now` where several are meant */
function oneOf<T extends { readonly key: string }>(all: readonly T[], { participant, key }: Meant): T | undefined {
  const meant = key === undefined ? all : all.filter((one) => isKeyMeant(key, one.key));
  if (meant.length < 2) return meant[0];
  const words = meant.map((one) => keyWords(one.key)).join(' and ');
  throw notNow(`${meant.length} wait under the name ${participant}: say which by its key behind the name (${words}).`);
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
