import { transport } from './descriptor.ts';
import { sealedFrom } from './secrecy.ts';

export const dds = transport({
  name: 'DDS',
  stacks: { cyclonedds: 'UDP' },
  providers: { dds: 'cyclonedds' },
  between: { kind: 'domain' },
  secrecy: sealedFrom('whoever is in the DDS domain or on the way'),
  alsoTells: {
    what: 'the machine’s host name',
    note: 'Cyclone DDS announces it once a second, readable, with the version of its library, and has no setting against that. Take another transport where it matters.',
  },
  mark: 'M3.4 0h3.2v3.4H10v3.2H6.6V10H3.4V6.6H0V3.4h3.4z',
  colors: { light: '#a88b00', dark: '#f2c230', projector: '#967c00' },
  // DDSI-RTPS 2.3 §8.5: discovery of participants, then of their writers and readers.
  expected: {
    congestion: 'none',
    handshakeRoundTrips: 4,
    connectSeconds: 0.3,
    windowMB: 8,
    processingMB: 300,
  },
  preference: {
    'udp-blocked': null,
    moving: 50,
    'battery-low': 50,
    lossy: 50,
    narrow: 50,
    'far-and-small': 50,
    'near-and-large': 10,
    otherwise: 50,
  },
  relayed: 'rtps',
  worker: true,
});
