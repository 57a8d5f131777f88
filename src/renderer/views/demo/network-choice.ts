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

/** The settings with so many participants. */
export function withParticipants(
  settings: DemoSettings,
  participants: number,
): Pick<DemoSettings, 'participants' | 'deadlineMs'> {
  return { participants, deadlineMs: deadlineFor(settings, { participants }) };
}

/** The settings with other data. */
export function withData(settings: DemoSettings, data: string): Pick<DemoSettings, 'data' | 'deadlineMs'> {
  return { data, deadlineMs: deadlineFor(settings, { data }) };
}

function following(
  settings: DemoSettings,
  network: readonly NetworkSpec[],
): Pick<DemoSettings, 'network' | 'deadlineMs'> {
  return { network: [...network], deadlineMs: deadlineFor(settings, { network: [...network] }) };
}

/** A deadline that nobody has set leaves time for what changes. */
function deadlineFor(
  settings: DemoSettings,
  change: Partial<Pick<DemoSettings, 'network' | 'participants' | 'data'>>,
): number {
  const isUsual = settings.deadlineMs === usualDeadlineMs(settings);
  return isUsual ? usualDeadlineMs({ ...settings, ...change }) : settings.deadlineMs;
}
