import type { Clock } from '#shared/base/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { spawn } from '#shared/base/spawn.ts';
import { runOver } from '../last-word.ts';
import { timing } from '#shared/contract/limits.ts';
import { PieceRefused, type PieceSize } from '../credited/piece-size.ts';
import type { DialOptions, Session } from '../transport.ts';
import { within } from '../within.ts';
import { participantCredentials, proof, type Claim } from './auth.ts';
import { sameText } from '../same-text.ts';
import type { BrokerTrust } from './broker-socket.ts';
import { connectTimeout } from '../broker-errors.ts';
import { brokerRefused, withoutSecrets } from './connect-errors.ts';
import { BrokerConnection } from './connection.ts';
import type { Dialect } from './dialect.ts';
import {
  decodeControl,
  decodeStatus,
  encodeControl,
  type ControlMessage,
  type StatusMessage,
} from './control-message.ts';
import { MqttCarrier } from './mqtt-carrier.ts';
import { coordinatorName, parseTopic, sessionTopics, statusTopic, type SessionTopics } from './topics.ts';

/** Version of this transport's own messages and pieces. */
export const mqttSessionVersion = 2;

export interface DialSetup {
  readonly clock: Clock;
  readonly trust: BrokerTrust;
  readonly size: PieceSize;
  readonly dialect: Dialect;
  readonly instance: string;
  readonly session: string;
  readonly timeoutMs: number;
}

/** Connects to a broker, asks the run's coordinator for a session there and waits for its answer. */
export async function dialBroker(url: string, options: DialOptions, setup: DialSetup): Promise<Session> {
  const { run, participant, token = '' } = options;
  const claim: Claim = { run, participant, session: setup.session, instance: setup.instance };
  const topics = sessionTopics(run, participant, setup.session);
  const answer = Promise.withResolvers<ControlMessage>();
  let carrier: MqttCarrier | null = null;
  const farewell = encodeControl({ state: 'offline', id: setup.session, reason: 'the participant vanished' });
  const onMessage = (topic: string, payload: Buffer): void => {
    const parsed = parseTopic(run, topic);
    if (parsed === null) return;
    if (parsed.what === 'status' && parsed.participant === coordinatorName) {
      const status = decodeStatus(payload);
      if (status === null || status.state === 'online') return;
      const over = endOf(status, token, run);
      if (over === null && status.state === 'ended') return;
      carrier?.session.lost(over?.message ?? `the coordinator is gone: ${status.reason}`);
      answer.reject(over ?? coordinatorAway(url, status.reason));
    } else if (parsed.direction === 'down' && parsed.session === setup.session) {
      if (carrier !== null) return carrier.receive(parsed.what, topic, payload);
      const message = parsed.what === 'session' ? decodeControl(payload) : null;
      if (message !== null) answer.resolve(message);
    }
  };
  using deadline = setup.clock.deadline(setup.timeoutMs, options.signal);
  const connection = await BrokerConnection.open({
    ...setup,
    url,
    ...participantCredentials(token, claim),
    ...ownCredentials(url),
    will: { topic: topics.status, payload: farewell },
    signal: options.signal,
    onMessage,
  });
  // Made before the answer is there, so that no frame that follows it closely is missed.
  const make = (): MqttCarrier =>
    new MqttCarrier({
      ...setup,
      connection,
      base: topics.base,
      outgoing: 'up',
      remote: new URL(url).host,
      peerIdentity: setup.trust.by === 'identity' ? (setup.trust.endpoint.identity ?? null) : null,
      elsewhere: setup.trust.by !== 'identity',
      release: async ({ abrupt }) => letGo(connection, topics, { abrupt, clock: setup.clock }),
    });
  const accepted = answer.promise.then((message) => {
    judgeAnswer(message, url, proof(token, 'accept', claim));
    carrier = make();
    return carrier.session;
  });
  // It may fail while the request is still being made; the race below is where that is told.
  accepted.catch(() => undefined);
  try {
    const asked = ask(connection, topics, {
      type: 'open',
      version: mqttSessionVersion,
      instance: setup.instance,
      proof: proof(token, 'open', claim),
    });
    const answered = asked.then(() => accepted);
    return await Promise.race([answered, failed(connection, deadline, options.signal, setup.timeoutMs)]);
  } catch (error) {
    await letGo(connection, topics, { abrupt: false, clock: setup.clock }).catch(() => connection.abort());
    throw error;
  }
}

