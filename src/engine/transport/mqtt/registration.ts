import { brokerFor, reinstall, type TransportRegistration } from '../registration.ts';
import { MqttTransport } from './mqtt-transport.ts';

export const mqtt: TransportRegistration = {
  make: ({ brokerUrl, ...parts }) => new MqttTransport({ ...parts, ...brokerFor('mqtt', brokerUrl) }),
  check: {
    what: 'MQTT broker',
    required: true,
    fix: reinstall,
    find: async ({ versionOf }) => {
      await import('aedes');
      return `embedded aedes ${versionOf('aedes')}`;
    },
  },
  furtherChecks: [],
};
