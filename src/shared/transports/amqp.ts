import { transport } from './descriptor.ts';
import { sealedFrom } from './secrecy.ts';

export const amqp = transport({
  name: 'AMQP',
  stacks: { amqplib: 'TCP' },
  providers: { amqp: 'amqplib' },
  between: { kind: 'broker', scheme: 'amqp', ports: { clear: 5672, tls: 5671 } },
  secrecy: sealedFrom('the broker'),
  alsoTells: {
    what: 'names and versions of the libraries',
    note: '“roundscope”, and the versions of amqplib and of Node.',
  },
  mark: 'M5 0l5 5-5 5-5-5z',
  colors: { light: '#ae3e0c', dark: '#e8703f', projector: '#962f04' },
  // AMQP 0-9-1 §2.2.4 behind TCP and TLS 1.3 (RFC 8446).
  expected: {
    congestion: 'tcp',
    handshakeRoundTrips: 7,
    connectSeconds: 0.02,
    windowMB: 8,
    processingMB: 80,
  },
  preference: {
    'udp-blocked': 30,
    moving: 30,
    'battery-low': 30,
    lossy: 40,
    narrow: 40,
    'far-and-small': 40,
    'near-and-large': 50,
    otherwise: 40,
  },
  relayed: 'port',
  worker: false,
});
