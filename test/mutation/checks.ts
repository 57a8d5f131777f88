/**
 * Each promise of `docs/security.md` that one place in the code keeps, and the code without it. A test must notice each:
 * `npm run mutate -- --checks` takes them out one after the other. An architecture test sees that the places are still there.
 */
export interface Check {
  /** What holds as long as the check is there, in the words of the table. */
  readonly claim: string;
  readonly file: string;
  /** Occurs once in the file. */
  readonly from: string;
  readonly to: string;
  /** The tests that are asked, from `src/engine` unless they begin with `test/`. */
  readonly tests: readonly string[];
  /** Of those, the ones whose name matches; absent: all. Suites that try much more than this claim take minutes. */
  readonly only?: string;
}

const hello = ['link/accept/hello.test.ts', 'link/accept/owned-names.test.ts'];
const sealed = ['transport/sealed/seal.test.ts', 'transport/sealed/handshake.test.ts'];
/** Of the contract that each transport is held to, the tests that attack; with the broker that carries it, where there are several. */
const contractOf = {
  memory: 'transport/memory/memory-network.test.ts',
  quic: 'transport/quic/quic-transport.test.ts',
  webtransport: 'transport/quic/webtransport/webtransport.test.ts',
  grpc: 'transport/grpc/grpc-transport.test.ts',
  mqtt: 'transport/mqtt/mqtt-transport.test.ts',
  amqp: 'transport/amqp/amqp-transport.test.ts',
  dds: 'transport/dds/dds-transport.test.ts',
} as const;
const putThere = 'what others put there is none of ours';
const readThere = 'who carries it reads nothing';
const saidGone = 'who says that one end is gone ends nothing';
const otherIdentity = 'a listener that proves another identity';
const withoutToken = 'who has not the token is refused';

const transcript = [
  ['the hello is of this session alone, at the dialer', 'nonce, challenge, channel', '0, challenge, channel'],
  ['the hello is of this session alone, at the coordinator', 'nonce, challenge, channel', 'nonce, 0, channel'],
  ['the hello is bound to the channel', 'nonce, challenge, channel', 'nonce, challenge, 0'],
  ['whom a look asks about is signed', 'terms, look, resumes', 'terms, 0, resumes'],
  ['whether it resumes is signed', 'look, resumes, epoch', 'look, 0, epoch'],
  ['which life of the coordinator is meant is signed', 'resumes, epoch, stateHash', 'resumes, 0, stateHash'],
  ['what has been received is signed', 'epoch, stateHash(state)]', 'epoch, 0]'],
  ['the version is signed', '[role, version, run', '[role, 0, run'],
  ['the run is signed', '[role, version, run, participant', '[role, version, 0, participant'],
  ['the name is signed', 'participant, instance, peer, coordinator]', '0, instance, peer, coordinator]'],
  ['the process is signed', 'instance, peer, coordinator]', '0, peer, coordinator]'],
  ['the key that speaks is signed', 'peer, coordinator]', '0, coordinator]'],
  ['the coordinator that is meant is signed', 'coordinator]', '0]'],
] as const;

