import { isIPv6 } from 'node:net';
import type { Clock } from '#shared/base/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/invitation.ts';
import { abortable } from '../abortable.ts';
import { formatAddress, resolveHost } from '../addresses.ts';
import { ipv4Only } from '../endpoint-errors.ts';
import { freshHalf } from '../key-agreement.ts';
import { sameText } from '../same-text.ts';
import type { DialOptions, Session } from '../transport.ts';
import { DdsCarrier } from './dds-carrier.ts';
import { datagramsFor, domainConfig, sampleBytesFor, type DatagramSize } from './domain-config.ts';
import { agreedKeys, coordinatorName, ddsSessionVersion, proofOf, type Agreed, type Claim } from './handshake.ts';
import { misfitMend } from './library.ts';
import { addressTowards } from './places.ts';
import { ddsFailed, type DdsRuntime } from './runtime.ts';
import type { Announcement } from './worker-protocol.ts';

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
  const claim: Claim = { run: options.run, participant: options.participant, session: setup.session };
  const remote = formatAddress(endpoint.host, endpoint.port);
  const asking = new Asking(claim, options.token ?? '', remote);
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
      onMisfit: (reason) => asking.misfit(reason),
      onFailed: (reason) => asking.fail(ddsFailed(remote, reason)),
    },
  );
  if (error !== null) throw ddsFailed(`DDS could not be joined from ${address}`, error);
  try {
    runtime.announce(node, asking.open);
    const agreed = await abortable(asking.granted, deadline);
    return await openTopics(
      { node, claim, agreed, remote, datagrams: datagramsFor(address, impaired), asking },
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
  readonly agreed: Agreed;
  readonly remote: string;
  readonly datagrams: DatagramSize;
  readonly asking: Asking;
}

async function openTopics(granted: Granted, setup: DialSetup, deadline: AbortSignal): Promise<Session> {
  const { node, claim, agreed, remote, asking } = granted;
  const { runtime, clock, release } = setup;
  const matched = Promise.withResolvers<void>();
  const number = runtime.openSession(
    { node, participant: claim.participant, id: claim.session, keys: agreed.keys },
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
    binding: agreed.channel,
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

/** A request for a session, from the participant's side. */
class Asking {
  readonly open: Announcement;
  readonly granted: Promise<Agreed>;
  /** Somebody serves this run there, whatever becomes of the request. */
  heardRun = false;
  refused = false;
  onLost: (reason: string) => void = () => undefined;
  readonly #claim: Claim;
  readonly #token: string;
  readonly #remote: string;
  readonly #agreement = freshHalf();
  readonly #outcome = Promise.withResolvers<Agreed>();

  constructor(claim: Claim, token: string, remote: string) {
    this.#claim = claim;
    this.#token = token;
    this.#remote = remote;
    this.granted = this.#outcome.promise;
    // It may fail while the domain is still being joined; whoever waits for it is told then.
    this.granted.catch(() => undefined);
    const agreement = this.#agreement.offered;
    const proof = proofOf(token, 'open', claim, [agreement]);
    this.open = { ...claim, kind: 'open', version: ddsSessionVersion, agreement, proof, reason: '' };
  }

  fail(error: RoundscopeError): void {
    this.#outcome.reject(error);
    this.onLost(error.message);
  }

  /** Only the coordinator can be seen from here; a session that is open proves that it fits. */
  misfit(reason: string): void {
    this.#outcome.reject(this.#error('version_unsupported', `${reason}. ${misfitMend}`));
  }

  hear(said: Announcement): void {
    const { run, participant, session } = this.#claim;
    if (said.run !== run) return;
    if (said.participant === coordinatorName) {
      this.heardRun = true;
      if (said.kind === 'offline')
        this.fail(this.#error('connect_refused', `it is not there any more (${said.reason})`));
      return;
    }
    if (said.participant !== participant || said.session !== session) return;
    if (said.kind === 'refuse') {
      this.refused = true;
      this.#outcome.reject(this.#error('link_rejected', said.reason.slice(0, 500)));
    }
    if (said.kind === 'accept') this.#judge(said);
  }

  #judge(said: Announcement): void {
    const token = this.#token;
    const expected = proofOf(token, 'accept', this.#claim, [this.#agreement.offered, said.agreement]);
    const agreed = sameText(said.proof, expected)
      ? agreedKeys('up', { own: this.#agreement, offered: said.agreement, token, claim: this.#claim })
      : null;
    if (agreed !== null) return this.#outcome.resolve(agreed);
    this.#outcome.reject(
      this.#error(
        'identity_mismatch',
        'whoever answered has not the token of this run: is the invitation of this run?',
      ),
    );
  }

  #error(
    code: 'version_unsupported' | 'link_rejected' | 'identity_mismatch' | 'connect_refused',
    why: string,
  ): RoundscopeError {
    return new RoundscopeError(code, {
      layer: 'transport',
      message: `the coordinator at ${this.#remote} did not accept us: ${why}`,
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
