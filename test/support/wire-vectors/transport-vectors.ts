import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { Protocol } from '#shared/contract/protocols.ts';
import { encodeFrame } from '#engine/framing/frame.ts';
import { brokerPassword } from '#engine/transport/amqp/broker/broker-password.ts';
import { coordinatorUser, participantUser } from '#engine/transport/amqp/broker/private-broker-files.ts';
import { endedOf, exchangeOf, inboxOf, sessionQueues, undeliverableOf } from '#engine/transport/amqp/names.ts';
import { frameName } from '#engine/transport/credited/frame-name.ts';
import type { PieceHeader } from '#engine/transport/credited/piece.ts';
import { laneName } from '#engine/transport/credited/lane-name.ts';
import { answerOf } from '#engine/transport/dds/announced.ts';
import { topicNames, type Announcement } from '#engine/transport/dds/worker/worker-protocol.ts';
import { proof as grpcProof, type Purpose } from '#engine/transport/grpc/wire/claim.ts';
import {
  encodeBulkFrames,
  encodeClose,
  encodeControlFrames,
  encodeDownload,
  encodeLane,
  encodeOffer,
} from '#engine/transport/grpc/wire/messages.ts';
import { servicePath } from '#engine/transport/grpc/service.ts';
import { leaveEnd } from '#engine/transport/last-word.ts';
import { participantCredentials } from '#engine/transport/mqtt/broker/auth.ts';
import { encodeStatus } from '#engine/transport/mqtt/status-message.ts';
import { sessionTopics, statusTopic } from '#engine/transport/mqtt/topics.ts';
import { helloProof } from '#engine/transport/quic/handshake.ts';
import { encodeRecord, type RecordToSend } from '#engine/transport/quic/records.ts';
import { wordBody, wordPiece } from '#engine/transport/sealed/conversation.ts';
import {
  requestProof,
  sealedVersion,
  sessionKeys,
  signAnswer,
  type Answer,
  type Claim,
  type Request,
  type SessionKeys,
} from '#engine/transport/sealed/handshake.ts';
import { encodeHandshake } from '#engine/transport/sealed/handshake-message.ts';
import type { KeyShare } from '#engine/transport/sealed/key-share.ts';
import { uncovered, type SealedLane } from '#engine/transport/sealed/piece-cover.ts';
import { Seal, sessionLaneNumber } from '#engine/transport/sealed/seal.ts';
import { coordinator, drawn, hex, participant, run, token } from './parties.ts';

const session = hex(drawn('session', 16));
const instance = hex(drawn('transport instance', 16));
/** What travels as a frame here: the transport does not look into it. */
export const carried = encodeFrame({ t: 'heartbeat', n: 1, ack: 0 });
const lane = 'bulk:c-1.6';

/** PKCS #8 of an X25519 private key (RFC 8410) up to its 32 bytes. */
const x25519Prefix = Buffer.from('302e020100300506032b656e04220420', 'hex');

function halfOf(secret: Uint8Array): KeyShare {
  const key = createPrivateKey({ key: Buffer.concat([x25519Prefix, secret]), format: 'der', type: 'pkcs8' });
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  return { secret: key, offered: Buffer.from(x, 'base64url').toString('hex') };
}

function quic(): object {
  const proof = helloProof(token, { run, participant });
  const records: readonly RecordToSend[] = [
    { record: 'hello', run, participant, proof },
    { record: 'accepted' },
    { record: 'refused', code: 'token', reason: 'it has no proof of the invitation to this run' },
    { record: 'bulk', lane },
    { record: 'close', code: 'clean', reason: 'the run is over' },
  ];
  return { records: records.map((record) => ({ name: record.record, record, frame: hex(encodeRecord(record)) })) };
}

export const claim: Claim = { protocol: 'mqtt', run, participant, session };
const secrets = { participant: drawn('x25519 participant', 32), coordinator: drawn('x25519 coordinator', 32) };

/** Keys of both ends of the sealed session in the vectors. */
export function sealedKeys(): { readonly up: SessionKeys; readonly down: SessionKeys } {
  const [near, far] = [halfOf(secrets.participant), halfOf(secrets.coordinator)];
  const about = { token, claim, coordinator: coordinator.peerId };
  const up = sessionKeys('up', { own: near, offered: far.offered, ...about });
  const down = sessionKeys('down', { own: far, offered: near.offered, ...about });
  if (up === null || down === null) throw new Error('the halves make no keys');
  return { up, down };
}

interface PieceVector {
  readonly name: string;
  readonly lane: SealedLane;
  readonly header: PieceHeader;
  readonly body: Uint8Array;
}

