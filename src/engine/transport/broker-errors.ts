import { RoundscopeError } from '#shared/base/errors.ts';

/** `what`: what did not happen in time, as a clause, such as `the broker did not answer`. */
export function connectTimeout(url: string, what: string, timeoutMs: number): RoundscopeError {
  return new RoundscopeError('connect_timeout', {
    layer: 'transport',
    message: `${what} at ${url} within ${(timeoutMs / 1000).toFixed(1)} s: check host, port and firewall, and that the run is being served`,
    retryable: true,
    context: { url },
  });
}

/** There is no connection to a broker; `refused`: nobody listens there. `speaks`: the protocol, and its versions. */
export function noConnection(
  url: string,
  error: unknown,
  about: { readonly refused: boolean; readonly said: string; readonly protocol: string; readonly speaks: string },
): RoundscopeError {
  const { refused, said, protocol, speaks } = about;
  return new RoundscopeError(refused ? 'connect_refused' : 'connect_failed', {
    layer: 'transport',
    message: refused
      ? `nobody listens at ${url}: is the coordinator or broker running, and are host and port right?`
      : `no ${protocol} connection to ${url}: ${said}; check the address and whether it speaks ${speaks}`,
    retryable: true,
    cause: error,
    context: { url },
  });
}
