import { transport } from './descriptor.ts';
import { encrypted } from './secrecy.ts';

export const grpc = transport({
  name: 'gRPC',
  stacks: { 'grpc-js': 'TCP' },
  providers: { grpc: 'grpc-js' },
  between: { kind: 'nobody' },
  secrecy: encrypted,
  alsoTells: {
    what: 'names and versions of the libraries',
    note: '“grpc-node-js” and its version.',
  },
  mark: 'M.5.5h9v9h-9z',
  colors: { light: '#063c2b', dark: '#a9ecb9', projector: '#03271c' },
  // TCP, TLS 1.3 (RFC 8446), HTTP/2.
  expected: {
    congestion: 'tcp',
    handshakeRoundTrips: 3,
    connectSeconds: 0.01,
    windowMB: 16,
    processingMB: 180,
  },
  preference: {
    'udp-blocked': 10,
    moving: 40,
    'battery-low': 20,
    lossy: 20,
    narrow: 30,
    'far-and-small': 20,
    'near-and-large': 30,
    otherwise: 20,
  },
  relayed: 'port',
  worker: false,
});
