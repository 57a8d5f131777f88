import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import { selfSigned } from './certificate.ts';
import { createIdentityCertificate, readIdentityCertificate } from './identity-certificate.ts';
import { createIdentity } from './identity.ts';

const nowMs = Date.UTC(2031, 4, 5);
const identity = createIdentity();

function derOf(pem: string): Buffer {
  return new X509Certificate(pem).raw;
}

describe('identity certificate', () => {
  test('names the identity that made it, each time with another key', () => {
    const made = createIdentityCertificate(identity, { nowMs });
    const again = createIdentityCertificate(identity, { nowMs });
    assert.notEqual(again.hash, made.hash);
    for (const { certificatePem } of [made, again])
      assert.deepEqual(readIdentityCertificate(derOf(certificatePem), nowMs), { ok: true, value: identity.peerId });
  });

  test('one without an identity, or of another authority, names nobody', () => {
    const read = readIdentityCertificate(
      derOf(
        selfSigned({ commonName: 'x', notBeforeMs: 0, notAfterMs: 2 * nowMs, extension: () => new Uint8Array(0) })
          .certificatePem,
      ),
      nowMs,
    );
    assert.equal(read.ok ? '' : read.error.kind, 'foreign');
  });

  test('one that is over, or not begun, is told from a foreign one', () => {
    const der = derOf(createIdentityCertificate(identity, { nowMs, validForMs: 60_000 }).certificatePem);
    assert.ok(readIdentityCertificate(der, nowMs + 59_000).ok);
    for (const laterMs of [nowMs + 61_000, nowMs - 2 * 24 * 3_600_000]) {
      const read = readIdentityCertificate(der, laterMs);
      assert.equal(read.ok ? '' : read.error.kind, 'expired');
    }
  });

  test('a single changed bit, anywhere, makes it name nobody', () => {
    const der = derOf(createIdentityCertificate(identity, { nowMs }).certificatePem);
    for (let at = 0; at < der.byteLength; at++) {
      const changed = Buffer.from(der);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const read = readIdentityCertificate(changed, nowMs);
      assert.equal(read.ok, false, `byte ${at} of ${der.byteLength}`);
    }
  });

  test('an extension copied into a certificate of another key names nobody', () => {
    const der = derOf(createIdentityCertificate(identity, { nowMs }).certificatePem);
    const other = derOf(createIdentityCertificate(createIdentity(), { nowMs }).certificatePem);
    const at = der.indexOf(Buffer.from([0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xa2, 0x5a]));
    const there = other.indexOf(Buffer.from([0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xa2, 0x5a]));
    assert.ok(at > 0 && there > 0);
    const copied = Buffer.concat([other.subarray(0, there), der.subarray(at, at + 120), other.subarray(there + 120)]);
    assert.equal(readIdentityCertificate(copied, nowMs).ok, false);
  });
});