async function ask(connection: BrokerConnection, topics: SessionTopics, open: ControlMessage): Promise<void> {
  const [, run = ''] = topics.base.split('/');
  await connection.subscribe([statusTopic(run, coordinatorName), `${topics.base}/down/#`]);
  await connection.publish(topics.open, encodeControl(open)).catch((error: unknown) => {
    if (!(error instanceof PieceRefused)) throw error;
    throw brokerRefused(connection.url, `it does not take ${topics.open} (${error.message})`);
  });
  const online = { state: 'online', id: topics.base.slice(topics.base.lastIndexOf('/') + 1), reason: '' } as const;
  await connection.publish(topics.status, encodeControl(online), 'retain');
}

function failed(
  connection: BrokerConnection,
  deadline: AbortSignal,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = (): void =>
      reject(
        signal.aborted
          ? signal.reason
          : connectTimeout(
              connection.url,
              'the broker is there, but no coordinator of this run answered, or the broker does not let its answer pass',
              timeoutMs,
            ),
      );
    if (deadline.aborted) return onAbort();
    deadline.addEventListener('abort', onAbort, { once: true });
    spawn(
      'watching the connection to a broker',
      connection.closed.then((reason) => reject(brokerRefused(connection.url, `it closed the connection (${reason})`))),
    );
  });
}

function judgeAnswer(message: ControlMessage, url: string, expected: string): void {
  if (message.type === 'accept' && sameText(message.proof, expected)) return;
  const why =
    message.type === 'refuse'
      ? message.reason
      : 'whoever answered has not the token of this run: is the invitation of this run?';
  throw new RoundscopeError(message.type === 'accept' ? 'identity_mismatch' : 'link_rejected', {
    layer: 'transport',
    message: `the coordinator behind ${withoutSecrets(url)} did not accept us: ${why}`,
  });
}

/** Null: it says of no end, or is from somebody who has not the token. */
function endOf(told: StatusMessage, token: string, run: string): RoundscopeError | null {
  const { state, status, reason, proof: shown = '' } = told;
  return state !== 'ended' || status === undefined ? null : runOver({ status, reason, proof: shown }, token, run);
}

function coordinatorAway(url: string, reason: string): RoundscopeError {
  return new RoundscopeError('connect_refused', {
    layer: 'transport',
    message: `the broker at ${withoutSecrets(url)} says that the coordinator of this run is not there (${reason}): start it, or ask whether the run is over`,
    retryable: true,
  });
}

/** A clean end takes the retained status away, so that late joiners are not told of who has left. */
async function letGo(
  connection: BrokerConnection,
  topics: SessionTopics,
  { abrupt, clock }: { readonly abrupt: boolean; readonly clock: Clock },
): Promise<void> {
  if (abrupt) return connection.abort();
  // A broker that stands still acknowledges nothing, and closes nothing either.
  const goodbye = connection.publish(topics.status, Buffer.alloc(0), 'retain').catch(() => undefined);
  await within(timing.closeTimeoutMs, clock, Promise.race([goodbye, connection.closed]));
  await connection.end();
}

/** User and password of an outside broker, from its URL, take the place of the token's proof at the broker. */
export function ownCredentials(url: string): { readonly username?: string; readonly password?: string } {
  const { username, password } = new URL(url);
  return username === '' ? {} : { username: decodeURIComponent(username), password: decodeURIComponent(password) };
}
