import { RoundscopeError } from '#shared/base/errors.ts';
import { timing } from '#shared/contract/limits.ts';
import { connectTimeout, noConnection } from '../broker-errors.ts';

/** Why there is no connection to a broker, by what socket or broker said. */
export function connectError(url: string, error: Error & { readonly code?: unknown }): RoundscopeError {
  if (typeof error.code === 'number') return brokerRefused(url, error.message, error);
  const code = typeof error.code === 'string' ? error.code : '';
  if (code === 'ETIMEDOUT' || error.message === 'connack timeout')
    return connectTimeout(url, error.message, timing.connectTimeoutMs);
  const protocol = { protocol: 'MQTT', speaks: 'MQTT 5 or 3.1.1' };
  return noConnection(url, error, { refused: code === 'ECONNREFUSED', said: error.message || code, ...protocol });
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
