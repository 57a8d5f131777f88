import { createRequire } from 'node:module';
import type { MqttClient, Packet } from 'mqtt';

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

type Done = (error?: Error) => void;

/**
 * mqtt.js 5.16 copies each publish, payload and all, and keeps it until it is acknowledged, in order to send it again after it has
 * connected again by itself. That is off here, and none of ours has a topic alias, which it would take out of the copy. So what
 * is kept of a publish has no payload. Another version that is made otherwise copies as it does.
 */
export function keepNoPayloads(client: MqttClient): void {
  const write: unknown = Reflect.get(client, '_writePacket');
  const store: unknown = Reflect.get(client, '_storeAndSend');
  if (typeof write !== 'function' || typeof store !== 'function') return;
  Reflect.set(client, '_storeAndSend', (packet: Packet, done: Done | undefined, stored: Done) => {
    if (packet.cmd !== 'publish' || !client.connected) {
      Reflect.apply(store, client, [packet, done, stored]);
      return;
    }
    client.outgoingStore.put({ ...packet, payload: '' }, (error) => {
      if (error !== undefined && error !== null) return done?.(error);
      stored();
      Reflect.apply(write, client, [packet, done]);
    });
  });
}
