import type { LinkConditions } from '#shared/contract/run/selection.ts';

/**
 * The state of the reference framework: class of the network, resources, size of the payload, mobility. 36 in all, each
 * with its own values: what is learned in one says nothing about its neighbours, which is why it takes hundreds of rounds.
 */
export function stateOf(conditions: LinkConditions): string {
  return [
    networkClass(conditions),
    resources(conditions),
    payloadClass(conditions),
    conditions.mobility ?? 'static',
  ].join('/');
}

export const networkClasses = ['excellent', 'moderate', 'poor'] as const;
export type NetworkClass = (typeof networkClasses)[number];

/** By round trip as in the reference (20 and 50 ms), and by loss, which it does not look at. */
export function networkClass({ rttMs, lossRatio }: LinkConditions): NetworkClass {
  const rtt = rttMs ?? 0;
  const loss = lossRatio ?? 0;
  if (rtt < 20 && loss < 0.002) return 'excellent';
  return rtt < 50 && loss < 0.008 ? 'moderate' : 'poor';
}

/** The reference takes the mean of processor and memory below 30 %; a low battery is a scarce resource, too. */
function resources({ cpuLoad, battery }: LinkConditions): 'high' | 'low' {
  const scarce = (cpuLoad ?? 0) >= 0.3 || (battery !== null && !battery.charging && battery.level < 0.2);
  return scarce ? 'low' : 'high';
}

/** The reference's bounds, in its own unit of parameters: 100,000 and 10 million, four bytes each. */
function payloadClass({ payloadBytes }: LinkConditions): 'small' | 'medium' | 'large' {
  if (payloadBytes < 4e5) return 'small';
  return payloadBytes < 4e7 ? 'medium' : 'large';
}
