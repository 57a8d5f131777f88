import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { selfSigned, type Certificate } from '#engine/identity/certificate.ts';

export interface BrokerCertificate {
  readonly certificate: Certificate;
  /** It is its own authority. */
  readonly file: string;
  readonly keyFile: string;
}

/** For a broker on this machine that shows a certificate which no authority has signed that all know; in `folder`. */
export function brokerCertificate(folder: string): BrokerCertificate {
  const nowMs = Date.now();
  const hourMs = 3_600_000;
  const certificate = selfSigned({
    commonName: 'a broker',
    notBeforeMs: nowMs - hourMs,
    notAfterMs: nowMs + hourMs,
    extension: () => new Uint8Array(0),
  });
  const [file, keyFile] = [join(folder, 'broker-certificate.pem'), join(folder, 'broker-key.pem')];
  writeFileSync(file, certificate.certificatePem);
  // Started by root, Mosquitto gives up its rights and reads the key as somebody else; it is for a test alone.
  chmodSync(folder, 0o755);
  writeFileSync(keyFile, certificate.privateKeyPem, { mode: 0o644 });
  return { certificate, file, keyFile };
}
