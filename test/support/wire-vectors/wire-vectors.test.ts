import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decodeMessageHeader } from '#engine/codec/message-codec.ts';
import { decodeSafetensors } from '#engine/codec/safetensors.ts';
import { decodeFrame, type DecodedFrame } from '#engine/framing/frame.ts';
import { decodeInvitation } from '#engine/identity/invitation.ts';
import { passSecret } from '#engine/identity/pass.ts';
import { isAnswer, checkHello } from '#engine/link/accept/hello-proof.ts';
import { decodeLinkFrame, linkFrameKinds, type LinkFrame } from '#engine/link/link-frames.ts';
import { withoutName } from '#engine/transport/credited/frame-name.ts';
import { decodeBulk, decodeControl, decodeDownload } from '#engine/transport/grpc/wire/messages.ts';
import { runOver } from '#engine/transport/last-word.ts';
import { checkCredentials, type Credentials } from '#engine/transport/mqtt/broker/auth.ts';
import { decodeStatus } from '#engine/transport/mqtt/status-message.ts';
import { decodeRecord } from '#engine/transport/quic/records.ts';
import { isAnswer as isSealedAnswer, requestProof } from '#engine/transport/sealed/handshake.ts';
import { decodeAnswer, decodeRequest } from '#engine/transport/sealed/handshake-message.ts';
import type { SealedLane } from '#engine/transport/sealed/piece-cover.ts';
import { Seal } from '#engine/transport/sealed/seal.ts';
import { messageKinds } from '#shared/contract/messages.ts';
import { facts, linkVectors, type FrameVector } from './link-vectors.ts';
import { coordinator, invitation, participant, run, token } from './parties.ts';
import { claim, sealedKeys, transportVectors } from './transport-vectors.ts';

/** What of a recording is read here; all of it is compared with what is made now. */
interface LinkRecording {
  readonly invitation: { readonly text: string };
  readonly frames: readonly FrameVector[];
  readonly messages: readonly FrameVector[];
  readonly transfer: { readonly payload: string; readonly sha256: string; readonly frames: readonly FrameVector[] };
}
interface TransportRecording {
  readonly carried: string;
  readonly lane: string;
  readonly quic: { readonly records: readonly { readonly record: object; readonly frame: string }[] };
  readonly sealed: {
    readonly request: string;
    readonly answer: string;
    readonly pieces: readonly {
      readonly lane: SealedLane;
      readonly header: object;
      readonly body: string;
      readonly sealed: string;
    }[];
  };
  readonly mqtt: { readonly credentials: Credentials; readonly online: string; readonly ended: string };
  readonly grpc: {
    readonly control: { readonly frames: string; readonly offer: string; readonly close: string };
    readonly bulk: { readonly lane: string; readonly frames: string };
    readonly download: string;
  };
}

function recorded(name: string): unknown {
  return JSON.parse(readFileSync(fileURLToPath(new URL(`../../fixtures/wire/${name}.json`, import.meta.url)), 'utf8'));
}

const link = recorded('link') as LinkRecording;
const transports = recorded('transports') as TransportRecording;

