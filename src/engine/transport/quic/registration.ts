import { reinstall, type TransportRegistration } from '../registration.ts';
import { QuicTransport } from './quic-transport.ts';

export const quic: TransportRegistration = {
  make: ({ clock, identity }) => new QuicTransport({ clock, identity }),
  check: {
    what: 'QUIC',
    required: true,
    fix: `${reinstall} Until then the demo runs over MQTT.`,
    find: async ({ versionOf }) => {
      await import('@chainsafe/libp2p-quic');
      return `quinn (${versionOf('@chainsafe/libp2p-quic')})`;
    },
  },
  furtherChecks: [
    {
      what: 'WebTransport, HTTP/3',
      required: false,
      fix: 'Its native part is downloaded when npm installs it, where that can be reached. Without it WebTransport runs over HTTP/2.',
      find: async ({ isInstalled }) => {
        if (!isInstalled('@fails-components/webtransport-transport-http3-quiche')) {
          throw new Error('its native part is not installed');
        }
        return 'native part installed';
      },
    },
    {
      what: 'WebTransport, HTTP/2',
      required: false,
      fix: reinstall,
      find: async ({ versionOf }) => `for networks that block UDP (${versionOf('@fails-components/webtransport')})`,
    },
  ],
};
