import { join } from 'node:path';
import type { CoordinatorStart } from '#shared/contract/child-messages.ts';
import type { Endpoint } from '#shared/contract/invitation.ts';
import { contractVersion } from '#shared/contract/messages.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import { entropyHex } from '#shared/base/entropy.ts';
import { toErrorReport } from '#shared/base/errors.ts';
import { entryPath } from '#engine/host/entries.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity, loadIdentity } from '#engine/identity/identity.ts';
import { encodeInvitation } from '#engine/identity/invitation.ts';
import { LinkAcceptor } from '#engine/link/link-acceptor.ts';
import type { AcceptedLink, LinkSource } from '#engine/round/coordinator-driver.ts';
import { listeningTransport } from '#engine/transport/registry.ts';

/** Where participants come in: the listening transport, the links that it accepts, and the invitation to it. */
export interface FrontDoor extends LinkSource, AsyncDisposable {
  readonly invitation: string;
  readonly endpoints: readonly Endpoint[];
}

/** @throws RoundscopeError `port_in_use`, `transport_unavailable`, `broker_refused`, ... when it cannot listen */
export async function openFrontDoor(
  start: CoordinatorStart,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<FrontDoor> {
  const { identityFolder, run } = start;
  const identity =
    identityFolder === undefined ? createIdentity() : await loadIdentity(join(identityFolder, 'coordinator-key.pem'));
  const transport = listeningTransport(start.transport, start.control, {
    clock: systemClock,
    entropy: systemEntropy,
    identity,
    ddsWorker: entryPath('dds-worker'),
    onUnavailable: (protocol, error) =>
      reporter.event('notice', {
        level: 'info',
        text: `This run is not offered over ${protocol}: ${error.message}`.slice(0, 1000),
        error: toErrorReport(error),
      }),
    ...(start.broker === undefined ? {} : { brokerUrl: start.broker }),
  });
  const token = entropyHex(systemEntropy, 24);
  const desk = new LinkDesk();
  const acceptor = new LinkAcceptor({
    run,
    token,
    clock: systemClock,
    entropy: systemEntropy,
    reporter,
    onLink: (link, address) => desk.add({ link, address }),
  });
  const listener = await transport.listen({
    signal,
    run,
    token,
    host: start.host,
    port: start.port,
    onSession: (session) => acceptor.accept(session),
    onRefused: ({ address, reason }) => reporter.event('participant_refused', { name: '', key: '', address, reason }),
  });
  return {
    invitation: encodeInvitation({
      version: contractVersion,
      run,
      name: start.settings.name,
      control: start.control,
      transport: start.transport,
      endpoints: [...listener.endpoints],
      token,
    }),
    endpoints: listener.endpoints,
    onLink: (onLink) => desk.onLink(onLink),
    async [Symbol.asyncDispose]() {
      await acceptor.close('clean', 'the run is over');
      await listener[Symbol.asyncDispose]();
    },
  };
}

/** Keeps links until somebody asks for them, so that none is lost between listening and the start of the run. */
class LinkDesk implements LinkSource {
  readonly #links: AcceptedLink[] = [];
  readonly #listeners = new Set<(accepted: AcceptedLink) => void>();

  add(accepted: AcceptedLink): void {
    this.#links.push(accepted);
    for (const listener of this.#listeners) listener(accepted);
  }

  onLink(listener: (accepted: AcceptedLink) => void): Disposable {
    this.#listeners.add(listener);
    for (const accepted of this.#links) listener(accepted);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }
}
