import { brokerFor, type TransportRegistration } from '../registration.ts';
import { AmqpTransport } from './amqp-transport.ts';
import { amqpEnvironment, rabbitmqFix, tryRabbitmq } from './broker/environment.ts';

export const amqp: TransportRegistration = {
  make: ({ brokerUrl, brokerCa, ...parts }) =>
    new AmqpTransport({
      ...parts,
      ...brokerFor('amqp', brokerUrl),
      ...amqpEnvironment(process.env),
      ...(brokerCa === undefined ? {} : { caFile: brokerCa }),
    }),
  check: { what: 'AMQP', required: false, fix: rabbitmqFix, find: ({ env }) => tryRabbitmq(env) },
  furtherChecks: [],
};
