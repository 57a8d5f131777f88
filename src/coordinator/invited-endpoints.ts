import { announcedEndpoints, requireAnnounced } from '#shared/contract/app/announced.ts';
import type { CoordinatorStart } from '#shared/contract/child-messages.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { withoutOwnUser } from '#engine/transport/broker-users.ts';

/** Ways to a coordinator that listens there, as its invitations tell them. @throws RoundscopeError `settings_invalid` */
export function invitedEndpoints(start: CoordinatorStart, bound: readonly Endpoint[]): readonly Endpoint[] {
  const told = bound.map((endpoint) => withoutOwnUser(start.run, endpoint));
  return start.announce === undefined ? told : announcedEndpoints(told, requireAnnounced(start.announce, start));
}
