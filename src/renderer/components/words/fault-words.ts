import { lastingFaults, type FaultName } from '#shared/contract/run/settings.ts';
import type { FaultView, NetworkView } from '#shared/run-view/run-view.ts';

/** Faults on cue by name, as people read them. */
export const faultTitles: Readonly<Record<FaultName, string>> = {
  'connection-per-message': 'Connection per message',
  'kill-participant': 'Kill a participant',
  'crash-participant': 'Crash a participant',
  'kill-coordinator': 'Kill the coordinator',
  'freeze-trainer': 'Freeze training',
  'drop-link': 'Drop the link',
  delay: 'Delay',
  loss: 'Packet loss',
  blackhole: 'Blackhole',
  disconnect: 'Disconnect',
  rebind: 'NAT rebinding',
};

/** The name in the middle of a sentence: `NAT rebinding` keeps its capitals. */
export function faultInWords(name: FaultName): string {
  const title = faultTitles[name];
  return /^[A-Z]{2}/.test(title) ? title : title.charAt(0).toLowerCase() + title.slice(1);
}

/** The fault that a verdict traces itself to, which is free text in its event. */
export function injectedWords(injected: string): string {
  return injected in faultTitles ? faultInWords(injected as FaultName) : injected;
}

/** A fault that acts once is a moment; one that lasts, lasts until it was taken back. */
export function faultEnd(fault: FaultView, until: number): number {
  if (fault.clearedAt !== null) return fault.clearedAt;
  return lastingFaults.has(fault.fault) ? until : fault.at;
}

/** What is done to the participant's network while the fault lasts, ` (10 % lost each way)`; empty where that is not told. */
export function faultFigure({ fault, participant, state }: FaultView, networks: readonly NetworkView[]): string {
  const figures = networks.find((one) => one.participant === participant)?.figures;
  if (figures === undefined || state !== 'active') return '';
  if (fault === 'loss' && figures.lossPercent > 0) return ` (${figures.lossPercent} % lost each way)`;
  if (fault === 'delay' && figures.latencyMs > 0) return ` (${figures.latencyMs} ms each way)`;
  return '';
}
