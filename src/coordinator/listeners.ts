import { join } from 'node:path';
import { ofOneLink, requireAnnounced } from '#shared/contract/app/announced.ts';
import type { CoordinatorStart } from '#shared/contract/child-messages.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { timing } from '#shared/contract/limits.ts';
import { wayNotes } from '#shared/contract/app/secrecy.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import { durationText } from '#shared/base/text/duration.ts';
import { entropyHex } from '#shared/base/entropy.ts';
import { RoundscopeError, toErrorReport } from '#shared/base/errors.ts';
import { workerPath } from '#engine/host/entries.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { isNoRoom } from '#engine/durability/disk-errors.ts';
import { createIdentity, loadIdentity, type Identity } from '#engine/identity/identity.ts';
import { LinkAcceptor } from '#engine/link/accept/link-acceptor.ts';
import { runOverWords, type RunEnd } from '#engine/link/run-over.ts';
import { UnprovenRows } from '#engine/link/accept/unproven-rows.ts';
import { noDecisions } from '#engine/round/admission.ts';
import { checkNewcomer } from '#engine/round/coordinator/entry/check-newcomer.ts';
import { AcceptedLinks } from '#engine/round/coordinator/entry/accepted-links.ts';
import type { LinkSource } from '#engine/round/link-source.ts';
import { wildcardHere } from '#engine/transport/addresses.ts';
import { listeningTransport } from '#engine/transport/registry.ts';
import type { BrokerNews, Listener } from '#engine/transport/transport.ts';
import { Invitations } from './invitations.ts';
import { invitedEndpoints } from './invited-endpoints.ts';
import type { RunState } from './run-state.ts';

/** Where participants come in: the listening transport, the links that it accepts, and the invitation to it. */
export interface Listeners extends LinkSource, AsyncDisposable {
  readonly invitations: Invitations;
  /** As they are bound, which is not always as the invitation announces them. */
  readonly endpoints: readonly Endpoint[];
  /** The invitation's secret. */
  readonly token: string;
  /**
   * The run is over: whoever comes from now on is told so. Stays a while for those whose link was down at the end, and no
   * longer than until all of them have heard or the signal aborts.
   */
  tellEnd(end: RunEnd, signal: AbortSignal): Promise<void>;
}

/** @throws RoundscopeError `settings_invalid`, `port_in_use`, `transport_unavailable`, `broker_refused`, ... when it cannot listen */
export async function openListeners(
  start: CoordinatorStart,
  reporter: Reporter,
  signal: AbortSignal,
  state: RunState | null = null,
): Promise<Listeners> {
  const { run } = start;
  const linkOnly = ofOneLink(start.host);
  if (linkOnly !== null) throw new RoundscopeError('settings_invalid', { layer: 'settings', message: linkOnly });
  if (start.announce !== undefined) requireAnnounced(start.announce, start);
  const { file: former, run: { memory } = {} } = state?.restored ?? {};
  const identity = await identityOf(start, reporter);
  const transport = listeningTransport(start.transport, start.control, {
    clock: systemClock,
    entropy: systemEntropy,
    identity,
    workerOf: workerPath,
    impaired: start.impaired ?? false,
    onUnavailable: (protocol, error) => {
      const text = `This run is not offered over ${protocol}: ${error.message}`.slice(0, 1000);
      reporter.event('notice', { level: 'info', text, error: toErrorReport(error) });
    },
    ...(start.broker === undefined ? {} : { brokerUrl: start.broker }),
    ...(start.brokerCa === undefined ? {} : { brokerCa: start.brokerCa }),
  });
  let admission = memory?.admission ?? noDecisions;
  const token = former?.token ?? entropyHex(systemEntropy, 24);
  const links = new AcceptedLinks();
  const rows = new UnprovenRows(reporter, systemClock);
  const acceptor = new LinkAcceptor({
    run,
    token,
    identity,
    owners: memory?.owners.map(({ id, key }) => ({ name: id, key })),
    clock: systemClock,
    entropy: systemEntropy,
    reporter: rows,
    resumeMs: resumeMsOf(start),
    onLink: (link, address, about) => links.add({ link, address, ...about }),
    check: (who) => checkNewcomer(who, admission, systemClock.wallMs()),
  });
  const listener = await transport.listen({
    signal,
    run,
    token,
    host: wildcardHere(start.host),
    port: start.port,
    ...(former === undefined ? {} : { again: former.endpoints }),
    onSession: (session) => acceptor.accept(session),
    onProgress: (text) => reporter.event('notice', { level: 'info', text }),
    onBroker: (news) => reporter.event('broker_state', withinBounds(news)),
    knows: (peer) => acceptor.standing(peer),
    onRefused: (refusal) => rows.refused(refusal),
  });
  const endpoints = invitedEndpoints(start, listener.endpoints);
  for (const { level, text } of wayNotes(endpoints)) reporter.event('notice', { level, text });
  return {
    invitations: new Invitations({ start, token, identity, endpoints }, () => admission),
    follow: (news) => void (admission = news),
    endpoints: listener.endpoints,
    token,
    onLink: (onLink) => links.onLink(onLink),
    tellEnd: (end, over) => tellEnd({ acceptor, listener }, end, { demo: start.demo !== undefined, reporter, over }),
    async [Symbol.asyncDispose]() {
      await acceptor.close('clean', 'the run is over');
      await listener[Symbol.asyncDispose]();
      rows[Symbol.dispose]();
    },
  };
}

