import { RoundscopeError } from '#shared/base/errors.ts';

/**
 * The native part of `@chainsafe/libp2p-quic` 2.1 (quinn 0.11), which its own types call `any`. Used directly because the
 * layer above it reads 4 KB at a time; with reads of 64 KB the same connection is several times faster.
 */
export interface QuinnNative {
  readonly QuinnConfig: new (options: QuinnOptions) => QuinnConfig;
  readonly Server: new (config: QuinnConfig, address: string, port: number) => QuinnServer;
  /** Family 0 is IPv4, 1 is IPv6. */
  readonly Client: new (config: QuinnConfig, family: 0 | 1) => QuinnClient;
}

/** Opaque. */
export type QuinnConfig = object;

/** Times in milliseconds, sizes in bytes. */
export interface QuinnOptions {
  readonly privateKeyProto: Uint8Array;
  readonly handshakeTimeout: number;
  readonly maxIdleTimeout: number;
  readonly keepAliveInterval: number;
  readonly maxConcurrentStreamLimit: number;
  readonly maxStreamData: number;
  readonly maxConnectionData: number;
  readonly receiveBufferSize: number;
  readonly sendBufferSize: number;
}

export interface QuinnServer {
  inboundConnection(): Promise<QuinnConnection>;
  port(): number;
  abort(): Promise<void>;
}

export interface QuinnClient {
  /** Takes an IP address, no name. Waits 30 s for an answer whatever the configuration says; `abort` makes it reject. */
  outboundConnection(address: string, port: number): Promise<QuinnConnection>;
  abort(): void;
}

export interface QuinnConnection {
  outboundStream(): Promise<QuinnStream>;
  inboundStream(): Promise<QuinnStream>;
  closed(): Promise<void>;
  /** Such as `/ip4/127.0.0.1/udp/47643/quic-v1/p2p/12D3KooW…`. */
  remoteMultiaddr(): string;
  /** Getters on the prototype, one per number. */
  stats(): object;
  /** Closes with code 0 and no reason; whatever has not been acknowledged is lost. */
  abort(): void;
}

export interface QuinnStream {
  id(): number | bigint;
  /** Null at the end of the stream, and also when the connection has ended. */
  read(maxBytes: number): Promise<Uint8Array | null>;
  write(bytes: Uint8Array): Promise<void>;
  finishWrite(): Promise<void>;
  resetWrite(): Promise<void>;
  stopRead(): Promise<void>;
}

let loading: Promise<QuinnNative> | undefined;

/** @throws RoundscopeError `transport_unavailable` with what to try */
export function loadQuinn(): Promise<QuinnNative> {
  loading ??= importNative();
  return loading;
}

async function importNative(): Promise<QuinnNative> {
  try {
    // Beside the package's entry, which would load the rest of libp2p with it.
    const address = new URL('./napi.js', import.meta.resolve('@chainsafe/libp2p-quic'));
    const native: unknown = await import(address.href);
    if (isQuinnNative(native)) return native;
    throw new TypeError('QuinnConfig, Server or Client is missing');
  } catch (error) {
    throw new RoundscopeError('transport_unavailable', {
      layer: 'transport',
      message: `QUIC (quinn) cannot be loaded on ${process.platform} ${process.arch}. Run npm install again without --omit=optional, or choose another transport.`,
      cause: error,
      context: { provider: 'quinn' },
    });
  }
}

function isQuinnNative(value: unknown): value is QuinnNative {
  const isClass = (name: string): boolean =>
    typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function';
  return ['QuinnConfig', 'Server', 'Client'].every(isClass);
}
