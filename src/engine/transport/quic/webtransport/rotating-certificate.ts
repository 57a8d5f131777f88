import type { Clock } from '#shared/base/time/clock.ts';
import type { Certificate } from '#engine/identity/certificate.ts';
import { createIdentityCertificate } from '#engine/identity/identity-certificate.ts';
import type { Identity } from '#engine/identity/identity.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** With the day before now that a certificate is good for: below the 14 days that WebTransport admits. */
const goodForMs = 12 * dayMs;
/** Half of it, so that dialers with a wrong clock still find one that is good. */
const renewAfterMs = goodForMs / 2;

/**
 * The certificate of a WebTransport listener: the identity's, and made again in time. Looked at by the hour and by the
 * wall clock, since a machine that slept or whose clock was set has no use for a timer of six days. Decision 0012.
 */
export class RotatingCertificate implements Disposable {
  readonly #identity: Identity;
  readonly #clock: Clock;
  readonly #onRenewed: (certificate: Certificate) => void;
  #madeMs = 0;
  #check: Disposable | null = null;

  constructor(parts: {
    readonly identity: Identity;
    readonly clock: Clock;
    readonly onRenewed: (certificate: Certificate) => void;
  }) {
    this.#identity = parts.identity;
    this.#clock = parts.clock;
    this.#onRenewed = parts.onRenewed;
  }

  /** The first one; from now on it is renewed until it is disposed. */
  begin(): Certificate {
    this.#checkLater();
    return this.#make();
  }

  [Symbol.dispose](): void {
    this.#check?.[Symbol.dispose]();
  }

  #make(): Certificate {
    this.#madeMs = this.#clock.wallMs();
    return createIdentityCertificate(this.#identity, { nowMs: this.#madeMs, validForMs: goodForMs });
  }

  #checkLater(): void {
    this.#check = this.#clock.timer(hourMs, () => {
      this.#checkLater();
      // Either way: a clock that was set back would leave one that is not good yet.
      if (Math.abs(this.#clock.wallMs() - this.#madeMs) >= renewAfterMs) this.#onRenewed(this.#make());
    });
  }
}
