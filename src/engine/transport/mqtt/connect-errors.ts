import { RoundscopeError } from '#shared/base/errors.ts';
import { timing } from '#shared/contract/limits.ts';

/** Why there is no connection to a broker, by what socket or broker said. */
export function connectError(url: string, error: Error & { readonly code?: unknown }): RoundscopeError {
  if (typeof error.code === 'number') return brokerRefused(url, error.message, error);
  const code = typeof error.code === 'string' ? error.code : '';
  if (code === 'ETIMEDOUT' || error.message === 'connack timeout')
    return connectTimeout(url, error.message, timing.connectTimeoutMs);
  const refused = code === 'ECONNREFUSED';
  return new RoundscopeError(refused ? 'connect_refused' : 'connect_failed', {
    layer: 'transport',
    message: refused
      ? `nobody listens at ${url}: is the coordinator or broker running, and are host and port right?`
      : `no MQTT connection to ${url}: ${error.message || code}; check the address and whether it speaks MQTT 5 or 3.1.1`,
    retryable: true,
    cause: error,
    context: { url },
  });
}

export function connectTimeout(url: string, what: string, timeoutMs: number): RoundscopeError {
  return new RoundscopeError('connect_timeout', {
    layer: 'transport',
    message: `${what} at ${url} within ${(timeoutMs / 1000).toFixed(1)} s: check host, port and firewall, and that the run is being served`,
    retryable: true,
    context: { url },
  });
}

/** Refusals that pass: server unavailable (MQTT 3.1.1), unavailable, busy, shutting down, quota and rate exceeded (MQTT 5). */
const passing: readonly unknown[] = [3, 136, 137, 139, 151, 159];

export function brokerRefused(url: string, why: string, cause?: unknown): RoundscopeError {
  const code: unknown = Reflect.get(cause ?? {}, 'code');
  return new RoundscopeError('broker_refused', {
    layer: 'transport',
    message: `the broker at ${url} refused: ${why}; check the invitation, or user, password and access rules of the broker`,
    retryable: passing.includes(code),
    ...(cause === undefined ? {} : { cause }),
    context: { url, ...(typeof code === 'number' ? { reasonCode: code } : {}) },
  });
}

/** An address for people and logs, without user and password. */
export function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//');
}
