import { carrierOf, describeProtocol, ofProtocols, usualStack, type Protocol } from '#shared/contract/protocols.ts';
import type { LinkConditions } from '#shared/contract/run/selection.ts';
import type { ExpectedTraits } from '#shared/transports/descriptor.ts';

/**
 * How long a transfer will take over each protocol, in closed form from what is known of the network. Rough by nature: it
 * ranks protocols before anything was tried, and the bandit learns by how much it is wrong.
 *
 * - Loss and round trip bound a congestion window: Mathis et al. 1997 (CCR 27(3)) for the Reno region, RFC 9438 §5.1 for
 *   CUBIC, which kernels and quinn use; the larger of the two counts.
 * - TCP also waits for retransmission timeouts: the second term of Padhye et al. 1998 (SIGCOMM). QUIC probes instead of
 *   collapsing its window (RFC 9002 §6.2).
 * - Windows open from ten segments (RFC 6928), doubling each round trip: Cardwell et al. 2000 (INFOCOM).
 * - DDS has no congestion control: its writer sends at line rate and repairs by NACK, which loss hardly slows and which a
 *   narrow bottleneck turns into queue overflow and repeats.
 */
export interface ProtocolTraits extends Omit<ExpectedTraits, 'windowMB' | 'processingMB'> {
  /** Bytes on their way that the receiver's credit allows. */
  readonly windowBytes: number;
  /** What one core moves when the network is no limit, bytes a second. */
  readonly processingBytesPerS: number;
}

const MB = 1e6;

export const protocolTraits = ofProtocols(({ expected: { windowMB, processingMB, ...rest } }): ProtocolTraits => {
  return { ...rest, windowBytes: windowMB * MB, processingBytesPerS: processingMB * MB };
});

/** Payload of one Ethernet packet after IP, TCP and options. */
const segmentBytes = 1448;
const initialWindowBytes = 10 * segmentBytes;
/** Smallest retransmission timeout of Linux; RFC 6298 recommends a second. */
const timeoutFloorS = 0.2;
/** Cyclone's reader waits this long before it asks for what is missing (measured to be best, see the DDS transport). */
const nackDelayS = 0.01;
/** Below this, a burst at line rate overflows the usual buffer of a router and comes twice. */
const narrowBytesPerS = 4 * MB;
const overflowEfficiency = 0.4;

/**
 * What is assumed while nothing was measured: far paths are narrower and lose more, as in the scenarios of the reference
 * framework (20 ms each way go with 100 Mbit/s and 0.1 %, 200 ms with 0.4 Mbit/s and 2 %).
 */
const usualRttMs = 30;

function usualLoss(rttMs: number): number {
  return Math.min(0.02, Math.max(1e-4, rttMs / 20_000));
}

function usualBandwidth(rttMs: number): number {
  return (200 * MB) / Math.max(1, rttMs);
}

/** Seconds until the payload is acknowledged, a new connection included unless `connected`; null: cannot work at all. */
export function expectedSeconds(
  protocol: Protocol,
  conditions: LinkConditions,
  { connected }: { readonly connected: boolean },
): number | null {
  const facts = protocolTraits[protocol];
  const blocked = conditions.udp === 'blocked' && carrierOf(usualStack[protocol]) === 'UDP';
  if (blocked && !hasStackOverTcp(protocol)) return null;
  const kind = blocked ? 'tcp' : facts.congestion;
  const network = networkOf(conditions);
  const rate = Math.max(1, sustainedRate(facts, kind, network));
  const connect = connected
    ? 0
    : facts.connectSeconds + facts.handshakeRoundTrips * network.rttS + (blocked ? udpPatienceS : 0);
  const opening =
    kind === 'none' ? repairSeconds(conditions.payloadBytes, network) : openingSeconds(rate, conditions, network);
  return connect + network.rttS + opening + conditions.payloadBytes / rate;
}

/** QUIC falls back to WebTransport over TCP, after it has waited for the answer that does not come. */
function hasStackOverTcp(protocol: Protocol): boolean {
  return Object.values(describeProtocol(protocol).stacks).includes('TCP');
}

/** How long the QUIC transport waits before it takes UDP for blocked. */
const udpPatienceS = 2.5;

interface Network {
  readonly rttS: number;
  readonly loss: number;
  readonly bandwidth: number;
}

/** What a path must carry for a writer without congestion control to get this much through. */
export function bandwidthBehindBursts(rate: number): number {
  return rate < overflowEfficiency * narrowBytesPerS ? rate / overflowEfficiency : Math.max(rate, narrowBytesPerS);
}

function networkOf({ rttMs, lossRatio, bandwidthBytesPerS }: LinkConditions): Network {
  const rtt = rttMs ?? usualRttMs;
  return {
    rttS: Math.max(1e-4, rtt / 1000),
    loss: Math.min(0.5, lossRatio ?? usualLoss(rtt)),
    bandwidth: Math.max(1000, bandwidthBytesPerS ?? usualBandwidth(rtt)),
  };
}

function sustainedRate(facts: ProtocolTraits, kind: ProtocolTraits['congestion'], network: Network): number {
  const { rttS, loss, bandwidth } = network;
  const carried = Math.min(bandwidth, facts.windowBytes / rttS, facts.processingBytesPerS);
  if (kind === 'none') return carried * (1 - loss) * (bandwidth < narrowBytesPerS ? overflowEfficiency : 1);
  return Math.min(carried, lossLimitedRate(kind, network));
}

/** Bytes a second that a congestion window sustains at this loss. */
export function lossLimitedRate(kind: 'tcp' | 'quic', { rttS, loss }: Pick<Network, 'rttS' | 'loss'>): number {
  if (loss <= 0) return Number.POSITIVE_INFINITY;
  const reno = Math.sqrt(1.5 / loss);
  const cubic = 1.054 * (rttS / loss) ** 0.75;
  const secondsPerSegment = rttS / Math.max(1, reno, cubic);
  if (kind === 'quic') return segmentBytes / secondsPerSegment;
  const timeoutS = Math.max(timeoutFloorS, 2 * rttS);
  const timeouts = timeoutS * Math.min(1, 3 * Math.sqrt((3 * loss) / 8)) * loss * (1 + 32 * loss * loss);
  return segmentBytes / (secondsPerSegment + timeouts);
}

/** Time that the window takes to open, beyond what the bytes take at full rate. */
function openingSeconds(rate: number, { payloadBytes }: LinkConditions, { rttS }: Network): number {
  const full = Math.min(rate * rttS, payloadBytes);
  return full <= initialWindowBytes ? 0 : Math.log2(full / initialWindowBytes) * rttS;
}

/** Rounds of asking again until nothing is missing: each leaves the lost share of what it repaired. */
function repairSeconds(payloadBytes: number, { rttS, loss }: Network): number {
  if (loss <= 0) return 0;
  const missing = (payloadBytes / segmentBytes) * loss;
  const rounds = missing <= 0.5 ? missing : 1 + Math.log(missing + 1) / Math.log(1 / loss);
  return rounds * (rttS + nackDelayS);
}
