import { transport } from './descriptor.ts';
import { encrypted } from './secrecy.ts';

export const quic = transport({
  name: 'QUIC',
  // WebTransport over HTTP/2 is TCP, for networks that block UDP, and always shown as such.
  stacks: { quinn: 'UDP', 'webtransport-h3': 'UDP', 'webtransport-h2': 'TCP' },
  providers: { quinn: 'quinn', webtransport: 'webtransport-h2' },
  between: { kind: 'nobody' },
  secrecy: encrypted,
  alsoTells: null,
  mark: 'M5 .3l5 9.2H0z',
  colors: { light: '#2386cc', dark: '#62c4f2', projector: '#1779be' },
  // RFC 9001: one round trip.
  expected: {
    congestion: 'quic',
    handshakeRoundTrips: 1,
    connectSeconds: 0.005,
    windowMB: 16,
    processingMB: 250,
  },
  preference: {
    'udp-blocked': 40,
    moving: 10,
    'battery-low': 40,
    lossy: 10,
    narrow: 10,
    'far-and-small': 10,
    'near-and-large': 20,
    otherwise: 10,
  },
  relayed: 'port',
  worker: false,
});
