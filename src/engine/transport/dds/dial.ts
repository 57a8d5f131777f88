import { isIPv6 } from 'node:net';
import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { abortable } from '../shared/abortable.ts';
import { formatAddress, resolveHost } from '../addresses.ts';
import { ipv4Only } from '../endpoint-errors.ts';
import { coordinatorId } from '#shared/contract/ids.ts';
import { Asking, namesNobody } from '../sealed/asking.ts';
import type { Claim, SessionKeys } from '../sealed/handshake.ts';
import type { DialOptions, Session } from '../transport.ts';
import { announcedAnswer } from './announced.ts';
import { DdsCarrier } from './dds-carrier.ts';
import { datagramsFor, domainConfig, sampleBytesFor, type DatagramSize } from './domain-config.ts';
import { incompatibleFix } from './library.ts';
import { addressTowards } from './places.ts';
import { ddsFailed, type DdsRuntime } from './runtime.ts';
import type { Announcement } from './worker/worker-protocol.ts';

export interface DialSetup {
  readonly runtime: DdsRuntime;
  readonly clock: Clock;
  /** Drawn for this dial. */
  readonly session: string;
  readonly timeoutMs: number;
  /** The way there is worse than it looks. */
  readonly impaired: boolean;
  readonly lossPerMille: number;
  /** Gives the runtime back. */
  readonly release: () => Promise<void>;
}

/** Joins the coordinator's domain with that coordinator as its one peer, asks for a session and waits for its topics. */
export async function dialCoordinator(endpoint: Endpoint, options: DialOptions, setup: DialSetup): Promise<Session> {
  const { runtime, clock } = setup;
  using deadline = clock.deadline(setup.timeoutMs, options.signal);
  const host = await resolveHost(endpoint.host);
  if (isIPv6(host)) throw ipv4Only(host);
  const address = await addressTowards(host, endpoint.port);
  options.signal.throwIfAborted();
  const { run, participant, token = '' } = options;
  const claim: Claim = { protocol: 'dds', run, participant, session: setup.session };
  const remote = formatAddress(endpoint.host, endpoint.port);
  const coordinator = endpoint.identity;
  if (coordinator === undefined) throw namesNobody(remote);
  using asking = new DomainAsking({ claim, token, coordinator, where: remote, clock });
  const { impaired } = setup;
  const config = domainConfig({
    impaired,
    domain: endpoint.domain ?? 0,
    address,
    port: null,
    peers: [{ host, port: endpoint.port }],
    lossPerMille: setup.lossPerMille,
  });
  const { node, error } = await runtime.openNode(
    { config, side: 'up', run: options.run },
    {
      onAnnounced: (said) => asking.hear(said),
      onIncompatible: (reason) => asking.incompatible(reason),
      onFailed: (reason) => asking.fail(ddsFailed(remote, reason)),
    },
  );
  if (error !== null) throw ddsFailed(`DDS could not be joined from ${address}`, error);
  try {
    runtime.announce(node, asking.open);
    const keys = await abortable(asking.granted, deadline);
    return await openTopics(
      { node, claim, keys, coordinator, remote, datagrams: datagramsFor(address, impaired), asking },
      setup,
      deadline,
    );
  } catch (failure) {
    if (!asking.refused) runtime.retract(node, asking.open);
    await runtime.closeNode(node, 'clean');
    options.signal.throwIfAborted();
    throw deadline.aborted ? noAnswer(remote, endpoint, setup.timeoutMs, asking.heardRun) : failure;
  }
}

interface Granted {
  readonly node: number;
  readonly claim: Claim;
  readonly keys: SessionKeys;
  readonly coordinator: string;
  readonly remote: string;
  readonly datagrams: DatagramSize;
  readonly asking: DomainAsking;
}

