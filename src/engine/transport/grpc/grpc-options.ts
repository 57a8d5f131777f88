import type { SecureServerOptions } from 'node:http2';
import type { ChannelOptions } from '@grpc/grpc-js';
import { limits, timing } from '#shared/contract/limits.ts';

const MiB = 1024 * 1024;

/** Times that tests shorten; the product uses the contract's. */
export interface GrpcOptions {
  readonly connectTimeoutMs: number;
  readonly keepAliveMs: number;
  /** Silence after a ping at which the connection counts as lost. */
  readonly keepAliveTimeoutMs: number;
  readonly closeTimeoutMs: number;
  /** Time for a participant to open a download that it was offered. */
  readonly offerTimeoutMs: number;
  /** Time for a connection to make its first call (slow-loris). */
  readonly helloTimeoutMs: number;
}

export const grpcDefaults: GrpcOptions = {
  connectTimeoutMs: timing.connectTimeoutMs,
  keepAliveMs: timing.keepAliveMs,
  // Pings queue behind data: on a saturated slow link a short time ends sessions that live.
  keepAliveTimeoutMs: timing.idleTimeoutMs - timing.keepAliveMs,
  closeTimeoutMs: timing.closeTimeoutMs,
  offerTimeoutMs: timing.sendTimeoutMs,
  helloTimeoutMs: limits.helloTimeoutMs,
};

/** HTTP/2 window of a call and of a connection: a few chunks in flight, 100 MB/s at 40 ms of round trip. */
const windowBytes = 4 * MiB;
export const connectionWindowBytes = windowBytes;
/** A largest frame with its field around it. */
const messageBytesMax = limits.frameBytesMax + 64;
/** Calls that one connection may have open; one connection may carry several sessions behind a proxy. */
const callsPerConnectionMax = 1024;

function common({ keepAliveMs, keepAliveTimeoutMs }: GrpcOptions): ChannelOptions {
  return {
    'grpc.keepalive_time_ms': keepAliveMs,
    'grpc.keepalive_timeout_ms': keepAliveTimeoutMs,
    'grpc.keepalive_permit_without_calls': 1,
    'grpc.max_receive_message_length': messageBytesMax,
    'grpc.max_send_message_length': messageBytesMax,
    'grpc-node.flow_control_window': windowBytes,
    // Books about every message that nothing of ours reads.
    'grpc.enable_channelz': 0,
  };
}

export function serverOptions(options: GrpcOptions): ChannelOptions {
  return {
    ...common(options),
    'grpc.max_concurrent_streams': callsPerConnectionMax,
    'grpc.max_connection_idle_ms': options.helloTimeoutMs,
  };
}

/** @param at as people write it, `host:port`; what a proxy routes by */
export function channelOptions(options: GrpcOptions, at: { readonly authority: string }): ChannelOptions {
  return {
    ...common(options),
    'grpc.default_authority': at.authority,
    // The link dials again by itself, and the library would keep a copy of every message in order to repeat it.
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
    // One connection per session, which ends with it.
    'grpc.use_local_subchannel_pool': 1,
    // `proxy.ts` says when one is used: never to this machine, whatever the environment says.
    'grpc.enable_http_proxy': 0,
  };
}

/** What the server's options cannot say, by way of its credentials: HTTP/2's window for uploads, time for a handshake. */
export const secureServerOptions: SecureServerOptions = {
  handshakeTimeout: limits.helloTimeoutMs,
  settings: { initialWindowSize: windowBytes, maxConcurrentStreams: callsPerConnectionMax },
};
