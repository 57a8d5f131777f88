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

/** The broker is not there. That the coordinator is not, which a broker says that is there, is another matter. */
export class BrokerAbsent extends RoundscopeError {}

/** There is no connection to a broker; `refused`: nobody listens there. `speaks`: the protocol, and its versions. */
export function noConnection(
  url: string,
  error: unknown,
  about: { readonly refused: boolean; readonly said: string; readonly protocol: string; readonly speaks: string },
): RoundscopeError {
  const { refused, said, protocol, speaks } = about;
  const details = { layer: 'transport', retryable: true, cause: error, context: { url } } as const;
  if (refused) {
    const message = `nobody listens at ${url}: is the coordinator or broker running, and are host and port right?`;
    return new BrokerAbsent('connect_refused', { ...details, message });
  }
  const message = `no ${protocol} connection to ${url}: ${said}; check the address and whether it speaks ${speaks}`;
  return new RoundscopeError('connect_failed', { ...details, message });
}
