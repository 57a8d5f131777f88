import type { NetworkPreset, NetworkSpec } from '#shared/contract/run/network.ts';
import { usualDeadlineMs, type DemoSettings } from '#shared/contract/run/settings.ts';
import { asParticipantId } from '#shared/contract/ids.ts';

/** Whom a choice of network is for. */
export const everyone = '*';

export function specFor(whom: string, preset: NetworkPreset): NetworkSpec {
  return whom === everyone ? { preset } : { preset, participant: asParticipantId(whom) };
}

/** The settings with this network; a deadline that nobody has set leaves time for it. */
export function withNetwork(settings: DemoSettings, spec: NetworkSpec): Pick<DemoSettings, 'network' | 'deadlineMs'> {
  const others = settings.network.filter(({ participant }) => participant !== spec.participant);
  // `none` for everyone is what holds anyway; for one it may differ from what everyone has.
  const isUsual = spec.preset === 'none' && spec.participant === undefined && spec.change === undefined;
  return following(settings, isUsual ? others : [...others, spec]);
}

/** The settings with this participant having what everyone has. */
export function withoutOwn(settings: DemoSettings, whom: string): Pick<DemoSettings, 'network' | 'deadlineMs'> {
  return following(
    settings,
    settings.network.filter(({ participant }) => participant !== whom),
  );
}

function following(
  { network: before, deadlineMs, participants }: DemoSettings,
  network: readonly NetworkSpec[],
): Pick<DemoSettings, 'network' | 'deadlineMs'> {
  const isUsual = deadlineMs === usualDeadlineMs(before, participants);
  return { network: [...network], deadlineMs: isUsual ? usualDeadlineMs(network, participants) : deadlineMs };
}

/** The settings with so many participants; a deadline that nobody has set leaves time for them. */
export function withParticipants(
  { network, deadlineMs, participants: before }: DemoSettings,
  participants: number,
): Pick<DemoSettings, 'participants' | 'deadlineMs'> {
  const isUsual = deadlineMs === usualDeadlineMs(network, before);
  return { participants, deadlineMs: isUsual ? usualDeadlineMs(network, participants) : deadlineMs };
}
