import { setTimeout as delay } from 'node:timers/promises';
import type { Listener, Session } from '#engine/transport/transport.ts';
import { never } from './session-frames.ts';
import { seededIdentity } from '#test/support/seeded-identity.ts';
import type { TransportHarness } from './harness.ts';

export const run = 'r-contract';
/** Who is at either end: transports under test that prove identities prove these. */
export const participantIdentity = seededIdentity('participant of the contract');
export const coordinatorIdentity = seededIdentity('coordinator of the contract');
export const token = 'contract-token-0123456789abcdef';
/** Longest that a test of the suites may take: against hanging, no measure of speed. */
export const patience = { timeout: 90_000 };

/** A listener with one dialed session, both ends. */
export interface Pair extends AsyncDisposable {
  readonly listening: Listening;
  /** The participant's end. */
  readonly near: Session;
  /** The coordinator's end. */
  readonly far: Session;
}

export interface Listening extends AsyncDisposable {
  readonly listener: Listener;
  readonly sessions: readonly Session[];
  readonly nextSession: () => Promise<Session>;
}

export async function listen(harness: TransportHarness, port = 0): Promise<Listening> {
  const sessions: Session[] = [];
  let wake = (): void => undefined;
  const listener = await harness.listener.listen({
    ...never(),
    run,
    token,
    host: harness.host ?? '127.0.0.1',
    port,
    onSession: (session) => {
      sessions.push(session);
      wake();
    },
    onRefused: () => undefined,
  });
  let handed = 0;
  const nextSession = async (): Promise<Session> => {
    while (sessions.length <= handed) await new Promise<void>((resolve) => (wake = resolve));
    return sessions[handed++] as Session;
  };
  return { listener, sessions, nextSession, [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose]() };
}

export async function dial(harness: TransportHarness, listening: Listening, participant: string): Promise<Session> {
  const session = await harness.dialer.dial(listening.listener.endpoints, { ...never(), participant, run, token });
  // Some transports show a session to the listener with its first bytes only, others before the dial resolves.
  for (let i = 0; i < 100 && listening.sessions.length === 0; i++) await delay(10);
  await listening.nextSession();
  return session;
}

export async function openPair(harness: TransportHarness): Promise<Pair> {
  const listening = await listen(harness);
  const near = await dial(harness, listening, 'node-1').catch(async (error: unknown) => {
    await listening[Symbol.asyncDispose]();
    throw error;
  });
  const far = listening.sessions[0] as Session;
  return {
    listening,
    near,
    far,
    [Symbol.asyncDispose]: async () => {
      await near.close('clean', 'end of test');
      await far.close('clean', 'end of test');
      await listening[Symbol.asyncDispose]();
    },
  };
}
