import { describeQuicSession } from '#test/contract/quic-session.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { QuinnProvider } from './quinn.ts';

describeQuicSession('quinn', {
  make: (quic) => new QuinnProvider({ clock: systemClock, identity: createIdentity(), quic }),
});