const names: readonly Check[] = [
  ...transcript.map(([claim, from, to]) => ({ claim, file: 'link/accept/hello-proof.ts', from, to, tests: hello })),
  {
    claim: 'a name is told by whoever has its key',
    file: 'link/accept/hello-proof.ts',
    from: "if (!isSigned(text, facts.hello.peer, signature)) return 'key';",
    to: '',
    tests: hello,
  },
  {
    claim: 'nobody is heard without the token of the invitation',
    file: 'link/accept/hello-proof.ts',
    from: "timingSafeEqual(given, expected) ? null : 'token'",
    to: '(timingSafeEqual(given, given), null)',
    tests: hello,
  },
  {
    claim: 'the coordinator signs its answer',
    file: 'link/accept/hello-proof.ts',
    from: 'return isSigned(answerText(facts, answer), facts.coordinator, signature);',
    to: 'return answerText(facts, answer) !== signature;',
    tests: hello,
  },
  {
    claim: 'who answers is who the connection proved, at the dialer',
    file: 'link/dial/dialer-hello.ts',
    from: 'if (peerIdentity !== null && peerIdentity !== coordinator) throw',
    to: 'if (peerIdentity !== null && peerIdentity === "") throw',
    tests: hello,
  },
  {
    claim: 'who dials is who the connection proved, at the coordinator',
    file: 'link/accept/acceptor-hello.ts',
    from: 'if (peerIdentity !== null && peerIdentity !== peer)',
    to: "if (peerIdentity === '')",
    tests: hello,
  },
  {
    claim: 'a refusal that anybody could have said ends no link',
    file: 'link/dial/dialer-hello.ts',
    from: 'if (answer.accepted || !wordsBeforeProof.has(answer.code)) return',
    to: 'if (answer.accepted) return',
    tests: hello,
  },
  {
    claim: 'a name is its owner’s until that has said goodbye',
    file: 'link/accept/link-acceptor-names.ts',
    from: 'if (owner !== undefined && owner.key !== key && !owner.left)',
    to: 'if (owner !== undefined && owner.key === "" && !owner.left)',
    tests: hello,
  },
  {
    claim: 'one key has one name in a run',
    file: 'link/accept/link-acceptor-names.ts',
    from: 'if (other !== null)',
    to: 'if (other === "")',
    tests: [...hello, 'link/accept/newcomers.test.ts', 'link/accept/link-acceptor.test.ts'],
  },
  {
    claim: 'of two processes with one key the earlier one does not take the name back',
    file: 'link/accept/link-acceptor.ts',
    from: 'if (this.#names.wasSuperseded(key, instance))',
    to: 'if (false as boolean)',
    tests: [...hello, 'link/accept/link-acceptor.test.ts'],
  },
];

const doors = [
  'link/accept/newcomers.test.ts',
  'round/coordinator/entry/door.test.ts',
  'round/coordinator/entry/admission.test.ts',
];

const admission: readonly Check[] = [
  {
    claim: 'a hello without a pass is refused',
    file: 'link/accept/acceptor-hello.ts',
    from: 'if (pass === undefined) return',
    to: 'if (pass === null) return',
    tests: [contractOf.memory],
    only: 'leaves out the pass',
  },
  {
    claim: 'who was sent away by its key stays away',
    file: 'round/coordinator/entry/check-newcomer.ts',
    from: 'if (expelled !== undefined)',
    to: 'if (expelled === null)',
    tests: doors,
  },
  {
    claim: 'a key that was refused stays refused',
    file: 'round/coordinator/entry/check-newcomer.ts',
    from: 'if (key !== null && isRefused(admission, key)) return',
    to: "if (key === '' && isRefused(admission, key)) return",
    tests: doors,
  },
  {
    claim: 'a personal invitation lets in nobody else',
    file: 'round/coordinator/entry/check-newcomer.ts',
    from: 'if (terms.name !== undefined && terms.name !== name)',
    to: "if (terms.name === '')",
    tests: doors,
  },
  {
    claim: 'a renewed invitation makes older ones worthless for newcomers',
    file: 'round/coordinator/entry/check-newcomer.ts',
    from: 'if (terms.generation !== admission.generation)',
    to: 'if (terms.generation === -1)',
    tests: doors,
  },
  {
    claim: 'an invitation ends at its date',
    file: 'round/coordinator/entry/check-newcomer.ts',
    from: 'if (terms.until !== undefined && wallMs > terms.until)',
    to: 'if (terms.until === -1)',
    tests: doors,
  },
];

