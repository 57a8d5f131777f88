import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { whateverHappens } from './ledger.ts';

/** A client as anybody has one, which does not come back by itself. */
export interface Mqtt extends Disposable {
  readonly client: MqttClient;
  /** CONNACK came and said yes. */
  readonly letIn: boolean;
  /** The broker ended the connection; waits so long for it. */
  closed(withinMs?: number): Promise<boolean>;
}

export async function connectMqtt(url: string, options: IClientOptions = {}): Promise<Mqtt> {
  const client = mqtt.connect(url, {
    protocolVersion: 4,
    reconnectPeriod: 0,
    connectTimeout: 8000,
    rejectUnauthorized: false,
    ...options,
  });
  // Each refusal is one, and none ends the attacker.
  client.on('error', () => undefined);
  const gone = new Promise<boolean>((resolve) => client.once('close', () => resolve(true)));
  const there = new Promise<boolean>((resolve) => client.once('connect', () => resolve(true)));
  await whateverHappens(Promise.race([there, gone]), 10_000);
  return {
    client,
    letIn: client.connected,
    closed: async (withinMs = 3000) => !client.connected || (await whateverHappens(gone, withinMs)) === true,
    [Symbol.dispose]: () => void client.end(true),
  };
}
