import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { bitString, explicit, integer, octetString, oid, sequence, set, tagged, utcTime, utf8String } from './der.ts';

/** What one end of a TLS connection shows. Pinned by the identity in it, so no authority has to sign it. */
export interface Certificate {
  readonly certificatePem: string;
  /** Secret. */
  readonly privateKeyPem: string;
  /** SHA-256 of the DER, lower-case hex: what WebTransport pins. */
  readonly hash: string;
  readonly notAfterMs: number;
}

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));
const commonName = '2.5.4.3';
const subjectAltName = '2.5.29.17';

/**
 * Self-signed ECDSA P-256 certificate, the only kind of key that WebTransport's `serverCertificateHashes` admits everywhere.
 * @param wanted.extension one more extension, of which the public key may be a part; empty: none
 */
export function selfSigned(wanted: {
  readonly commonName: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly extension: (subjectPublicKeyInfo: Uint8Array) => Uint8Array;
}): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const { notAfterMs } = wanted;
  const name = sequence(set(sequence(oid(commonName), utf8String(wanted.commonName))));
  const alternatives = sequence(
    tagged(0x82, new TextEncoder().encode('localhost')),
    tagged(0x87, Uint8Array.of(127, 0, 0, 1)),
  );
  const body = sequence(
    explicit(0, integer(Uint8Array.of(2))),
    integer(serialNumber()),
    ecdsaWithSha256,
    name,
    sequence(utcTime(wanted.notBeforeMs), utcTime(notAfterMs)),
    name,
    spki,
    explicit(3, sequence(sequence(oid(subjectAltName), octetString(alternatives)), wanted.extension(spki))),
  );
  const der = sequence(body, ecdsaWithSha256, bitString(sign('sha256', body, privateKey)));
  const lines = Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?!$)/g, '$&\n');
  return {
    certificatePem: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    hash: createHash('sha256').update(der).digest('hex'),
    notAfterMs,
  };
}

/** 15 random bytes behind a fixed one: positive, and in the shortest form that DER asks for. */
function serialNumber(): Uint8Array {
  return Buffer.concat([Uint8Array.of(0x4a), randomBytes(15)]);
}