const seals: readonly Check[] = [
  {
    claim: 'a sealed piece that was changed is refused',
    file: 'transport/sealed/seal.ts',
    from: 'decipher.final();',
    to: '',
    tests: sealed,
  },
  {
    claim: 'direction, flags, numbers and length of a sealed piece are authenticated',
    file: 'transport/sealed/seal.ts',
    from: 'encodePieceHeader(around.subarray(1), piece);',
    to: '',
    tests: sealed,
  },
  {
    claim: 'the lane of a sealed piece is authenticated',
    file: 'transport/sealed/seal.ts',
    from: "return Buffer.concat([around, Buffer.from(lane, 'utf8')]);",
    to: 'return lane === "" ? Buffer.alloc(0) : around;',
    tests: sealed,
  },
  {
    claim: 'a piece that comes again is taken once',
    file: 'transport/credited/lane-assembler.ts',
    from: 'if (piece.sequence < lane.next) return this.#duplicate();',
    to: 'if (piece.sequence < lane.next) lane.next = piece.sequence;',
    tests: ['transport/credited/lane-assembler.test.ts'],
  },
  {
    claim: 'a lane that has ended does not begin again',
    file: 'transport/credited/lane-assembler.ts',
    from: 'if (this.#isOver(number)) return this.#duplicate();',
    to: '',
    tests: ['transport/credited/lane-assembler.test.ts'],
  },
  {
    claim: 'a missing piece is noticed',
    file: 'transport/credited/lane-assembler.ts',
    from: "if (piece.sequence > lane.next) return { kind: 'gap', expected: lane.next };",
    to: '',
    tests: ['transport/credited/lane-assembler.test.ts'],
  },
  {
    claim: 'a word about the session that comes again is passed over',
    file: 'transport/sealed/conversation.ts',
    from: 'if (sequence < this.#nextHeard) {',
    to: 'if (sequence < 0) {',
    tests: ['transport/sealed/conversation.test.ts'],
  },
  {
    claim: 'a word about the session that is missing ends it',
    file: 'transport/sealed/conversation.ts',
    from: "if (sequence > this.#nextHeard) return session.lost('messages about the session were lost');",
    to: '',
    tests: ['transport/sealed/conversation.test.ts'],
  },
  {
    claim: 'a word about the session that is none ends it',
    file: 'transport/sealed/conversation.ts',
    from: "if (word === null) return session.broken('a message about the session is malformed');",
    to: 'if (word === null) return;',
    tests: ['transport/sealed/conversation.test.ts'],
  },
  {
    claim: 'a session is asked for with a proof of the invitation',
    file: 'transport/sealed/gatekeeper.ts',
    from: 'if (!sameText(proof, requestProof(token, claim, { version, key, coordinator })))',
    to: 'if (requestProof(token, claim, { version, key, coordinator }) === proof + proof)',
    tests: sealed,
  },
  {
    claim: 'the coordinator signs the keys of a session',
    file: 'transport/sealed/handshake.ts',
    from: "return hasSigned(coordinator, bytes, Buffer.from(answer.signature, 'hex'));",
    to: 'return bytes.byteLength > 0;',
    tests: sealed,
  },
  {
    claim: 'the keys of a session are bound to who asks, for which run, over which protocol',
    file: 'transport/sealed/handshake.ts',
    from: "JSON.stringify(['roundscope sealed', sealedVersion, purpose, protocol, run, participant, session, ...words])",
    to: "JSON.stringify(['roundscope sealed', sealedVersion, purpose, ...words])",
    tests: sealed,
  },
  {
    claim: 'over MQTT, what the other end has not sealed is dropped and counted',
    file: 'transport/mqtt/mqtt-carrier.ts',
    from: 'const piece = lane === null ? null : this.#cover.openPiece(lane, payload);',
    to: 'const piece = lane === null ? null : (this.#cover.openPiece(lane, payload) ?? uncovered.openPiece(lane, payload));',
    tests: [contractOf.mqtt],
    only: putThere,
  },
  {
    claim: 'over AMQP, what the other end has not sealed is dropped and counted',
    file: 'transport/amqp/amqp-carrier.ts',
    from: 'const piece = isHere ? this.#seal.openPiece(lane, content) : null;',
    to: 'const piece = isHere ? (this.#seal.openPiece(lane, content) ?? { first: true, last: true, laneEnd: false, abandon: false, lane: 0, sequence: 0, frameBytes: content.byteLength, body: content }) : null;',
    tests: [contractOf.amqp],
    only: putThere,
  },
  {
    claim: 'over DDS, what the other end has not sealed is dropped and counted',
    file: 'transport/dds/worker/worker-session.ts',
    from: 'if (this.#isGenuine(sample, tag)) samples.push(sample);',
    to: 'if (this.#isGenuine(sample, tag) || sample.bytes.length >= 0) samples.push(sample);',
    tests: [contractOf.dds],
    only: putThere,
  },
  {
    claim: 'through an MQTT broker elsewhere nothing can be read',
    file: 'transport/mqtt/mqtt-carrier.ts',
    from: 'options.elsewhere ? new Seal(options.keys) : uncovered',
    to: 'new Seal(options.keys) === null ? uncovered : uncovered',
    tests: [contractOf.mqtt],
    only: readThere,
  },
  {
    claim: 'who carries pieces learns no names of lanes',
    file: 'transport/credited/frame-name.ts',
    from: "return this.#sealed && lane !== 'control';",
    to: "return !this.#sealed && lane === '';",
    tests: [contractOf.mqtt, contractOf.dds],
    only: 'learns no name',
  },
  {
    claim: 'what a run came to is read with the invitation alone',
    file: 'transport/last-word.ts',
    from: "hkdfSync('sha256', token, '',",
    to: "hkdfSync('sha256', token.slice(0, 0), '',",
    tests: ['test/support/wire-vectors/wire-vectors.test.ts'],
    // Its other tests read documents, which are not there.
    only: 'status messages are read',
  },
  {
    claim: 'at an MQTT broker elsewhere what others publish ends no session',
    file: 'transport/mqtt/mqtt-carrier.ts',
    from: 'if (!this.#options.elsewhere) this.session.broken(',
    to: 'if (this.#foreign > 0) this.session.broken(',
    tests: [contractOf.mqtt],
    only: putThere,
  },
];

