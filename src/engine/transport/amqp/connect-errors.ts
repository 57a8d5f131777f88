import { RoundscopeError } from '#shared/base/errors.ts';
import { timing } from '#shared/contract/limits.ts';
import { connectTimeout, noConnection } from '../broker-errors.ts';
import type { BrokerTrust } from './broker/broker-trust.ts';
import { authoritiesVariable } from './broker/environment.ts';

/** Errors of TLS that say that the broker is not who its address says, or that nobody we trust says so. */
const certificateFaults = /CERT|SELF_SIGNED|VERIFY_LEAF|UNABLE_TO_GET_ISSUER|ALTNAME/;

/** `url` is without secrets; `trust`: what its certificate was held against. */
export function connectError(url: string, error: unknown, trust: BrokerTrust['by'] = 'authorities'): RoundscopeError {
  const message = error instanceof Error ? error.message : String(error);
  const code = String(Reflect.get(error instanceof Error ? error : {}, 'code') ?? '');
  if (isFull(message)) return brokerFull(url, saidByBroker(message), error);
  if (/ACCESS.REFUSED|NOT.ALLOWED|\b403\b|\b530\b/.test(message))
    return brokerRefused(url, saidByBroker(message), error);
  // What an amqplib says that passes nothing on of what the broker said (`amqp-refusal.ts`).
  if (message.includes('got <ConnectionClose'))
    return brokerRefused(
      url,
      'it has no such virtual host, or not for this user, or all the connections that this user may have',
      error,
    );
  if (certificateFaults.test(code) && trust === 'certificate') return anotherCertificate(url, code, error);
  if (certificateFaults.test(code) && trust === 'invitation') return notTheNamed(url, code, error);
  if (certificateFaults.test(code)) {
    return new RoundscopeError('identity_mismatch', {
      layer: 'transport',
      message: `the broker at ${url} shows a certificate that does not hold (${code}): name the file of its certificate authority in ${authoritiesVariable}, or correct host name or certificate`,
      cause: error,
      context: { url },
    });
  }
  if (code === 'ETIMEDOUT' || message === 'connect ETIMEDOUT')
    return connectTimeout(url, 'the broker did not answer', timing.connectTimeoutMs);
  const protocol = { protocol: 'AMQP', speaks: 'AMQP 0-9-1' };
  return noConnection(url, error, { refused: code === 'ECONNREFUSED', said: message || code, ...protocol });
}

/** It was the coordinator's own a moment ago, or is ours. */
function anotherCertificate(url: string, code: string, cause: unknown): RoundscopeError {
  return new RoundscopeError('identity_mismatch', {
    layer: 'transport',
    message: `the broker at ${url} does not show the certificate of this run's coordinator (${code}): try again; if that does not help, another program answers at its port or in between`,
    cause,
    context: { url },
  });
}

/** It was a moment ago; one that is over does not hold either. */
function notTheNamed(url: string, code: string, cause: unknown): RoundscopeError {
  return new RoundscopeError('identity_mismatch', {
    layer: 'transport',
    message: `the broker at ${url} does not show the certificate that the invitation names, or that is not valid now (${code}): ask for a new invitation`,
    cause,
    context: { url },
  });
}

export function brokerRefused(url: string, why: string, cause?: unknown): RoundscopeError {
  return new RoundscopeError('broker_refused', {
    layer: 'transport',
    message: `the broker at ${url} refused: ${why}; check the invitation, or user, password, virtual host and access rules of the broker`,
    ...(cause === undefined ? {} : { cause }),
    context: { url },
  });
}

/**
 * A limit of connections, of this user, of the virtual host or of all, or a virtual host that is being started: RabbitMQ says
 * it with the code of what may not be at all, and in words of its own.
 */
function isFull(message: string): boolean {
  return /connection limit \(\d+\) is reached|vhost '.*' is down/.test(message);
}

/** It lets others go, and then us in. */
function brokerFull(url: string, said: string, cause: unknown): RoundscopeError {
  return new RoundscopeError('broker_refused', {
    layer: 'transport',
    message: `the broker at ${url} takes no connection for now: ${said}; it does when others have gone, or when its owner allows more`,
    retryable: true,
    cause,
    context: { url },
  });
}

/** What an operation on an open connection failed with; access and topology are the broker's refusals. */
export function operationError(url: string, error: unknown): RoundscopeError {
  if (error instanceof RoundscopeError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (/\b(403|404|405|406)\b/.test(message)) return brokerRefused(url, saidByBroker(message), error);
  return new RoundscopeError('connect_failed', {
    layer: 'transport',
    message: `the connection to the broker at ${url} ended while the session was being opened: ${message}; it is tried again`,
    retryable: true,
    cause: error,
    context: { url },
  });
}

/** What was asked for or published to is not there. */
export function isMissing(error: unknown): boolean {
  return /\b404\b|NOT.FOUND/.test(error instanceof Error ? error.message : String(error));
}

/** What waited for the broker waited in vain, because it keeps messages back. */
export function brokerBlocked(url: string, reason: string): RoundscopeError {
  return new RoundscopeError('broker_blocked', {
    layer: 'transport',
    message: `the broker at ${url} blocks publishers: ${reason}`,
    retryable: true,
    context: { url },
  });
}

/** The broker's own words out of amqplib's. */
export function saidByBroker(message: string): string {
  return /with message "([^"]*)"/.exec(message)?.[1] ?? message;
}
