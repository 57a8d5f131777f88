import { join } from 'node:path';
import type { ParticipantId } from '#shared/contract/ids.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { stateInvalid } from '#engine/durability/disk-errors.ts';
import { readRunFile } from '#engine/durability/run-file.ts';
import { readIdentity } from '#engine/identity/identity.ts';
import { hasOwnUsers } from '#engine/transport/broker-users.ts';
import { Invitations } from './invitations.ts';
import { invitedEndpoints } from './invited-endpoints.ts';
import { readMemory } from './run-folder.ts';

/** Invitations of a run whose coordinator keeps it in a folder, made without that coordinator. */
export interface KeptInvitations {
  readonly run: string;
  readonly invitations: Invitations;
  /** At its broker each participant is a user of its own. */
  readonly ownUsers: boolean;
  /** Addresses of brokers elsewhere, without the coordinator's own user there. */
  readonly brokers: readonly string[];
  /** Why nobody of that name would be let in; null: somebody would. */
  keptOut(name: ParticipantId): string | null;
}

/**
 * The folder may be in use: nothing of it is changed. A newcomer is checked by the coordinator, when it comes.
 * Decision 0090.
 * @throws RoundscopeError `state_invalid` where no run lies there that could be joined
 */
export async function keptInvitations(folder: string): Promise<KeptInvitations> {
  const file = await readRunFile(folder);
  if (file === null) throw stateInvalid(join(folder, 'run.json'), 'is missing: no run is kept there');
  const keyPath = join(folder, 'coordinator-key.pem');
  const identity = await readIdentity(keyPath);
  if (identity === null) throw stateInvalid(keyPath, 'is missing, so that nothing can be signed');
  const { admission, ended } = readMemory(folder);
  const { start, token, endpoints: bound } = file;
  if (ended !== null)
    throw new RoundscopeError('not_now', {
      layer: 'round',
      message: `Run ${start.run} is over (${ended.status}): an invitation to it would let nobody in.`,
    });
  const endpoints = invitedEndpoints(start, bound);
  return {
    run: start.run,
    invitations: new Invitations({ start, token, identity, endpoints }, () => admission),
    ownUsers: bound.some((endpoint) => hasOwnUsers(start.run, endpoint)),
    brokers: endpoints.flatMap(({ url }) => (url === undefined ? [] : [url])),
    keptOut: (name) => admission.expelled.find(({ id }) => id === name)?.reason ?? null,
  };
}