function pieces(): readonly PieceVector[] {
  const frame = Buffer.concat(carried);
  const named = Buffer.concat([frameName(lane), frame]);
  const half = Math.ceil(named.byteLength / 2);
  const of = (first: boolean, sequence: number): PieceHeader => {
    return { first, last: !first, laneEnd: !first, abandon: false, lane: 1, sequence, frameBytes: named.byteLength };
  };
  const credit = wordPiece({ type: 'credit', control: 65_536, bulk: 0 }, sessionLaneNumber, 0);
  const whole = { first: true, last: true, laneEnd: false, abandon: false, lane: 0, sequence: 0 };
  return [
    { name: 'a whole frame', lane: 'control', header: { ...whole, frameBytes: frame.byteLength }, body: frame },
    { name: 'first piece', lane: 'bulk:1', header: of(true, 0), body: named.subarray(0, half) },
    { name: 'last piece, end of the lane', lane: 'bulk:1', header: of(false, 1), body: named.subarray(half) },
    { name: 'credit', lane: 'session', header: credit.piece, body: credit.bytes },
  ];
}

function request(protocol: Protocol = claim.protocol): Request {
  const key = halfOf(secrets.participant).offered;
  const said = { version: sealedVersion, key, coordinator: coordinator.peerId };
  return { ...said, proof: requestProof(token, { ...claim, protocol }, said) };
}

function answerTo(asked: Request, protocol: Protocol = claim.protocol): Answer {
  const { offered: key } = halfOf(secrets.coordinator);
  return { type: 'accept', key, signature: signAnswer({ accept: key }, { ...claim, protocol }, asked, coordinator) };
}

function sealed(): object {
  const { up, down } = sealedKeys();
  const seal = new Seal(up);
  return {
    claim,
    secrets: { participant: hex(secrets.participant), coordinator: hex(secrets.coordinator) },
    request: encodeHandshake(request()).toString('utf8'),
    answer: encodeHandshake(answerTo(request())).toString('utf8'),
    keys: { up: hex(up.sending), down: hex(down.sending), channel: up.channel },
    pieces: pieces().map(({ name, lane: on, header, body }) => ({
      name,
      lane: on,
      header,
      body: hex(body),
      plain: hex(uncovered.closePiece(on, header, wordBody(body))),
      sealed: hex(seal.closePiece(on, header, wordBody(body))),
    })),
  };
}

function mqtt(): object {
  const topics = sessionTopics(run, participant, session);
  const ended = { status: 'completed', reason: 'all rounds are done' } as const;
  const nonce = { bytes: (count: number) => drawn('nonce of the end', count) };
  const left = leaveEnd(coordinator, { run, token }, ended, nonce);
  return {
    session,
    instance,
    credentials: participantCredentials(token, { run, participant, session, instance }),
    topics: {
      ...topics,
      coordinator: statusTopic(run, 'coordinator'),
      up: `${topics.base}/up/${laneName('control')}`,
      bulk: `${topics.base}/up/${laneName(lane)}`,
      bulkElsewhere: `${topics.base}/up/${laneName('bulk:1')}`,
    },
    online: encodeStatus({ state: 'online', id: session, reason: '' }).toString('utf8'),
    ended: encodeStatus({ state: 'ended', id: instance, reason: '', ...left }).toString('utf8'),
  };
}

function amqp(): object {
  const name = { run, participant, session };
  return {
    users: { coordinator: coordinatorUser, participants: participantUser },
    password: brokerPassword(token, run),
    inbox: inboxOf(run),
    undeliverable: undeliverableOf(run),
    ended: endedOf(run),
    exchange: exchangeOf(name),
    queues: sessionQueues(name, 'up'),
  };
}

function grpc(): object {
  const who = { run, participant, session, instance };
  const purposes: readonly Purpose[] = ['session', 'accept', 'upload', 'download'];
  return {
    service: servicePath,
    ...who,
    proofs: Object.fromEntries(purposes.map((purpose) => [purpose, grpcProof(token, purpose, who)])),
    control: {
      frames: hex(encodeControlFrames([carried])),
      offer: hex(encodeOffer(1, lane)),
      close: hex(encodeClose('clean', 'the run is over')),
    },
    bulk: { lane: hex(encodeLane(lane)), frames: hex(encodeBulkFrames([carried])) },
    download: hex(encodeDownload(1)),
  };
}

function dds(): object {
  const { version, key: agreement, proof, coordinator: reason } = request('dds');
  const open: Announcement = { participant, session, run, kind: 'open', version, agreement, proof, reason };
  const topics = Object.values(topicNames).flatMap((name) => [`${name}_up`, `${name}_down`]);
  return { topics, open, accept: answerOf(answerTo(request('dds'), 'dds')) };
}

export function transportVectors(): object {
  const handled = { quic: quic(), sealed: sealed(), mqtt: mqtt(), amqp: amqp(), grpc: grpc(), dds: dds() };
  return { carried: hex(...carried), lane, ...handled };
}
