import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import {
  bitString,
  explicit,
  integer,
  octetString,
  oid,
  sequence,
  set,
  tagged,
  utcTime,
  utf8String,
} from '#engine/identity/der.ts';

export interface Signed {
  readonly cert: string;
  readonly key: string;
}

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));
const subjectAltName = '2.5.29.17';

/** Certificates for 127.0.0.1 that an authority has signed which nobody knows, as a laboratory's own does. */
export class OwnAuthority {
  readonly #key: KeyObject = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;

  sign(commonName: string, nowMs: number): Signed {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const hourMs = 3_600_000;
    const address = sequence(tagged(0x87, Uint8Array.of(127, 0, 0, 1)));
    const body = sequence(
      explicit(0, integer(Uint8Array.of(2))),
      integer(Buffer.concat([Uint8Array.of(0x4a), randomBytes(15)])),
      ecdsaWithSha256,
      nameOf('our own authority'),
      sequence(utcTime(nowMs - hourMs), utcTime(nowMs + hourMs)),
      nameOf(commonName),
      publicKey.export({ type: 'spki', format: 'der' }),
      explicit(3, sequence(sequence(oid(subjectAltName), octetString(address)))),
    );
    const der = sequence(body, ecdsaWithSha256, bitString(sign('sha256', body, this.#key)));
    const lines = Buffer.from(der)
      .toString('base64')
      .replace(/.{64}(?!$)/g, '$&\n');
    return {
      cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
  }
}

function nameOf(commonName: string): Uint8Array {
  return sequence(set(sequence(oid('2.5.4.3'), utf8String(commonName))));
}
