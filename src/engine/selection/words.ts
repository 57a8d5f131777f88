import { protocolNames, type Protocol } from '#shared/contract/protocols.ts';
import type { LinkConditions } from '#shared/contract/run/selection.ts';

interface Expectation {
  readonly protocol: Protocol;
  readonly seconds: number | null;
}

/** "QUIC: loss 2 %, expected 0.8 s against 3.1 s (MQTT)": what was chosen, why, and beside what. */
export function reasonOf(protocol: Protocol, why: string, expected: readonly Expectation[]): string {
  const own = expected.find((entry) => entry.protocol === protocol)?.seconds ?? null;
  const rival = expected
    .filter((entry) => entry.protocol !== protocol && entry.seconds !== null)
    .toSorted((a, b) => (a.seconds ?? 0) - (b.seconds ?? 0))[0];
  const figures =
    own === null
      ? ''
      : `, expected ${secondsText(own)}${rival === undefined ? '' : ` against ${secondsText(rival.seconds ?? 0)} (${protocolNames[rival.protocol]})`}`;
  return `${protocolNames[protocol]}: ${why}${figures}`;
}

/** What of the conditions is worth saying, the unusual first: "UDP blocked, loss 2 %, round trip 200 ms". */
export function conditionsText(conditions: LinkConditions): string {
  const { udp, lossRatio, rttMs, bandwidthBytesPerS, payloadBytes } = conditions;
  const parts = [
    udp === 'blocked' ? 'UDP blocked' : null,
    lossRatio === null || lossRatio < 0.0005 ? null : `loss ${percentText(lossRatio)}`,
    rttMs === null ? null : `round trip ${rttMs < 1 ? 'under 1' : digits(rttMs)} ms`,
    bandwidthBytesPerS === null ? null : `${bytesText(bandwidthBytesPerS)}/s`,
    `model of ${bytesText(payloadBytes)}`,
  ];
  return parts.filter((part) => part !== null).join(', ');
}

export function secondsText(seconds: number): string {
  if (seconds < 0.001) return 'under 1 ms';
  if (seconds < 0.1) return `${digits(seconds * 1000)} ms`;
  return seconds < 10 ? `${seconds.toFixed(1)} s` : `${digits(seconds)} s`;
}

export function percentText(share: number): string {
  return `${digits(share * 100)} %`;
}

export function bytesText(bytes: number): string {
  if (bytes >= 1e6) return `${digits(bytes / 1e6)} MB`;
  return bytes >= 1e3 ? `${digits(bytes / 1e3)} KB` : `${Math.round(bytes)} B`;
}

/** Two figures that mean something: 0.52, 4.1, 37, 412. */
function digits(value: number): string {
  if (value >= 10) return value.toFixed(0);
  return value >= 1 ? value.toFixed(1).replace(/\.0$/, '') : value.toPrecision(2).replace(/\.?0+$/, '');
}
