import type { Protocol } from '#shared/contract/protocols.ts';

/** Shape of each protocol on a grid of 10. Color is never alone: mqtt disc, amqp diamond, grpc square, quic triangle, dds plus. */
export const protocolGlyphs: Readonly<Record<Protocol, string>> = {
  quic: 'M5 .3l5 9.2H0z',
  mqtt: 'M.5 5a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z',
  amqp: 'M5 0l5 5-5 5-5-5z',
  grpc: 'M.5.5h9v9h-9z',
  dds: 'M3.4 0h3.2v3.4H10v3.2H6.6V10H3.4V6.6H0V3.4h3.4z',
  memory: 'M0 3.5h10v3H0z',
};

/** Color of each protocol as a CSS value, for charts and canvases. */
export const protocolColors: Readonly<Record<Protocol, string>> = {
  quic: 'var(--p-quic)',
  mqtt: 'var(--p-mqtt)',
  amqp: 'var(--p-amqp)',
  grpc: 'var(--p-grpc)',
  dds: 'var(--p-dds)',
  memory: 'var(--text-3)',
};
