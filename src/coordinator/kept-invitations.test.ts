import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { modelCodec } from '#engine/codec/model-codec.ts';
import { writeRunFile, type RunFile } from '#engine/durability/run-file.ts';
import { loadIdentity } from '#engine/identity/identity.ts';
import { decodeInvitation } from '#engine/identity/invitation.ts';
import { isPass } from '#engine/identity/pass.ts';
import { modelFor } from '#engine/trainer/model/default-models.ts';
import { asParticipantId, asRunId } from '#shared/contract/ids.ts';
import type { Invitation } from '#shared/contract/app/invitation.ts';
import { toyInitial } from '#test/simulation/toy-model.ts';
import { keptInvitations } from './kept-invitations.ts';
import { RunFolder } from './run-folder.ts';

const run = asRunId('r-kept');
const anna = asParticipantId('anna');
const url = 'mqtts://coordinator%40r-kept:coordinators-secret@broker.example.org';

describe('invitations out of a folder', () => {
  let path = '';
  let peerId = '';
  let folder: RunFolder;

  beforeEach(async () => {
    path = mkdtempSync(join(tmpdir(), 'roundscope-kept-'));
    ({ peerId } = await loadIdentity(join(path, 'coordinator-key.pem')));
    folder = new RunFolder(path);
    const bytes = modelCodec.encode(toyInitial(1));
    await folder.begin(modelCodec.hash(bytes), bytes);
    await keep({});
  });
  afterEach(() => {
    folder[Symbol.dispose]();
    rmSync(path, { recursive: true, force: true });
  });

  async function keep(change: Partial<RunFile>): Promise<void> {
    const settings = {
      ...{ name: 'faces', rounds: 3, minimumParticipants: 2, quorum: 1, localEpochs: 1, batchSize: 8, seed: 1 },
      ...{ learningRate: 0.1, optimizer: 'sgd' as const, weightCap: 3, normClip: 3 },
      ...{ trainingDeadlineMs: 60_000, evaluationDeadlineMs: 60_000, registrationDeadlineMs: 60_000 },
    } as const;
    const broker = { protocol: 'mqtt', provider: 'mqtt', host: 'broker.example.org', port: 8883 } as const;
    await writeRunFile(path, {
      version: 1,
      start: {
        type: 'start_coordinator',
        ...{ run, settings, transport: 'mqtt', control: 'same', host: '127.0.0.1', port: 0, data: 'digits' },
        broker: url,
      },
      settings,
      model: modelFor([1, 8, 8], 2),
      baselineAccuracy: 0.5,
      classes: ['a', 'b'],
      token: 'the-token-of-this-run',
      endpoints: [{ ...broker, identity: peerId, url }],
      ...change,
    });
  }

  async function invited(terms: { readonly until?: number; readonly broker?: string } = {}): Promise<Invitation> {
    const { invitations } = await keptInvitations(path);
    const decoded = decodeInvitation(invitations.for({ name: anna, ...terms }));
    assert.ok(decoded.ok);
    return decoded.value;
  }

  function everything(): Readonly<Record<string, string>> {
    const files = readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name));
    return Object.fromEntries(
      files.filter((file) => statSync(file).isFile()).map((file) => [file, readFileSync(file, 'base64')]),
    );
  }

  test('are signed by the coordinator for one name, and have its own user at the broker', async () => {
    const broker = 'mqtts://anna%40r-kept:annas-secret@broker.example.org';
    const { pass, token, endpoints, identity } = await invited({ until: 1_900_000_000_000, broker });
    assert.equal(token, 'the-token-of-this-run');
    assert.equal(identity, peerId);
    assert.deepEqual([pass?.name, pass?.until, pass?.generation], ['anna', 1_900_000_000_000, 0]);
    assert.ok(pass !== undefined && isPass(peerId, run, pass));
    assert.deepEqual(
      endpoints.map((endpoint) => endpoint.url),
      [broker],
    );
  });

  test("have never the coordinator's own user, and it is said that each has one", async () => {
    const kept = await keptInvitations(path);
    assert.ok(kept.ownUsers);
    assert.deepEqual(kept.brokers, ['mqtts://broker.example.org']);
    const { endpoints } = await invited();
    assert.doesNotMatch(JSON.stringify(endpoints), /coordinators-secret/);
    // One user for all is everybody's, as it was.
    const shared = 'mqtts://lab:shared@broker.example.org';
    await keep({ endpoints: [{ protocol: 'mqtt', provider: 'mqtt', host: 'b', port: 1, url: shared }] });
    assert.equal((await keptInvitations(path)).ownUsers, false);
    assert.equal((await invited()).endpoints[0]?.url, shared);
  });

  test('follow what was decided while the run goes on, and leave everything as it is', async () => {
    folder.journal({ kind: 'renewed', generation: 2 });
    folder.journal({ kind: 'expelled', id: asParticipantId('ben'), key: 'k', reason: 'too loud', drops: false });
    // Somebody writes just now.
    appendFileSync(join(path, 'journal'), '{"half":');
    const before = everything();
    const { invitations, keptOut } = await keptInvitations(path);
    assert.equal(invitations.generation, 2);
    assert.deepEqual([keptOut(anna), keptOut(asParticipantId('ben'))], [null, 'too loud']);
    assert.deepEqual(everything(), before);
  });

  test('are none where no run lies, its key or its journal is missing or damaged, or it is over', async () => {
    const journal = readFileSync(join(path, 'journal'));
    writeFileSync(join(path, 'journal'), `nothing of ours\n${journal.toString()}`);
    await assert.rejects(keptInvitations(path), { code: 'state_invalid', message: /journal is damaged in line 1/ });
    rmSync(join(path, 'journal'));
    await assert.rejects(keptInvitations(path), { code: 'state_invalid', message: /journal is missing/ });
    writeFileSync(join(path, 'journal'), journal);
    const outcome = { status: 'completed', reason: 'all rounds', roundsCompleted: 3, loss: 0, accuracy: 1 } as const;
    folder.journal({ kind: 'ended', outcome });
    await assert.rejects(keptInvitations(path), { code: 'not_now', message: /r-kept is over \(completed\)/ });
    writeFileSync(join(path, 'coordinator-key.pem'), 'no key');
    await assert.rejects(keptInvitations(path), { code: 'settings_invalid', message: /holds no Ed25519/ });
    rmSync(join(path, 'coordinator-key.pem'));
    await assert.rejects(keptInvitations(path), {
      code: 'state_invalid',
      message: /missing, so that nothing can be signed/,
    });
    assert.ok(!readdirSync(path).includes('coordinator-key.pem'), 'no new key is made');
    rmSync(join(path, 'run.json'));
    await assert.rejects(keptInvitations(path), { code: 'state_invalid', message: /run\.json is missing/ });
  });
});
