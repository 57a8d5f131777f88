import { transport } from './descriptor.ts';
import { sealedFrom } from './secrecy.ts';

export const mqtt = transport({
  name: 'MQTT',
  stacks: { 'mqtt.js': 'TCP' },
  providers: { mqtt: 'mqtt.js' },
  between: { kind: 'broker', scheme: 'mqtt', ports: { clear: 1883, tls: 8883 } },
  secrecy: sealedFrom('the broker'),
  alsoTells: null,
  mark: 'M.5 5a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z',
  colors: { light: '#7434a8', dark: '#a876ea', projector: '#7030a4' },
  // MQTT 3.1.1 §3.1 and §3.8 behind TCP and TLS 1.3 (RFC 8446).
  expected: {
    congestion: 'tcp',
    handshakeRoundTrips: 3,
    connectSeconds: 0.01,
    windowMB: 8,
    processingMB: 120,
  },
  preference: {
    'udp-blocked': 20,
    moving: 20,
    'battery-low': 10,
    lossy: 30,
    narrow: 20,
    'far-and-small': 30,
    'near-and-large': 40,
    otherwise: 30,
  },
  relayed: 'port',
  worker: false,
});
