import type { RelayStart, ToChild } from '#shared/contract/child-messages.ts';
import { serveParent, type Ended } from '#engine/host/process/child-process.ts';
import type { ParentChannel } from '#engine/host/process/parent-channel.ts';
import { ProcessReporter } from '#engine/host/process/process-reporter.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { Relay } from '#engine/relay/relay.ts';

/** Once it stands; nobody is told to change anything before they have heard that. */
let relay: Relay | null = null;

serveParent({ startType: 'start_relay', run, onFault: () => undefined, onOther });

/** The networks of a demo in a process of their own, so that neither end pays for them; it runs until it is told to stop. */
async function run(start: RelayStart, channel: ParentChannel, signal: AbortSignal): Promise<Ended> {
  using reporter = new ProcessReporter({
    run: start.run,
    source: 'relay',
    clock: systemClock,
    channel,
    doing: () => `the network of ${start.networks.length} participants`,
  });
  await using opened = await Relay.open(start, { clock: systemClock, reporter });
  relay = opened;
  channel.post({ type: 'relaying', routes: [...opened.routes] });
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  return { status: 'completed', reason: 'nothing is left to relay' };
}

function onOther(message: ToChild): void {
  if (message.type === 'set_network') relay?.set(message.participant, message.conditions);
  if (message.type === 'rebind') relay?.rebind(message.participant);
}
