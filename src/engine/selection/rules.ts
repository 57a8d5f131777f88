import { describeProtocol, protocols, type Protocol } from '#shared/contract/protocols.ts';
import type { LinkConditions } from '#shared/contract/run/selection.ts';
import type { SelectionRuleName } from '#shared/transports/descriptor.ts';
import type { Option, Pick, Strategy } from './strategy.ts';
import { bytesText, conditionsText, percentText } from './words.ts';

export interface SelectionRule {
  readonly name: SelectionRuleName;
  readonly applies: (conditions: LinkConditions) => boolean;
  /** What people read: the figure that made the rule apply. */
  readonly why: (conditions: LinkConditions) => string;
  /** Where the rule comes from. */
  readonly source: string;
}

const lossy = 0.01;
const farMs = 100;
const nearMs = 5;
const smallBytes = 256e3;
const largeBytes = 5e6;
const narrowBytesPerS = 1e6;
const batteryLow = 0.2;

/** From the surest reason to the vaguest: the first that applies decides. */
export const selectionRules: readonly SelectionRule[] = [
  {
    name: 'udp-blocked',
    applies: ({ udp }) => udp === 'blocked',
    why: () => 'UDP is blocked, so a protocol over TCP',
    source: 'QUIC and DDS need UDP, which 4.4 % of clients cannot use (Langley et al., SIGCOMM 2017, section 7.2)',
  },
  {
    name: 'moving',
    applies: ({ mobility }) => mobility === 'moving',
    why: () => 'the network changes, and a QUIC connection outlives a change of address',
    source:
      'RFC 9000 section 9, connection migration; brokers keep a session for who comes back (MQTT 3.1.1 section 4.1)',
  },
  {
    name: 'battery-low',
    applies: ({ battery }) => battery !== null && !battery.charging && battery.level < batteryLow,
    why: ({ battery }) => `battery at ${percentText(battery?.level ?? 0)}, and TCP costs the processor least`,
    source: 'QUIC in user space takes about twice the processor time of TCP with TLS (Langley et al. 2017, section 6)',
  },
  {
    name: 'lossy',
    applies: ({ lossRatio }) => lossRatio !== null && lossRatio >= lossy,
    why: ({ lossRatio }) => `loss ${percentText(lossRatio ?? 0)}`,
    source:
      'TCP waits for timeouts and blocks all streams on one loss (Padhye et al. 1998); QUIC does not (RFC 9002, 6.2)',
  },
  {
    name: 'narrow',
    applies: ({ bandwidthBytesPerS }) => bandwidthBytesPerS !== null && bandwidthBytesPerS < narrowBytesPerS,
    why: ({ bandwidthBytesPerS }) => `only ${bytesText(bandwidthBytesPerS ?? 0)}/s, so congestion control is needed`,
    source: 'without congestion control, bursts overflow a narrow queue and come twice: reference catalogue, case 23',
  },
  {
    name: 'far-and-small',
    applies: ({ rttMs, payloadBytes }) => rttMs !== null && rttMs >= farMs && payloadBytes <= smallBytes,
    why: ({ rttMs }) => `round trip ${Math.round(rttMs ?? 0)} ms, and QUIC needs the fewest`,
    source: 'one round trip to connect (RFC 9001) against two with TCP and TLS 1.3 and more with a broker',
  },
  {
    name: 'near-and-large',
    applies: ({ rttMs, lossRatio, payloadBytes }) =>
      rttMs !== null && rttMs < nearMs && (lossRatio ?? 0) < lossy && payloadBytes >= largeBytes,
    why: ({ payloadBytes }) => `a near network and a model of ${bytesText(payloadBytes)}`,
    source: 'measured on loopback at 10 MB: DDS 290 to 470 MB/s, quinn 258, HTTP/2 177',
  },
  {
    name: 'otherwise',
    applies: () => true,
    why: (conditions) => `nothing unusual (${conditionsText(conditions)})`,
    source: 'fewest round trips, lanes that do not wait for each other (RFC 9000 section 2)',
  },
];

/** Best first, by each descriptor's place; the first that is offered is taken. */
export function preferredBy(rule: SelectionRuleName): readonly Protocol[] {
  const placed = protocols.flatMap((protocol) => {
    const place = describeProtocol(protocol).preference[rule];
    return place === null ? [] : [{ protocol, place }];
  });
  return placed.toSorted((a, b) => a.place - b.place).map(({ protocol }) => protocol);
}

/** A readable table instead of learning: the same conditions always give the same choice. */
export class RulesStrategy implements Strategy {
  pick(options: readonly Option[], conditions: LinkConditions): Pick {
    const offered = new Set(options.map((option) => option.protocol));
    for (const rule of selectionRules) {
      if (!rule.applies(conditions)) continue;
      const protocol = preferredBy(rule.name).find((candidate) => offered.has(candidate));
      if (protocol !== undefined) return { protocol, why: rule.why(conditions), explored: false };
    }
    return { protocol: (options[0] as Option).protocol, why: 'the only one that can be had', explored: false };
  }

  learn(): void {
    // The table is the same whatever happened.
  }

  save(): null {
    return null;
  }
}