/** What a broker says is as long as it likes. */
function withinBounds({ address, reason, ...news }: BrokerNews): BrokerNews {
  return { ...news, address: address.slice(0, 500), reason: reason.slice(0, 1000) };
}

async function tellEnd(
  { acceptor, listener }: { readonly acceptor: LinkAcceptor; readonly listener: Listener },
  end: RunEnd,
  { demo, reporter, over }: { readonly demo: boolean; readonly reporter: Reporter; readonly over: AbortSignal },
): Promise<void> {
  acceptor.announceEnd(end);
  listener.leaveWord?.({ status: end.status, reason: runOverWords(end) });
  const names = acceptor.missing;
  // A demo's participants are ended by the demo.
  if (demo || names.length === 0 || over.aborted) return;
  const who = names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
  const what = `${runOverWords(end)}. The coordinator stays up to ${durationText(timing.tellEndMs)}`;
  const text = `T${what.slice(1)} to tell ${who}, without a link when it ended.`;
  reporter.event('notice', { level: 'info', text: text.slice(0, 1000) });
  using limit = systemClock.deadline(timing.tellEndMs, over);
  await acceptor.tellEnd(names, limit);
}

/** Nobody's place goes while a round may still wait for it, nor while its participant still dials by default. */
function resumeMsOf({ settings }: CoordinatorStart): number {
  const { trainingDeadlineMs, evaluationDeadlineMs } = settings;
  return Math.min(resumeMsMax, Math.max(timing.giveUpAfterMs, trainingDeadlineMs, evaluationDeadlineMs));
}

const resumeMsMax = 24 * 3_600_000;

/** With its key in the state folder, a coordinator that is started again is the one that was invited to. */
async function identityOf(start: CoordinatorStart, reporter: Reporter): Promise<Identity> {
  const folder = start.stateFolder ?? start.identityFolder;
  if (folder === undefined) return createIdentity();
  try {
    return await loadIdentity(join(folder, 'coordinator-key.pem'), {
      onNotice: (text) => reporter.event('notice', { level: 'warning', text }),
    });
  } catch (error) {
    // A demo on a full disk: the key lives as long as the process, as everything else of it then does.
    if (start.demo !== undefined && isNoRoom(error)) return createIdentity();
    throw error;
  }
}