const hints: readonly Check[] = [
  {
    claim: 'who is said to be gone is asked, and is there when it answers',
    file: 'transport/credited/credited-session.ts',
    from: 'if (this.#heard === before) this.lost(reason);',
    to: 'if (this.#heard >= before) this.lost(reason);',
    tests: [contractOf.mqtt],
    only: saidGone,
  },
  {
    claim: 'over MQTT, what a broker elsewhere says of the other end decides nothing',
    file: 'transport/mqtt/mqtt-carrier.ts',
    from: 'if (this.#options.elsewhere) this.session.doubted(reason);',
    to: "if (reason === '') this.session.doubted(reason);",
    tests: [contractOf.mqtt],
    only: saidGone,
  },
  {
    claim: 'over AMQP, a last will that a broker elsewhere passes on decides nothing',
    file: 'transport/amqp/amqp-carrier.ts',
    from: 'if (this.#options.elsewhere) this.session.doubted(reason);',
    to: "if (reason === '') this.session.doubted(reason);",
    tests: ['transport/amqp/last-will.test.ts'],
    only: 'passed on while its sender lives',
  },
  {
    claim: 'an answer to a request that anybody could have given waits for the coordinator’s own',
    file: 'transport/sealed/asking.ts',
    from: 'this.#doubtOf(anotherIdentity(where, said));',
    to: 'this.fail(anotherIdentity(where, said));',
    tests: sealed,
  },
  {
    claim: 'what others say of the coordinator while it is asked decides nothing',
    file: 'transport/sealed/asking.ts',
    from: 'if (!this.#settled) this.#doubtOf(error);',
    to: 'if (!this.#settled) this.fail(error);',
    tests: sealed,
  },
  {
    claim: 'only the coordinator says that its run is over',
    file: 'transport/last-word.ts',
    from: "if (said === null || !hasSigned(coordinator, endText(about.run, said), Buffer.from(proof, 'hex'))) return null;",
    to: 'if (said === null || coordinator === proof) return null;',
    tests: ['transport/mqtt/last-word.test.ts'],
    only: 'is not the coordinator ends nothing',
  },
];

const places: readonly Check[] = [
  {
    claim: 'a flood takes places from itself, not from who comes from elsewhere',
    file: 'transport/waiting-room.ts',
    from: 'const busiest = byHost.reduce((most, all) => (all.length > most.length ? all : most));',
    to: 'const busiest = byHost.reduce((most, all) => (all.length > most.length ? most : all));',
    tests: ['transport/waiting-room.test.ts'],
  },
  {
    claim: 'a class behind one address has a place each',
    file: 'transport/waiting-room.ts',
    from: 'if (waiting.length < this.#max) return undefined;',
    to: 'if (waiting.length < this.#max / 8) return undefined;',
    tests: ['transport/waiting-room.test.ts'],
  },
];

