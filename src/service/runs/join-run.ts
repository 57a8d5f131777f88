import { homedir } from 'node:os';
import { RoundscopeError } from '#shared/base/errors.ts';
import { participantName } from '#shared/contract/run/participant-name.ts';
import type { PortAnswers, RequestOf } from '#shared/contract/app/port-api.ts';
import { decodeInvitation } from '#engine/identity/invitation.ts';
import type { AppService } from '../app-service.ts';
import { dataOf, namedFiles } from '../checks/typed-paths.ts';

/**
 * Joins as a window's user asked. Relative paths begin at their home folder.
 * @throws RoundscopeError `invitation_invalid`, `settings_invalid`, and why the participant could not start
 */
export async function joinRun(service: AppService, asked: RequestOf<'join_run'>): Promise<PortAnswers['join_run']> {
  const { plan, invitation, selection, mapping, exactCounts, giveUpAfterMs, keepAwake, modelOut } = asked;
  const decoded = decodeInvitation(invitation);
  if (!decoded.ok) throw decoded.error;
  const name = participantName(asked.name);
  if (!name.ok) throw new RoundscopeError('settings_invalid', { layer: 'settings', message: sentence(name.error) });
  const { host } = await service.join(
    decoded.value.run,
    {
      name: name.value,
      invitation,
      data: dataOf(asked.data, homedir()),
      approval:
        plan === undefined ? { by: 'anything', because: 'joined before its plan was known' } : { by: 'person', plan },
      ...(selection === undefined ? {} : { selection }),
      ...(mapping === undefined ? {} : { mapping }),
      ...(exactCounts === undefined ? {} : { exactCounts }),
      ...(giveUpAfterMs === undefined ? {} : { giveUpAfterMs }),
      ...namedFiles({ modelOut }, homedir()),
      ...(await service.identityStore(name.value)),
    },
    { keepAwake },
  );
  return { run: host.run };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
