import { limits } from '#shared/contract/limits.ts';
import { formatAddress } from '../addresses.ts';

/** How a domain reaches its network. */
export interface DomainPlace {
  /** Number of the domain as others know it. */
  readonly domain: number;
  /** Address of the one interface that is used. */
  readonly address: string;
  /** Fixed for a coordinator (discovery there, data on the next port); null takes any free one. */
  readonly port: number | null;
  /** Whom to tell of us; they answer, so that one side's list is enough. */
  readonly peers: readonly { readonly host: string; readonly port: number }[];
  /** A relay makes the network worse than the address tells. */
  readonly impaired?: boolean;
  /** Of a thousand datagrams so many are lost on sending, below the protocol; for tests. */
  readonly lossPerMille?: number;
}

/** As large as UDP's datagrams, where nothing is lost on the way, or what fits into an Ethernet frame. */
export type DatagramSize = 'large' | 'ethernet';

/** Where in a domain's ports the specification puts participant 0's discovery: PB + DG x domain + d1. */
const domainGain = 250;
const discoveryOffset = 10;

/** Participants whose sign of life is missing for this long are gone, and their writers with them. */
const leaseMs = 5000;
const announceMs = 1000;

/**
 * Cyclone DDS's configuration. A writer's own limit (`WhcHigh`) lies above what credit lets a session have under way, so that
 * no write ever blocks the one thread which serves all sessions: as fast as with the limit at 8 MB, and control beside bulk
 * waits half as long (p99 62 to 120 ms against 180 to 200 ms on a machine with four processes a core). Unicast alone: multicast is what networks lack most, and the participants know where
 * their coordinator is. Its defaults lose and stall with samples of a megabyte (measured: 10 to 30 MB/s), hence the numbers.
 */
export function domainConfig(place: DomainPlace): string {
  const { domain, address, port, peers, impaired = false, lossPerMille = 0 } = place;
  const datagrams = datagramsFor(address, impaired);
  const sizes =
    datagrams === 'large'
      ? '<MaxMessageSize>65500B</MaxMessageSize><FragmentSize>63000B</FragmentSize>'
      : '<MaxMessageSize>1450B</MaxMessageSize><FragmentSize>1344B</FragmentSize>';
  const index = port === null ? 'none' : '0';
  const ports = port === null ? '' : `<Ports><Base>${port - domainGain * domain - discoveryOffset}</Base></Ports>`;
  const loss = lossPerMille > 0 ? `<Test><XmitLossiness>${lossPerMille}</XmitLossiness></Test>` : '';
  const list = peers.map((peer) => `<Peer Address="${formatAddress(peer.host, peer.port)}"/>`).join('');
  return `<CycloneDDS><Domain Id="any">
<General><Interfaces><NetworkInterface address="${address}" multicast="false"/></Interfaces>
<AllowMulticast>false</AllowMulticast>${sizes}</General>
<Discovery><ExternalDomainId>${domain}</ExternalDomainId><ParticipantIndex>${index}</ParticipantIndex>${ports}
<LeaseDuration>${leaseMs}ms</LeaseDuration><SPDPInterval>${announceMs}ms</SPDPInterval><Peers>${list}</Peers></Discovery>
<Internal><SocketReceiveBufferSize min="default" max="4MB"/><SocketSendBufferSize min="default" max="2MB"/>
<MaxSampleSize>8MB</MaxSampleSize>
<Watermarks><WhcHigh>32MB</WhcHigh><WhcAdaptive>false</WhcAdaptive></Watermarks><NackDelay>10ms</NackDelay>
<HeartbeatInterval min="5ms" minsched="10ms" max="1s">20ms</HeartbeatInterval>
<RetransmitMerging>never</RetransmitMerging><MaxQueuedRexmitBytes>8MB</MaxQueuedRexmitBytes>
<MaxQueuedRexmitMessages>10000</MaxQueuedRexmitMessages>${loss}</Internal>
<Tracing><Verbosity>none</Verbosity></Tracing>
</Domain></CycloneDDS>`;
}

/** On loopback nothing is lost, unless a relay there makes it a worse network. */
export function datagramsFor(address: string, impaired: boolean): DatagramSize {
  const onLoopback = address.startsWith('127.') || address === '::1';
  return onLoopback && !impaired ? 'large' : 'ethernet';
}

/** Body of one sample: one that is lost in part is repaired fragment by fragment, and must be whole before it is read. */
export function sampleBytesFor(datagrams: DatagramSize): number {
  return datagrams === 'large' ? limits.ddsSampleBytes : limits.ddsNetworkSampleBytes;
}