/** As JSON says it: without what is undefined. */
function plain(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

function opened({ frame }: Pick<FrameVector, 'frame'>): DecodedFrame & { readonly link: LinkFrame } {
  const decoded = decodeFrame([bytes(frame)]);
  assert.ok(decoded.ok);
  const read = decodeLinkFrame(decoded.value.header);
  assert.ok(read.ok && read.value !== null);
  return { ...decoded.value, link: read.value };
}

const changed = 'the wire is not what it was: see test/support/wire-vectors/write.ts';

test('what is sent today is what was recorded, to the byte', () => {
  assert.deepEqual(plain(linkVectors()), link, changed);
  assert.deepEqual(plain(transportVectors()), transports, changed);
});

describe('the recorded link', () => {
  test('has every kind of frame and of message, and each is read as what it was', () => {
    const frames = [...link.frames, ...link.messages, ...link.transfer.frames];
    for (const vector of frames) assert.deepEqual(plain(opened(vector).link), vector.header, vector.name);
    const kinds = new Set(frames.map((vector) => opened(vector).link.t));
    assert.deepEqual([...kinds].toSorted(), [...linkFrameKinds].toSorted());
    assert.deepEqual(
      link.messages.map(({ name }) => name),
      messageKinds,
    );
    for (const vector of link.messages) {
      const { header } = opened(vector).link as Extract<LinkFrame, { t: 'message' }>;
      const message = decodeMessageHeader(header);
      assert.ok(message.ok, `${vector.name}: ${message.ok ? '' : message.error.message}`);
      assert.equal(message.value.kind, vector.name);
    }
  });

  test('opens: the invitation holds, hello and answers are proved, and nothing changed would be', () => {
    const read = decodeInvitation(link.invitation.text);
    assert.deepEqual(read.ok ? read.value : null, invitation);
    const secret = passSecret(token, invitation.pass.signature);
    const byName = (name: string): LinkFrame =>
      opened(link.frames.find((one) => one.name === name) ?? { frame: '' }).link;
    const { t: _, ...proof } = byName('proof') as Extract<LinkFrame, { t: 'proof' }>;
    assert.equal(checkHello(proof, facts, secret), null);
    assert.equal(checkHello(proof, { ...facts, challenge: '0'.repeat(32) }, secret), 'key');
    for (const name of ['hello_ack', 'hello_ack, refused']) {
      const { t: __, signature = '', ...answer } = byName(name) as Extract<LinkFrame, { t: 'hello_ack' }>;
      assert.ok(isAnswer(facts, answer, signature), name);
      assert.ok(!isAnswer({ ...facts, channel: 'ee' }, answer, signature), name);
    }
  });

  test('a model in chunks is the model, by its hash', () => {
    const [, ...chunks] = link.transfer.frames.map(opened);
    const payload = Buffer.concat(chunks.flatMap(({ body }) => body));
    assert.equal(payload.toString('hex'), link.transfer.payload);
    assert.equal(createHash('sha256').update(payload).digest('hex'), link.transfer.sha256);
    const tensors = decodeSafetensors(payload);
    assert.deepEqual(tensors.ok && tensors.value.map(({ name }) => name), ['dense1.weight', 'dense1.bias']);
  });
});

describe('the recorded transports', () => {
  test('QUIC: each record is read as what it was', () => {
    for (const { record, frame } of transports.quic.records) {
      const read = decodeRecord([bytes(frame)]);
      assert.deepEqual(read.ok && read.value, { ...record, quic: 1 });
    }
  });

  test('sealed: request and answer are proved, and each piece opens at the other end alone', () => {
    const { request: asked, answer: said, pieces } = transports.sealed;
    const request = decodeRequest(Buffer.from(asked));
    const answer = decodeAnswer(Buffer.from(said));
    assert.ok(request !== null && answer !== null);
    assert.equal(request.proof, requestProof(token, claim, request));
    assert.ok(isSealedAnswer(answer, claim, request));
    assert.ok(!isSealedAnswer(answer, { ...claim, participant: 'ben' }, request));
    const { up, down } = sealedKeys();
    for (const { lane, header, body, sealed } of pieces) {
      const piece = new Seal(down).openPiece(lane, bytes(sealed));
      assert.deepEqual({ ...piece, body: Buffer.from(piece?.body ?? []).toString('hex') }, { ...header, body });
      assert.equal(new Seal(up).openPiece(lane, bytes(sealed)), null);
    }
    const named = withoutName(pieces.filter(({ lane }) => lane === 'bulk:1').map(({ body }) => bytes(body)));
    assert.equal(named?.lane, transports.lane);
    assert.equal(Buffer.concat([...(named?.parts ?? [])]).toString('hex'), transports.carried);
  });

  test('MQTT: credentials are taken, status messages are read', () => {
    const { credentials, online, ended } = transports.mqtt;
    assert.equal(checkCredentials(token, run, credentials)?.participant, participant);
    assert.equal(decodeStatus(Buffer.from(online))?.state, 'online');
    const { word = '', proof = '' } = decodeStatus(Buffer.from(ended)) ?? {};
    const over = runOver({ word, proof }, { run, token }, coordinator.peerId);
    assert.deepEqual([over?.message, over?.context], ['all rounds are done', { status: 'completed' }]);
    assert.equal(runOver({ word, proof }, { run, token: `${token}x` }, coordinator.peerId), null);
  });

  test('gRPC: messages are read as what they were', () => {
    const { carried, lane, grpc } = transports;
    const control = (message: string): unknown => {
      const read = decodeControl(bytes(message));
      return read.ok && { ...read.value, frames: read.value.frames.map((frame) => Buffer.from(frame).toString('hex')) };
    };
    const none = { frames: [], offer: null, close: null };
    assert.deepEqual(control(grpc.control.frames), { ...none, frames: [carried] });
    assert.deepEqual(control(grpc.control.offer), { ...none, offer: { number: 1, lane } });
    assert.deepEqual(control(grpc.control.close), { ...none, close: { code: 'clean', reason: 'the run is over' } });
    const [named, frames] = [decodeBulk(bytes(grpc.bulk.lane)), decodeBulk(bytes(grpc.bulk.frames))];
    assert.equal(named.ok && named.value.lane, lane);
    assert.equal(frames.ok && Buffer.concat(frames.value.frames).toString('hex'), carried);
    const download = decodeDownload(bytes(grpc.download));
    assert.equal(download.ok && download.value, 1);
  });
});

test('docs/protocol.md names every kind of frame and of message, and whoever sends it', () => {
  const text = readFileSync(fileURLToPath(new URL('../../../docs/protocol.md', import.meta.url)), 'utf8');
  for (const kind of [...linkFrameKinds, ...messageKinds]) assert.ok(text.includes(`\`${kind}\``), kind);
  assert.equal(coordinator.peerId, facts.coordinator);
});
