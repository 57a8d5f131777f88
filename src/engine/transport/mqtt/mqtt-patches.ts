import { createRequire } from 'node:module';

/**
 * Mosquitto answers a publish over its `message_size_limit` with 0x95 (packet too large), which MQTT 5 does not list for
 * PUBACK. mqtt.js 5.16 would end the connection over that; here it is a refusal like others.
 */
export function takeAllRefusals(): void {
  const ofMqtt = createRequire(createRequire(import.meta.url).resolve('mqtt'));
  const constants: unknown = ofMqtt('mqtt-packet/constants');
  const known: unknown = constants instanceof Object ? Reflect.get(constants, 'MQTT5_PUBACK_PUBREC_CODES') : undefined;
  if (known instanceof Object) Reflect.set(known, 0x95, 'Packet too large');
}