const weights: readonly Check[] = [
  {
    claim: 'an update weighs no more examples than were registered',
    file: 'round/aggregation/weigh.ts',
    from: 'Math.max(1, Math.min(claimed, registered))',
    to: 'Math.max(1, registered > 0 ? claimed : 1)',
    tests: ['round/aggregation/weigh.test.ts', 'round/coordinator/phases/weight.test.ts'],
  },
  {
    claim: 'an update counts by that, in the round',
    file: 'round/coordinator/phases/training.ts',
    from: 'examples: countedExamples(body.examples, data.examples)',
    to: 'examples: Math.max(countedExamples(body.examples, data.examples), body.examples)',
    tests: ['round/coordinator/phases/weight.test.ts', 'test/simulation/insider.test.ts'],
  },
  {
    claim: 'an evaluation counts by that too',
    file: 'round/coordinator/phases/evaluation.ts',
    from: 'const examples = countedExamples(claimed, participant.data.heldOut);',
    to: 'const examples = Math.max(claimed, countedExamples(claimed, participant.data.heldOut));',
    tests: ['round/coordinator/phases/weight.test.ts', 'test/simulation/insider.test.ts'],
  },
  {
    claim: 'no participant weighs more than its cap',
    file: 'round/aggregation/weigh.ts',
    from: 'if (shareMax >= 1) return examples;',
    to: 'if (shareMax > 0) return examples;',
    tests: ['round/aggregation/weigh.test.ts'],
  },
  {
    claim: 'of three or more none weighs more than all the others together',
    file: 'round/aggregation/weigh.ts',
    from: 'return Math.min(1, cap / count, count < fewestOutvoted ? 1 : 1 / 2);',
    to: 'return Math.min(1, cap / count);',
    tests: ['round/aggregation/weigh.test.ts', 'test/simulation/insider.test.ts'],
  },
  {
    claim: 'of three or more none moves the model further than all the others together',
    file: 'round/aggregation/aggregate.ts',
    from: 'outvoted: rule.weightCap !== null,',
    to: '',
    tests: ['test/simulation/insider.test.ts'],
  },
  {
    claim: 'no update is longer than its clip',
    file: 'round/aggregation/weigh.ts',
    from: 'longest === 0 || norm <= longest ? 1 : longest / norm',
    to: 'longest < 0 ? longest / norm : 1',
    tests: ['round/aggregation/weigh.test.ts', 'round/aggregation/fedavg.test.ts'],
  },
  {
    claim: 'cap and clip are those of the run',
    file: 'round/aggregation/aggregate.ts',
    from: 'weights: cappedWeights(examples, rule.weightCap),',
    to: 'weights: cappedWeights(examples, null),',
    tests: ['round/aggregation/fedavg.test.ts'],
  },
  {
    claim: 'numbers that are none, or explode, are not averaged',
    file: 'round/aggregation/validate-update.ts',
    from: 'if (bad >= 0) return',
    to: 'if (bad < -1) return',
    tests: ['round/aggregation/fedavg.test.ts', 'codec/codec.test.ts'],
  },
];

const graphs: readonly Check[] = [
  {
    claim: 'a network is the one that the plan named',
    file: 'round/participant/arriving-graph.ts',
    from: 'payload.hash === graph.hash && ',
    to: '',
    tests: ['round/participant/graph.test.ts'],
  },
  {
    claim: 'a network is as long as the plan said',
    file: 'round/participant/arriving-graph.ts',
    from: ' && file.byteLength === graph.bytes',
    to: '',
    tests: ['round/participant/graph.test.ts'],
  },
  {
    claim: 'a network is sent so often over a link and not more',
    file: 'round/coordinator/plan.ts',
    from: 'link.graphsSent >= limits.graphsPerLinkMax',
    to: 'false',
    tests: ['round/coordinator/entry/graph.test.ts'],
  },
];

