import type { FaultName } from '#shared/contract/settings.ts';

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
