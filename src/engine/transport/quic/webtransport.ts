import { RoundscopeError } from '#shared/base/errors.ts';
import type { Clock } from '#shared/base/clock.ts';
import type { Identity } from '../../identity/identity.ts';
import type { QuicOptions } from './quic-options.ts';
import type { QuicListener, QuicProvider, QuicSession } from './quic-session.ts';

export class WebTransportProvider implements QuicProvider {
  readonly name = 'webtransport';
  constructor(_options: { readonly identity: Identity; readonly clock: Clock; readonly quic: QuicOptions }) {}
  load(): Promise<never> {
    return Promise.reject(
      new RoundscopeError('transport_unavailable', { layer: 'transport', message: 'not built yet' }),
    );
  }
  dial(): Promise<QuicSession> {
    return this.load();
  }
  listen(): Promise<QuicListener> {
    return this.load();
  }
}