async function openTopics(granted: Granted, setup: DialSetup, deadline: AbortSignal): Promise<Session> {
  const { node, claim, coordinator, remote, asking } = granted;
  const { channel: binding, ...keys } = granted.keys;
  const { runtime, clock, release } = setup;
  const matched = Promise.withResolvers<void>();
  const number = runtime.openSession(
    { node, participant: claim.participant, id: claim.session, keys },
    {
      onMatched: (all) => (all ? matched.resolve() : carrier.session.lost('the coordinator is no longer there')),
      onSamples: (from, samples, forged) => carrier.receive(from, samples, forged),
      onFailed: (reason) => {
        matched.reject(ddsFailed(remote, reason));
        carrier.session.lost(reason);
      },
    },
  );
  const carrier = new DdsCarrier({
    side: 'up',
    remote,
    binding,
    peerIdentity: coordinator,
    clock,
    sampleBytes: sampleBytesFor(granted.datagrams),
    channel: {
      send: (to, sample) => runtime.send(number, to, sample),
      close: async (drainMs) => {
        await runtime.closeSession(number, drainMs);
        runtime.retract(node, asking.open);
        await runtime.closeNode(node, 'clean');
      },
      cut: () => runtime.closeNode(node, 'cut'),
    },
    release,
  });
  asking.onLost = (reason) => carrier.session.lost(reason);
  asking.onOffline = (reason) => carrier.session.doubted(reason);
  try {
    await abortable(matched.promise, deadline);
    await carrier.greet(deadline);
    return carrier.session;
  } catch (error) {
    carrier.session.lost('it could not be opened');
    // Until all of it is let go.
    await carrier.session.close('lost', 'it could not be opened');
    throw error;
  }
}

/** A request for a session as a domain carries it: everybody in it hears what is announced, and may announce the same. */
class DomainAsking implements Disposable {
  readonly open: Announcement;
  /** Somebody serves this run there, whatever becomes of the request. */
  heardRun = false;
  /** Somebody says no to it. */
  refused = false;
  onLost: (reason: string) => void = () => undefined;
  onOffline: (reason: string) => void = () => undefined;
  readonly #claim: Claim;
  readonly #where: string;
  readonly #asking: Asking;

  constructor(parts: ConstructorParameters<typeof Asking>[0]) {
    this.#claim = parts.claim;
    this.#where = parts.where;
    this.#asking = new Asking(parts);
    const { run, participant, session } = this.#claim;
    const { version, key: agreement, coordinator: reason, proof } = this.#asking.request;
    this.open = { run, participant, session, kind: 'open', version, agreement, proof, reason };
  }

  get granted(): Promise<SessionKeys> {
    return this.#asking.granted;
  }

  fail(error: RoundscopeError): void {
    this.#asking.fail(error);
    this.onLost(error.message);
  }

  /** What Cyclone has discovered is nobody's word that is proved; a session that is open proves that its ends fit. */
  incompatible(reason: string): void {
    this.#asking.hint(this.#error('version_unsupported', `${reason}. ${incompatibleFix}`));
  }

  hear(said: Announcement): void {
    const { run, participant, session } = this.#claim;
    if (said.run !== run) return;
    if (said.participant === coordinatorId) {
      this.heardRun = true;
      if (said.kind !== 'offline') return;
      const reason = said.reason.slice(0, 200);
      this.#asking.hint(this.#error('connect_refused', `it is said not to be there any more (${reason})`));
      return this.onOffline(`the coordinator is said to be gone: ${reason}`);
    }
    const answer = said.participant === participant && said.session === session ? announcedAnswer(said) : null;
    if (answer === null) return;
    this.#asking.hear(answer);
    this.refused = answer.type === 'refuse';
  }

  [Symbol.dispose](): void {
    this.#asking[Symbol.dispose]();
  }

  #error(code: 'version_unsupported' | 'connect_refused', why: string): RoundscopeError {
    return new RoundscopeError(code, {
      layer: 'transport',
      message: `the coordinator at ${this.#where} did not accept us: ${why}`,
      retryable: code === 'connect_refused',
    });
  }
}

/** UDP cannot tell a closed port from a silent one, so all causes are named. */
function noAnswer(remote: string, endpoint: Endpoint, timeoutMs: number, heardRun: boolean): RoundscopeError {
  const seconds = Math.round(timeoutMs / 100) / 10;
  const why = heardRun
    ? 'A coordinator of this run is there, but granted no session in time; try again.'
    : `Check that it is running, that host and port are those it printed, that it is in DDS domain ${endpoint.domain ?? 0}, and that no firewall blocks UDP between you.`;
  return new RoundscopeError('connect_timeout', {
    layer: 'transport',
    message: `No coordinator of this run answered over DDS at ${remote} within ${seconds} s. ${why}`,
    retryable: true,
    context: { host: endpoint.host, port: endpoint.port },
  });
}
