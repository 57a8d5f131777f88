import { transport } from './descriptor.ts';

/** Joins both ends in one process: for tests and simulation, and nobody's choice. */
export const memory = transport({
  name: 'in-memory',
  stacks: { memory: 'memory' },
  providers: { memory: 'memory' },
  between: { kind: 'nobody' },
  secrecy: { word: 'in memory', text: 'Never leaves this process.' },
  alsoTells: null,
  mark: 'M0 3.5h10v3H0z',
  colors: { light: 'var(--text-3)', dark: 'var(--text-3)', projector: 'var(--text-3)' },
  expected: {
    congestion: 'none',
    handshakeRoundTrips: 0,
    connectSeconds: 0,
    windowMB: 1e6,
    processingMB: 1000,
  },
  preference: {
    'udp-blocked': null,
    moving: null,
    'battery-low': null,
    lossy: null,
    narrow: null,
    'far-and-small': null,
    'near-and-large': null,
    otherwise: 60,
  },
  relayed: 'port',
  worker: false,
});
