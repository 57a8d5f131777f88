import type { FaultName } from '#shared/contract/run/settings.ts';

/** What a fault does, for the log of the run. */
export const faultNotes: Readonly<Record<FaultName, string>> = {
  'connection-per-message': 'opens a connection for each message, sends and hangs up',
  'kill-participant': 'process ended by SIGKILL, not restarted',
  'crash-participant': 'process ended by SIGKILL and started again: it sends what it had computed',
  'kill-coordinator': 'process ended by SIGKILL and started again: it goes on with the round from what it kept',
  'freeze-trainer': 'gradient steps stopped; process and link go on',
  'drop-link': 'session cut as a network would; the participant re-dials',
  delay: 'half a second more each way',
  loss: 'one packet in ten more is lost',
  blackhole: 'nothing passes either way, and nobody is told',
  disconnect: 'connections are reset and none can be opened',
  rebind: 'the NAT on the way forgot its mappings: UDP comes from another port',
};
