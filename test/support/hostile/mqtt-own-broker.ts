import { randomBytes } from 'node:crypto';
import type { IClientOptions } from 'mqtt';
import { participantCredentials, type Claim } from '#engine/transport/mqtt/broker/auth.ts';
import { sessionTopics, statusTopic } from '#engine/transport/mqtt/topics.ts';
import type { Endpoint, Invitation } from '#shared/contract/app/invitation.ts';
import { inParallel, whateverHappens, type Ledger } from './ledger.ts';
import { connectMqtt, type Mqtt } from './mqtt-client.ts';

const topicsWanted = 5000;
const strangers = 40;

/** Whoever finds the port, and whoever has the invitation and does not play by the rules, at the coordinator's own broker. */
export async function attackOwnBroker(
  invitation: Invitation,
  endpoint: Endpoint,
  ledger: Ledger,
  victim: string,
): Promise<void> {
  const url = `mqtts://127.0.0.1:${endpoint.port}`;
  const { run, token } = invitation;
  const claimOf = (participant: string): Claim => ({
    run,
    participant,
    session: randomBytes(16).toString('hex'),
    instance: randomBytes(16).toString('hex'),
  });
  const open = async (claim: Claim, options: IClientOptions = {}): Promise<Mqtt> =>
    await connectMqtt(url, { ...participantCredentials(token, claim), ...options });

  await inParallel(strangers, 8, async (index) => {
    const guesses: readonly IClientOptions[] = [
      { clientId: `s-${index}` },
      { ...participantCredentials('another-token-than-this-runs', claimOf(victim)) },
      { clientId: 'coordinator:1', username: 'coordinator', password: token },
      { clientId: 'x'.repeat(20_000), username: victim, password: 'y'.repeat(20_000) },
    ];
    await isRefused('strangers', await connectMqtt(url, guesses[index % guesses.length]), ledger);
  });
  // By name: the victim is connected, and another connection says that it is the same.
  await isRefused('the name of somebody who is here', await open(claimOf(victim)), ledger);
  const will = { qos: 1, retain: true } as const;
  for (const [kind, options] of [
    ['a last will elsewhere', { will: { ...will, topic: statusTopic(run, victim), payload: Buffer.from('{}') } }],
    [
      'a last will too long',
      { will: { ...will, topic: statusTopic(run, 'mallory-mq'), payload: Buffer.alloc(60_000) } },
    ],
    ['a session to be kept', { clean: false }],
  ] as const)
    await isRefused(kind, await open(claimOf('mallory-mq'), options), ledger);

  const own = claimOf('mallory-mq');
  const { base, status } = sessionTopics(run, 'mallory-mq', own.session);
  for (const [kind, topic, bytes] of [
    ['a packet of 2 MB', `${base}/up/control`, 2_000_000],
    ["another's session", `${sessionTopics(run, victim, randomBytes(16).toString('hex')).base}/up/control`, 20],
    ["another's open", sessionTopics(run, victim, randomBytes(16).toString('hex')).open, 20],
    ['the wrong session of its own name', `${sessionTopics(run, 'mallory-mq', 'ab'.repeat(16)).base}/up/control`, 20],
    ["the coordinator's status", statusTopic(run, 'coordinator'), 20],
    ['a status of 100 KB', status, 100_000],
    ['the broker itself', '$SYS/broker/uptime', 20],
  ] as const) {
    const name = `MQTT: ${kind}`;
    ledger.made(name);
    using mallory = await open(own);
    mallory.client.publish(topic, Buffer.alloc(bytes, 0x41), { qos: 1 }, () => undefined);
    if (mallory.letIn && (await mallory.closed())) ledger.reached(name);
  }
  await subscribeToAll(await open(claimOf('mallory-sub')), run, ledger);
  await leaveRetained(own, open, { base, status }, ledger);
}

async function isRefused(what: string, attempt: Mqtt, ledger: Ledger): Promise<void> {
  using mallory = attempt;
  ledger.made(`MQTT: ${what}`);
  if (!mallory.letIn) ledger.reached(`MQTT: ${what}`);
}

/** Everything is refused but a few topics below its own session. */
async function subscribeToAll(attempt: Mqtt, run: string, ledger: Ledger): Promise<void> {
  using mallory = attempt;
  let heard = 0;
  mallory.client.on('message', () => heard++);
  const kind = 'MQTT: a subscription to all';
  for (const topic of ['#', '+/#', `roundscope/${run}/#`, '$SYS/#']) {
    ledger.made(kind);
    const grants = await whateverHappens(mallory.client.subscribeAsync(topic, { qos: 1 }), 5000);
    // Either the answer is a refusal, which the library throws, or the connection is over.
    if (grants === undefined || grants.every(({ qos }) => qos > 2)) ledger.reached(kind);
  }
  const many = `MQTT: subscriptions to ${topicsWanted} topics`;
  ledger.made(many);
  await inParallel(topicsWanted, 100, async (index) => {
    if (mallory.client.connected) await whateverHappens(mallory.client.subscribeAsync(`t/${index}`, { qos: 1 }), 5000);
  });
  if (heard === 0) ledger.reached(many);
}

/** Retained messages on 5,000 topics below its own session; who asks for them afterwards finds none. */
async function leaveRetained(
  claim: Claim,
  open: (claim: Claim) => Promise<Mqtt>,
  { base, status }: { readonly base: string; readonly status: string },
  ledger: Ledger,
): Promise<void> {
  const kind = `MQTT: retained messages on ${topicsWanted} topics`;
  using mallory = await open(claim);
  ledger.made(kind);
  const publish = (topic: string): Promise<unknown> =>
    whateverHappens(mallory.client.publishAsync(topic, Buffer.alloc(200), { qos: 1, retain: true }), 5000);
  await inParallel(topicsWanted, 100, async (index) => {
    if (mallory.client.connected) await publish(`${base}/up/bulk/${index}`);
  });
  await publish(status);
  if (mallory.letIn) ledger.reached(kind);
}