const transports: readonly Check[] = [
  {
    claim: 'QUIC: the coordinator is who the invitation names',
    file: 'transport/quic/quinn/quinn.ts',
    from: 'if (endpoint.identity !== undefined && session.peerIdentity !== endpoint.identity) {',
    to: "if (session.peerIdentity === '') {",
    tests: [contractOf.quic],
    only: otherIdentity,
  },
  {
    claim: 'QUIC: nobody has a session without the token',
    file: 'transport/quic/handshake.ts',
    from: 'if (sameText(hello.proof, helloProof(token, hello))) return null;',
    to: 'if (helloProof(token, hello) !== hello.run) return null;',
    tests: [contractOf.quic],
    only: withoutToken,
  },
  {
    claim: 'TLS of our own: the peer is who the invitation names (gRPC, MQTT, AMQP, WebTransport)',
    file: 'transport/tls/pinned-tls.ts',
    from: 'if (!peer.ok || peer.value !== endpoint.identity) throw',
    to: 'if (!peer.ok) throw',
    tests: [contractOf.grpc, contractOf.webtransport, contractOf.mqtt],
    only: otherIdentity,
  },
  {
    claim: 'TLS of our own: a certificate of another key is none',
    file: 'transport/tls/pinned-tls.ts',
    from: 'return readIdentityCertificate(der, clock.wallMs());',
    to: 'const read = readIdentityCertificate(der, clock.wallMs()); return read.ok || read.error.kind === "expired" ? { ok: true, value: read.ok ? read.value : "" } : read;',
    tests: ['transport/grpc/grpc-security.test.ts', 'transport/mqtt/broker/broker-tls.test.ts'],
  },
  {
    claim: 'AMQP: a broker elsewhere shows the certificate that the invitation names',
    file: 'transport/amqp/broker/named-certificate.ts',
    from: 'if (shown === undefined || hashOf(shown) !== hash) throw',
    to: 'if (shown === undefined || hash === "") throw',
    tests: ['transport/amqp/broker/named-certificate.test.ts'],
  },
  {
    claim: 'own MQTT broker: nobody connects without a proof of the invitation',
    file: 'transport/mqtt/broker/broker.ts',
    from: 'if (claim === null)',
    to: "if (claim === null && offered.username === '')",
    tests: ['transport/mqtt/broker/broker.test.ts'],
  },
  {
    claim: 'own MQTT broker: a participant publishes on its own topics alone',
    file: 'transport/mqtt/broker/broker.ts',
    from: 'if (parsed === null || parsed.participant !== claim.participant || isTooLong(parsed.what, bytes)) return false;',
    to: 'if (parsed === null || isTooLong(parsed.what, bytes)) return false;',
    tests: ['transport/mqtt/broker/broker.test.ts'],
  },
  {
    claim: 'own MQTT broker: of its own topics, those of its session alone',
    file: 'transport/mqtt/broker/broker.ts',
    from: 'if (parsed.session !== claim.session) return false;',
    to: '',
    tests: ['transport/mqtt/broker/broker.test.ts'],
  },
  {
    claim: 'own MQTT broker: a participant reads its own topics alone',
    file: 'transport/mqtt/broker/broker.ts',
    from: 'return topic === own || topic === statusTopic(run, coordinatorName);',
    to: "return topic === own || topic !== '';",
    tests: ['transport/mqtt/broker/broker.test.ts'],
  },
  {
    claim: 'own MQTT broker: a name is that of one connection',
    file: 'transport/mqtt/broker/broker.ts',
    from: 'if (rival !== undefined)',
    to: 'if (rival === null)',
    tests: ['transport/mqtt/broker/broker.test.ts'],
  },
  {
    claim: 'own MQTT broker: nobody calls itself the coordinator',
    file: 'transport/mqtt/broker/broker.ts',
    from: 'if (offered.username === coordinatorName)',
    to: "if (offered.username === '' && coordinatorName === '')",
    tests: ['transport/mqtt/broker/broker.test.ts'],
  },
];

export const checks: readonly Check[] = [
  ...names,
  ...admission,
  ...seals,
  ...hints,
  ...places,
  ...weights,
  ...graphs,
  ...transports,
].map((check) => ({
  ...check,
  file: `src/engine/${check.file}`,
  tests: check.tests.map((test) => (test.startsWith('test/') ? test : `src/engine/${test}`)),
}));
