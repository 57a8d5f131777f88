import { createPublicKey, verify, X509Certificate } from 'node:crypto';
import { err, ok, type Result } from '#shared/base/result.ts';
import { selfSigned, type Certificate } from './certificate.ts';
import { octetString, oid, sequence } from './der.ts';
import { readDer, readOne } from './der-reader.ts';
import { signAs, type Identity } from './identity.ts';
import { peerIdOf, privateKeyOf, publicKeyOf, publicKeyProtobuf } from './peer-id.ts';

/**
 * Certificates that say who shows them, the way libp2p does it: a throw-away P-256 key, which every TLS library takes,
 * and in an extension the identity's Ed25519 key with its signature over that key. QUIC's `quinn` does the same, so an
 * identity is the same name on each transport that has TLS, and outlives the certificate.
 * @see https://github.com/libp2p/specs/blob/master/tls/tls.md
 */
const extensionId = '1.3.6.1.4.1.53594.1.1';
const signedPrefix = Buffer.from('libp2p-tls-handshake:', 'ascii');

const dayMs = 24 * 3_600_000;
/** Made again with every process, so the end is only for those that were copied; a slow clock costs nobody the run. */
const validBeforeMs = dayMs;
const validAfterMs = 365 * dayMs;
/** A larger one is not read. */
const certificateBytesMax = 8 * 1024;

const sequenceTag = 0x30;
const oidTag = 0x06;
const octetStringTag = 0x04;
const extensionsTag = 0xa3;

/**
 * Decision 0043.
 * @param options.validForMs other than a year, for tests
 */
export function createIdentityCertificate(
  identity: Identity,
  options: { readonly nowMs: number; readonly validForMs?: number },
): Certificate {
  return selfSigned({
    commonName: 'Roundscope',
    notBeforeMs: options.nowMs - validBeforeMs,
    notAfterMs: options.nowMs + (options.validForMs ?? validAfterMs),
    extension: (spki) => {
      const key = publicKeyProtobuf(createPublicKey(privateKeyOf(identity.privateKeyProtobuf)));
      const signature = signAs(identity, Buffer.concat([signedPrefix, spki]));
      return sequence(oid(extensionId), octetString(sequence(octetString(key), octetString(signature))));
    },
  });
}

/** Why a certificate proves nothing: it is of another kind, or right but out of its time. */
export interface CertificateFault {
  readonly kind: 'foreign' | 'expired';
  readonly reason: string;
}

/** Whose certificate it is: a peer id, proved. TLS itself has proved that who shows it has its key. */
export function readIdentityCertificate(der: Uint8Array, nowMs: number): Result<string, CertificateFault> {
  if (der.byteLength > certificateBytesMax) return foreign(`it is ${der.byteLength} bytes long`);
  const signed = identityIn(der);
  if (signed === null) return foreign('it names no identity');
  const key = publicKeyOf(signed.key);
  const shown = openCertificate(der);
  if (shown === null) return foreign('it cannot be read');
  if (key === null || !verify(null, Buffer.concat([signedPrefix, shown.spki]), key, signed.signature))
    return foreign('the signature of its identity is wrong');
  if (!shown.selfSigned) return foreign('it is not signed by itself');
  const { fromMs, toMs } = shown;
  if (nowMs >= fromMs && nowMs <= toMs) return ok(peerIdOf(key));
  const [from, to, now] = [fromMs, toMs, nowMs].map((ms) => new Date(ms).toISOString());
  return err({
    kind: 'expired',
    reason: `its certificate is good from ${from} to ${to}, and this machine's clock says ${now}`,
  });
}

/** What OpenSSL makes of it; it checks a key only when that is asked for. */
function openCertificate(der: Uint8Array): {
  readonly spki: Uint8Array;
  readonly selfSigned: boolean;
  readonly fromMs: number;
  readonly toMs: number;
} | null {
  try {
    const certificate = new X509Certificate(der);
    const { publicKey, validFromDate, validToDate } = certificate;
    return {
      spki: publicKey.export({ type: 'spki', format: 'der' }),
      selfSigned: certificate.verify(publicKey),
      fromMs: validFromDate.getTime(),
      toMs: validToDate.getTime(),
    };
  } catch {
    // Not a certificate, or one with a key that is none.
    return null;
  }
}

function identityIn(der: Uint8Array): { readonly key: Uint8Array; readonly signature: Uint8Array } | null {
  const [body] = readDer(readOne(der, sequenceTag) ?? new Uint8Array(0)) ?? [];
  const fields = body?.tag === sequenceTag ? readDer(body.content) : null;
  const extensions = fields?.find(({ tag }) => tag === extensionsTag)?.content;
  const list = extensions === undefined ? null : readOne(extensions, sequenceTag);
  const wanted = oid(extensionId);
  for (const extension of (list === null ? null : readDer(list)) ?? []) {
    const parts = readDer(extension.content);
    const [name, ...rest] = parts ?? [];
    if (name?.tag !== oidTag || !Buffer.from(name.content).equals(wanted.subarray(2))) continue;
    const value = rest.at(-1);
    const pair = value?.tag === octetStringTag ? readOne(value.content, sequenceTag) : null;
    const [key, signature] = (pair === null ? null : readDer(pair)) ?? [];
    if (key?.tag !== octetStringTag || signature?.tag !== octetStringTag) return null;
    return { key: key.content, signature: signature.content };
  }
  return null;
}

function foreign(reason: string): Result<never, CertificateFault> {
  return err({ kind: 'foreign', reason });
}
