import { X509Certificate } from 'node:crypto';
import { rootCertificates, type ConnectionOptions } from 'node:tls';

/** What a connection over TLS rests on. */
export type BrokerTrust =
  /** Exactly this certificate, whoever else may be called so. */
  | { readonly by: 'certificate'; readonly pem: string }
  /** The same of a broker elsewhere, whose certificate an authority may have signed; the invitation names it. */
  | { readonly by: 'invitation'; readonly pem: string }
  /** Authorities that vouch for the host: those that Node knows, and those in a file. */
  | { readonly by: 'authorities'; readonly ca?: string };

/** What amqplib hands to Node; either way the handshake fails before anything has been sent. */
export function tlsOptions(trust: BrokerTrust): TlsOptions {
  if (trust.by === 'certificate') return { ...pinnedTo(trust.pem), minVersion: 'TLSv1.3' };
  if (trust.by === 'invitation') return { ...pinnedTo(trust.pem), minVersion: 'TLSv1.2', allowPartialTrustChain: true };
  const { ca } = trust;
  return { minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }) };
}

type TlsOptions = Pick<ConnectionOptions, 'ca' | 'checkServerIdentity' | 'minVersion' | 'allowPartialTrustChain'>;

/** As the only authority that there is, it lets no other in but one that it has signed, so that is looked at too. Names in it say nothing. */
function pinnedTo(pem: string): TlsOptions {
  const { fingerprint256 } = new X509Certificate(pem);
  return {
    ca: [pem],
    checkServerIdentity: (_host, shown) =>
      shown.fingerprint256 === fingerprint256 ? undefined : new ForeignCertificate(),
  };
}

class ForeignCertificate extends Error {
  readonly code = 'CERT_FOREIGN';

  constructor() {
    super('the broker shows another certificate');
  }
}
