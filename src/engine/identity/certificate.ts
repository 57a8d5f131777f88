import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { RoundscopeError } from '#shared/base/errors.ts';
import { bitString, explicit, integer, octetString, oid, sequence, set, tagged, utcTime, utf8String } from './der.ts';

/** What one end of a TLS connection shows. Pinned by hash or by the identity in it, so no authority has to sign it. */
export interface Certificate {
  readonly certificatePem: string;
  /** Secret. */
  readonly privateKeyPem: string;
  /** SHA-256 of the DER, lower-case hex: what an invitation carries and a participant pins. */
  readonly hash: string;
  readonly notAfterMs: number;
}

const hourMs = 3_600_000;
/**
 * W3C WebTransport, "serverCertificateHashes": at most two weeks between begin and end. A day less, and an hour back for
 * clocks that are slow.
 */
const validBeforeMs = hourMs;
const validAfterMs = 13 * 24 * hourMs;

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));
const commonName = '2.5.4.3';
const subjectAltName = '2.5.29.17';

/** Self-signed ECDSA P-256 certificate (the only kind of key that `serverCertificateHashes` admits everywhere). */
export function createCertificate(options: { readonly nowMs: number }): Certificate {
  return selfSigned({
    commonName: 'Roundscope coordinator',
    notBeforeMs: options.nowMs - validBeforeMs,
    notAfterMs: options.nowMs + validAfterMs,
    extension: () => new Uint8Array(0),
  });
}

/** @param wanted.extension one more extension, of which the public key may be a part; empty: none */
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

/**
 * The certificate kept in `path`, readable by its owner alone; made there when there is none or the one there is about to
 * expire, which makes invitations to its endpoints void.
 * @throws RoundscopeError `path_unwritable`
 */
export async function loadCertificate(path: string, options: { readonly nowMs: number }): Promise<Certificate> {
  try {
    const found = readCertificate(await readFile(path, 'utf8').catch(() => ''));
    if (found !== null && found.notAfterMs > options.nowMs + hourMs) return found;
    const made = createCertificate(options);
    const draft = `${path}.draft`;
    await writeFile(draft, `${made.certificatePem}${made.privateKeyPem}`, { mode: 0o600 });
    await rename(draft, path);
    return made;
  } catch (error) {
    throw new RoundscopeError('path_unwritable', {
      layer: 'settings',
      message: `The certificate ${path} can be neither read nor created. Check who owns its folder.`,
      cause: error,
      context: { path },
    });
  }
}

/** Null: no certificate with its key, or a torn one; another is made then. */
function readCertificate(pem: string): Certificate | null {
  const end = '-----END CERTIFICATE-----\n';
  const cut = pem.indexOf(end) + end.length;
  if (cut < end.length) return null;
  const [certificatePem, privateKeyPem] = [pem.slice(0, cut), pem.slice(cut)];
  try {
    const certificate = new X509Certificate(certificatePem);
    if (!certificate.checkPrivateKey(createPrivateKey(privateKeyPem))) return null;
    const hash = createHash('sha256').update(certificate.raw).digest('hex');
    return { certificatePem, privateKeyPem, hash, notAfterMs: certificate.validToDate.getTime() };
  } catch {
    // Not what we wrote.
    return null;
  }
}
