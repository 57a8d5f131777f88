import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCipheriv, createHash, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { privateKeyFromProtobuf } from '@libp2p/crypto/keys';
import { createIdentityCertificate } from './identity-certificate.ts';
import { createIdentity, loadIdentity } from './identity.ts';
import { participantKeyPath, participantSealingKey } from './participant-key.ts';
import { fingerprintOfPeer } from './peer-id.ts';
import { fileKey, seal, unseal } from './sealing.ts';

async function folder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'roundscope-identity-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

describe('identity', () => {
  test('key and peer id are what libp2p reads in them', () => {
    const identity = createIdentity();
    const key = privateKeyFromProtobuf(identity.privateKeyProtobuf);
    assert.equal(key.type, 'Ed25519');
    assert.equal(key.publicKey.toString(), identity.peerId);
    assert.match(identity.peerId, /^12D3KooW/);
    assert.match(identity.fingerprint, /^[0-9a-f]{64}$/);
    assert.notEqual(createIdentity().peerId, identity.peerId);
    assert.equal(fingerprintOfPeer(identity.peerId), identity.fingerprint);
    const { peerId } = identity;
    for (const other of [
      '',
      '1',
      peerId.slice(1),
      `${peerId}1`,
      peerId.replace('12D', 'Qm'),
      '0'.repeat(52),
      '2'.repeat(1e6),
    ])
      assert.equal(fingerprintOfPeer(other), null, other.slice(0, 60));
  });

  test('is made on first use, kept for its owner alone, and the same ever after', async () => {
    await using place = await folder();
    const path = join(place.path, 'keys', 'identity.pem');
    const both = await Promise.all([loadIdentity(path), loadIdentity(path)]);
    assert.equal(both[0].peerId, both[1].peerId, 'two processes that start at once agree');
    assert.equal((await loadIdentity(path)).fingerprint, both[0].fingerprint);
    if (process.platform !== 'win32') assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  test('a file that others can read is fixed, and it is said', { skip: process.platform === 'win32' }, async () => {
    await using place = await folder();
    const path = join(place.path, 'identity.pem');
    const { peerId } = await loadIdentity(path);
    const notices: string[] = [];
    const store = { onNotice: (text: string) => notices.push(text) };
    await loadIdentity(path, store);
    assert.deepEqual(notices, []);
    await chmod(path, 0o644);
    assert.equal((await loadIdentity(path, store)).peerId, peerId);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.match(notices.join(), /could be read by other users of this machine \(mode 644\)/);
  });

  test('where the system keeps a secret for the app, the key is sealed with it', async () => {
    await using place = await folder();
    const path = join(place.path, 'keys', 'identity.pem');
    const sealingKey = 'ab'.repeat(32);
    const both = await Promise.all([loadIdentity(path, { sealingKey }), loadIdentity(path, { sealingKey })]);
    assert.equal(both[0].peerId, both[1].peerId, 'two processes that start at once agree');
    assert.equal((await loadIdentity(path, { sealingKey })).peerId, both[0].peerId);
    assert.deepEqual(await readdir(join(place.path, 'keys')), ['identity.sealed']);
    const sealed = await readFile(join(place.path, 'keys', 'identity.sealed'), 'utf8');
    assert.doesNotMatch(sealed, /PRIVATE KEY/);
    assert.doesNotMatch(Buffer.from(sealed.split('\n')[1] ?? '', 'base64').toString('latin1'), /PRIVATE KEY/);
    await assert.rejects(loadIdentity(path, { sealingKey: 'cd'.repeat(32) }), (error: Error) => {
      assert.match(error.message, /was sealed by another user or system/);
      assert.doesNotMatch(error.message, /abab|cdcd/);
      return true;
    });
    assert.equal(await readFile(join(place.path, 'keys', 'identity.sealed'), 'utf8'), sealed, 'left as it was');
    // Without the secret, as on the command line, an identity of its own.
    assert.notEqual((await loadIdentity(path)).peerId, both[0].peerId);
  });

  test("a seal is one file's: another key, another name and a changed byte open nothing", () => {
    const secret = 'ab'.repeat(32);
    const mine = { key: fileKey(secret, 'a.sealed'), name: 'a.sealed' };
    const other = { key: fileKey(secret, 'b.sealed'), name: 'b.sealed' };
    assert.notEqual(mine.key, other.key);
    const sealed = seal('text', mine);
    assert.equal(unseal(sealed, mine), 'text');
    assert.equal(unseal(sealed, other), null);
    assert.equal(unseal(sealed, { ...mine, name: 'b.sealed' }), null, 'the name is authenticated');
    assert.equal(unseal(sealed, { ...mine, key: secret }), null, 'the secret itself opens nothing');
    assert.equal(unseal(sealed.replace(/.{6}\n$/, 'AAAAA=\n'), mine), null);
  });

  test('two sealed files that were exchanged are refused by name', async () => {
    await using place = await folder();
    const secret = 'ab'.repeat(32);
    const keyOf = (name: string): Promise<string> => participantSealingKey(place.path, name, secret);
    for (const name of ['lab-1', 'lab-2'])
      await loadIdentity(participantKeyPath(place.path, name), { sealingKey: await keyOf(name) });
    const [one, two] = ['lab-1', 'lab-2'].map((name) => join(place.path, `participant-${name}-key.sealed`));
    await writeFile(one as string, await readFile(two as string));
    const exchanged = loadIdentity(participantKeyPath(place.path, 'lab-1'), { sealingKey: await keyOf('lab-1') });
    await assert.rejects(exchanged, /participant-lab-1-key.sealed was sealed by another user or system/);
  });

  test('what an earlier version sealed is the same identity, and is sealed again', async () => {
    await using place = await folder();
    const secret = 'ab'.repeat(32);
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', Buffer.from(secret, 'hex'), iv);
    const bytes = Buffer.concat([cipher.update(pem, 'utf8'), cipher.final()]);
    const old = `roundscope sealed 1\n${Buffer.concat([iv, cipher.getAuthTag(), bytes]).toString('base64')}\n`;
    const path = join(place.path, 'participant-lab-1-key.sealed');
    await writeFile(path, old);
    await participantSealingKey(place.path, 'lab-1', 'cd'.repeat(32));
    assert.equal(await readFile(path, 'utf8'), old, 'by another secret: left as it was');
    const sealingKey = await participantSealingKey(place.path, 'lab-1', secret);
    const { peerId } = await loadIdentity(participantKeyPath(place.path, 'lab-1'), { sealingKey });
    assert.match(await readFile(path, 'utf8'), /^roundscope sealed 2\n/);
    if (process.platform !== 'win32') assert.equal((await stat(path)).mode & 0o777, 0o600);
    await writeFile(join(place.path, 'plain.pem'), pem, { mode: 0o600 });
    assert.equal((await loadIdentity(join(place.path, 'plain.pem'))).peerId, peerId);
    assert.deepEqual((await readdir(place.path)).toSorted(), ['participant-lab-1-key.sealed', 'plain.pem']);
  });

  test('a plain key is sealed once that can be done, and is the same', async () => {
    await using place = await folder();
    const path = join(place.path, 'identity.pem');
    const { peerId } = await loadIdentity(path);
    const sealingKey = 'ab'.repeat(32);
    assert.equal((await loadIdentity(path, { sealingKey })).peerId, peerId);
    assert.deepEqual(await readdir(place.path), ['identity.sealed']);
    assert.equal((await loadIdentity(path, { sealingKey })).peerId, peerId);
  });

  test('a file that holds something else is refused and left alone', async () => {
    await using place = await folder();
    const path = join(place.path, 'identity.pem');
    await writeFile(path, 'not a key');
    await assert.rejects(loadIdentity(path), { code: 'settings_invalid' });
    assert.equal(await readFile(path, 'utf8'), 'not a key');
    await assert.rejects(loadIdentity(join(path, 'below-a-file')), { code: 'path_unwritable' });
  });
});

describe('certificate', () => {
  test('is one that X.509 readers accept: self-signed, P-256, as long as it should be', () => {
    const identity = createIdentity();
    const validForMs = 12 * 24 * 3_600_000;
    const nowMs = Date.UTC(2031, 1, 28, 23, 59, 59);
    const made = createIdentityCertificate(identity, { nowMs, validForMs });
    const certificate = new X509Certificate(made.certificatePem);
    assert.ok(certificate.verify(certificate.publicKey));
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
    assert.equal(createHash('sha256').update(certificate.raw).digest('hex'), made.hash);
    assert.equal(certificate.validToDate.getTime(), made.notAfterMs);
    assert.ok(certificate.validFromDate.getTime() < nowMs);
    assert.ok(made.notAfterMs - certificate.validFromDate.getTime() < 14 * 24 * 3_600_000);
    assert.equal(certificate.subjectAltName, 'DNS:localhost, IP Address:127.0.0.1');
    assert.notEqual(createIdentityCertificate(identity, { nowMs, validForMs }).hash, made.hash);
  });
});
