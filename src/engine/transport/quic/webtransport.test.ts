import { describeQuicSession } from '#test/contract/quic-session.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { WebTransportProvider } from './webtransport.ts';

describeQuicSession('webtransport', { make: () => new WebTransportProvider({ clock: systemClock }) });
