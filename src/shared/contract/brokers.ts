import { describeProtocol, namedProtocols, protocolNames, type NamedProtocol } from './protocols.ts';

/** What the address of a broker says by its scheme. */
export interface BrokerScheme {
  readonly protocol: NamedProtocol;
  readonly tls: boolean;
  /** Where brokers listen whose address names no port. */
  readonly port: number;
}

const schemes: ReadonlyMap<string, BrokerScheme> = new Map(
  namedProtocols.flatMap((protocol): (readonly [string, BrokerScheme])[] => {
    const { between } = describeProtocol(protocol);
    if (between.kind !== 'broker') return [];
    const { scheme, ports } = between;
    return [
      [`${scheme}:`, { protocol, tls: false, port: ports.clear }],
      [`${scheme}s:`, { protocol, tls: true, port: ports.tls }],
    ];
  }),
);

/** Null: no protocol of ours has brokers with such addresses. */
export function brokerAt({ protocol }: Pick<URL, 'protocol'>): BrokerScheme | null {
  return schemes.get(protocol) ?? null;
}

export function hasBroker(protocol: NamedProtocol): boolean {
  return describeProtocol(protocol).between.kind === 'broker';
}

/** "MQTT or AMQP". */
export const brokeredNames: string = namedProtocols
  .filter((protocol) => hasBroker(protocol))
  .map((protocol) => protocolNames[protocol])
  .join(' or ');
