import type { StrategyName } from '#shared/contract/run/selection.ts';
import { namedProtocols, type Protocol } from '#shared/contract/protocols.ts';
import type { DemoSettings } from '#shared/contract/run/settings.ts';
import { plannedFor, plannedProtocols, type TransportPlan } from '#shared/contract/run/transport-plan.ts';

/** One participant and what its session will be over. */
export interface Turn {
  readonly participant: string;
  readonly protocol: Protocol;
}

/** More than these are a list that nobody reads. */
const turnsMax = 5;

/**
 * Who takes which protocol under a plan of several; empty where there is one, or where each chooses by itself.
 * @param missing protocols that this machine cannot speak: `mixed` goes round them
 */
export function turnsOf(plan: TransportPlan, participants: number, missing: ReadonlySet<Protocol>): readonly Turn[] {
  if (plan === 'auto' || isOne(plan)) return [];
  const offered = namedProtocols.filter((protocol) => !missing.has(protocol));
  return Array.from({ length: Math.min(participants, turnsMax) }, (_, index) => ({
    participant: `node-${index + 1}`,
    protocol: plannedFor(plan, index, offered),
  })).flatMap(({ participant, protocol }) => (protocol === 'auto' ? [] : [{ participant, protocol }]));
}

/** Why control cannot go over MQTT beside this; `undefined` when it can. */
export function controlFault(plan: TransportPlan): string | undefined {
  if (plan === 'mqtt') return 'mqtt carries everything already';
  return isOne(plan) ? undefined : 'with several transports each session carries its own control';
}

/** A transport is chosen; control goes back to the same session where it has to. */
export function withTransport(plan: TransportPlan): Partial<DemoSettings> {
  return { transport: plan, ...(controlFault(plan) === undefined ? {} : { control: 'same' as const }) };
}

/** Null: as the settings of the app say. */
export function withSelection(settings: DemoSettings, selection: StrategyName | null): DemoSettings {
  const { selection: _before, ...rest } = settings;
  return selection === null ? rest : { ...rest, selection };
}

function isOne(plan: TransportPlan): boolean {
  const planned = plannedProtocols(plan);
  return planned !== 'all' && planned.length === 1;
}
