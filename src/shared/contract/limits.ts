/**
 * Every maximum of the product, once, with its reason and its policy:
 * wait (the producer is held back), drop (oldest or newest goes, and is counted), fail (typed error).
 */
const KiB = 1024;
const MiB = 1024 * KiB;

export const limits = {
  /** Wire, fail. A JSON header is a few hundred bytes; 64 KiB leaves room for a model's layer list. */
  headerBytesMax: 64 * KiB,
  /** Wire, fail. JSON deeper than this is an attack, not a message. */
  headerDepthMax: 16,
  /** Wire, fail. Header and chunk together; a frame is held whole in memory. */
  frameBytesMax: 2 * MiB,
  /** Wire. Body of one bulk chunk on stream transports: large enough for throughput, a drop costs at most one. */
  chunkBytes: 512 * KiB,
  /** Wire. The same over a long round trip: 1.6 s at the 20 KB/s that TCP reaches over a lossy satellite. */
  farChunkBytes: 32 * KiB,
  /** Wire. The same before a round trip has been measured. */
  firstChunkBytes: 64 * KiB,
  /** Wire, fail. A model of 256 million float32 parameters. */
  payloadBytesMax: 1024 * MiB,
  /** Wire, fail. Tensors of one model. */
  tensorsMax: 4096,
  /** Wire, fail. No framework of the field uses more. */
  tensorRankMax: 8,
  /** Link, fail: small frames a peer may send per second before its session is closed with `rate_exceeded`. */
  framesPerSecondMax: 20_000,
  /** Link, fail: burst on top of the rate. */
  framesBurstMax: 40_000,
  /** Link, fail: bulk transfers that one peer may have open at once: a model down, an update up. */
  transfersPerPeerMax: 1,
  /**
   * Link, wait: bytes of payloads that a process has announced to it, or has and has not worked on, of all peers together; one
   * that is larger comes alone.
   */
  incomingBytesMax: 512 * MiB,
  /** Link, drop while others wait for that room: a transfer that is slower; a fifth of TCP over a lossy satellite. */
  slowestBytesPerSecond: 4 * KiB,
  /** Link, wait: payloads that are here and not yet read, of one link. */
  unreadPayloadsMax: 2,
  /** Link, wait: control messages not yet acknowledged. */
  outboxMessagesMax: 1024,
  /** Link, wait: bytes of payloads not yet acknowledged. Two of the largest models. */
  outboxBytesMax: 2 * 1024 * MiB,
  /** Link: message ids remembered to discard duplicates. */
  seenMessagesMax: 65_536,
  /** Transport, wait: frames received and not yet read by the link. */
  inboundFramesMax: 256,
  /** Transport, wait: bytes received and not yet read by the link (back-pressure). */
  inboundBytesMax: 16 * MiB,
  /** Transport, fail: a peer that has not finished its hello by then is let go (slow-loris). */
  helloTimeoutMs: 10_000,
  /** Transport, drop oldest: sessions that one coordinator keeps without a finished hello, of each protocol and standing; twice a class behind one address. */
  unauthenticatedSessionsMax: 256,
  /** DDS, drop oldest: the same, whose topics the whole domain has to hear of; who asks there has proved the invitation. */
  ddsSessionsOpeningMax: 128,
  /** MQTT, AMQP, DDS, wait: refusals that are signed for those who ask for a session without an invitation... */
  signedRefusalsPerSecondMax: 16,
  signedRefusalsBurstMax: 64,
  /** ...and, drop oldest: sources of which the newest one waits; what is dropped is counted as refused, and not answered. */
  refusalsWaitingMax: 64,
  /** MQTT, AMQP, DDS, wait: sessions granted before everybody else has their turn... */
  sessionsGrantedPerTurnMax: 4,
  /** ...and, refuse: proved requests that wait for theirs; more than a run has participants at once. */
  sessionRequestsWaitingMax: 256,
  /** MQTT at a broker elsewhere, wait: messages read before everybody else has their turn. */
  mqttMessagesPerTurnMax: 64,
  /** DDS, refuse: sessions that one participant of the domain has asked for and not opened; each dial of ours is one with one. */
  ddsRequestsPerPeerMax: 4,
  /** MQTT: body of one publish. Brokers often limit packets to 1 MiB or less; small ones also let control pass between. */
  mqttPublishBytes: 256 * KiB,
  /** MQTT, wait: bytes of control or bulk frames sent and not yet read at the other end; more than one largest frame. */
  mqttControlWindowBytes: 4 * MiB,
  mqttBulkWindowBytes: 8 * MiB,
  /** MQTT, fail: one packet at the embedded broker, publish with topic. */
  mqttPacketBytesMax: 1 * MiB,
  /** MQTT, fail: bulk lanes that one peer may have open at once in a session. */
  mqttLanesMax: 1024,
  /** AMQP: frame size that we ask for, RabbitMQ's own; a publish is one frame, so that control passes between. */
  amqpFrameBytes: 128 * KiB,
  /** AMQP, wait: bytes of control or bulk frames sent and not yet read at the other end; more than one largest frame. */
  amqpControlWindowBytes: 4 * MiB,
  amqpBulkWindowBytes: 8 * MiB,
  /** AMQP, refuse to the publisher: messages in a session's queue; above what the window admits of the smallest. */
  amqpQueueMessagesMax: 4096,
  /** AMQP: requests for a session (refused to the publisher), and undeliverable messages (oldest go), not yet read. */
  amqpInboxMessagesMax: 2048,
  /** AMQP, wait at the broker: messages that a reader has and has not acknowledged. */
  amqpControlPrefetch: 256,
  amqpBulkPrefetch: 64,
  /** AMQP, fail: one message at the private broker. */
  amqpMessageBytesMax: 1 * MiB,
  /** DDS: body of one sample on loopback, a link's chunk with room to spare; Cyclone cuts it into datagrams. */
  ddsSampleBytes: 768 * KiB,
  /** DDS: the same on a real network, where a lost datagram should not cost much to repair. */
  ddsNetworkSampleBytes: 64 * KiB,
  /** DDS, wait: bytes of control or bulk frames sent and not yet read at the other end; more than one largest frame. */
  ddsControlWindowBytes: 4 * MiB,
  ddsBulkWindowBytes: 8 * MiB,
  /** gRPC, fail: bulk lanes that one peer may have open at once in a session, each a call with a window of its own. */
  grpcLanesMax: 64,
  /** Selection, fail: protocols that one run can offer. */
  offeredProtocolsMax: 16,
  /** Selection, fail: rows of a loaded Q table; all states times all protocols are fewer. */
  selectionRowsMax: 2_000,
  /** Selection, fail: weights of a loaded linear model; the bandit has 25. */
  selectionWeightsMax: 64,
  /** Selection, fail: size of a table's file, checked before it is read. */
  selectionTableBytesMax: 512 * KiB,
  /** Diagnosis, drop first: participants observed, those who do not take part before those who do. */
  observedParticipantsMax: 1024,
  /** Views, drop oldest: choices of protocol kept per participant. */
  viewChoicesPerParticipantMax: 100,
  /** Views, drop oldest: pauses that are over, kept per participant. */
  viewPausesPerParticipantMax: 100,
  /** Relay, wait: bytes of one TCP direction on their way; one second of satellite with room to spare. */
  relayTcpBufferBytes: 1 * MiB,
  /** Relay, drop newest and count: bytes of datagrams of one direction on their way. */
  relayFlightBytesMax: 16 * MiB,
  /** Relay, drop newest and count: what waits for its turn on a narrow link lasts this long (as `tbf latency 400ms`)... */
  relayQueueMs: 400,
  /** ...but never less than one largest datagram. */
  relayQueueBytesMin: 64 * KiB,
  /** Relay, drop oldest: UDP flows of one participant; a re-dial makes one. */
  relayFlowsMax: 64,
  /** Relay, fail (reset): TCP connections of one participant at once. */
  relayConnectionsMax: 256,
  /** Round, fail. */
  participantsMax: 1024,
  /** Link, forget (those who left first) or fail: names that have an owner in a run, here or away. */
  ownedNamesMax: 4096,
  /** Link, the busiest host gives way: links of keys that have not registered, those that wait for the coordinator's word among them. */
  unregisteredLinksMax: 128,
  /** Round, fail: names and keys that a coordinator lets in without a question; participants that wait for its word at once. */
  admissionEntriesMax: 4096,
  admissionWaitingMax: 64,
  roundsMax: 100_000,
  /** Reporting, drop oldest and count: events, and packets, that wait in a process for its service; either by number... */
  reportQueueRowsMax: 20_000,
  /** ...and by size. */
  reportQueueBytesMax: 16 * MiB,
  /** Reporting, wait: batches on their way from a process to its service, which has not taken them. */
  reportBatchesMax: 4,
  /** Reporting, forget (its next packet has no gap): links for which the time of the last packet is remembered. */
  gapLinksMax: 4096,
  /** Recorder, drop newest and count: rows waiting for the writer. */
  recorderQueueMax: 20_000,
  /** Recorder: rows of one transaction; a full one does not wait for its time. */
  recorderBatchRowsMax: 500,
  /** Recorder, count: packets and refusals of peers that were not let in, of one run: in all, a second, and at once. */
  unprovenRowsMax: 10_000,
  unprovenRowsPerSecondMax: 20,
  unprovenRowsBurstMax: 400,
  /** Recorder: first bytes of a body that are kept for the detail pane. */
  bodySampleBytes: 4 * KiB,
  /** Recorder, fail: one value in a recording that is read; more than any that is written. */
  recordedValueBytesMax: 8 * MiB,
  /** Recorder, do without: one kept state of a run as JSON; states that are kept, thin out: every second one goes... */
  keptStateBytesMax: 4 * MiB,
  keptStatesMax: 1000,
  /** ...and all of them together as they lie in the file. */
  keptStatesBytesMax: 32 * MiB,
  /** Recorder, further apart: bytes of states that a second of run time may cost. */
  keptStateBytesPerSecondMax: 64 * 1024,
  /** Recorder: size of one recording at which its oldest packets go (counted). */
  recordingBytesMax: 2 * 1024 * MiB,
  /** Library, fail: a recording that comes from elsewhere, and one piece of it; in a browser's message it is a third larger. */
  importedBytesMax: 4 * 1024 * MiB,
  importPieceBytesMax: 512 * 1024,
  /** Library, count the rest: recordings of a data folder that are listed, those with the newest names. */
  libraryRecordingsMax: 2000,
  /** Recorder: age at which recordings are removed at start. */
  recordingAgeMsMax: 30 * 24 * 3600 * 1000,
  /** Durability, fail, when written too: journal of a coordinator. One round of the most participants, with their data described. */
  journalBytesMax: 256 * MiB,
  /** Durability: a journal that has grown by so much, and by as much as it began with, says the same again in less. */
  journalGrowthBytes: 1 * MiB,
  /** Port, drop oldest and count: events kept for a renderer that does not take them. */
  portBacklogMax: 50_000,
  /** Port: rows of one message to a renderer; the rest follows in the next. */
  portBatchRowsMax: 2_000,
  /** Port: batches per second to a renderer. */
  portBatchesPerSecondMax: 30,
  /** Port, fail: one message from a renderer. */
  portMessageBytesMax: 1 * MiB,
  /** Renderer, drop oldest and say so: packet rows held for the live table; older ones are queried. */
  packetRowsMax: 100_000,
  /** Views, drop oldest: rounds and segments kept in the projection of a run. */
  viewRoundsMax: 2_000,
  viewSegmentsPerParticipantMax: 2_000,
  viewPointsPerSeriesMax: 20_000,
  viewVerdictsMax: 200,
  /** Views, drop oldest: times that one verdict was cleared and came again. */
  verdictSpansMax: 64,
  /** Views, drop oldest: attempts to dial kept per link. */
  linkAttemptsMax: 100,
  viewNoticesMax: 200,
  /** Views, drop oldest: places where rows were lost. */
  viewLossesMax: 200,
  /** Charts: points drawn per series after min/max down-sampling. */
  chartPointsMax: 600,
  /** Data, fail. */
  datasetBytesMax: 2 * 1024 * MiB,
  datasetExamplesMax: 2_000_000,
  imageSideMax: 512,
  imageFileBytesMax: 32 * MiB,
  classesMax: 1000,
  /** Data, fail. Pixels of one image file, decoded whole before it is scaled down: a 40 megapixel photograph. */
  imagePixelsMax: 40_000_000,
  /**
   * Round, fail: examples that a participant trains on for one round, each pass counted: the coordinator names the passes. An
   * hour or more for a small network on a processor.
   */
  trainingPassesMax: 20_000_000,
  /** Trainer, fail. Memory that one training step of a model may take, by its shapes: the coordinator names the model. */
  trainingStepBytesMax: 2 * 1024 * MiB,
  /** Model file, fail. An ONNX file with its weights; what is larger could not be sent either. */
  onnxFileBytesMax: 1100 * MiB,
  /** Model file, fail. A ResNet-152 has 1,500 nodes, an unrolled recurrent network some thousands. */
  onnxNodesMax: 20_000,
  /** Model file, fail. Inputs, outputs and attributes of one node, and numbers in one attribute. */
  onnxPortsMax: 4096,
  /** Model file, fail. Names are paths of modules; metadata that is longer is not kept. */
  onnxNameBytesMax: 1024,
  /** Model file, fail. Size of an input along one axis. */
  onnxDimensionMax: 1_000_000,
  /** Wire, fail. A network without its weights; what is large in one are constants such as tables of positions. */
  graphBytesMax: 64 * MiB,
  /** Round, refuse: times that a network is sent over one link; one that was lost on the way is asked for again. */
  graphsPerLinkMax: 4,
  /** Data folder, drop those not used for longest: networks of runs that this machine took part in. */
  graphFilesMax: 16,
  graphFilesBytesMax: 256 * MiB,
} as const;

/** Intervals and timeouts of the contract, in milliseconds. */
export const timing = {
  /** A connection attempt that takes longer has failed; the limit of the report that this program was built for. */
  connectTimeoutMs: 10_000,
  /** A network that swallows UDP shall cost less than 3 s: time for one lost first packet (sent again after 1 s) and a slow answer. */
  udpAnswerMs: 2_500,
  /** NATs forget UDP flows after about 30 s; three keep-alives fit into that. */
  keepAliveMs: 10_000,
  idleTimeoutMs: 30_000,
  /** While a session is on another way than the first (TCP instead of UDP): looks for the first after this, then twice as long, ... */
  firstWayAgainMs: 5_000,
  firstWayAgainMaxMs: 300_000,
  /** A first connection is tried for this long, a coordinator that was there is dialed for that long, ms awake. */
  joinWaitMs: 20_000,
  giveUpAfterMs: 600_000,
  /** A coordinator whose run is over stays this long for participants whose link was down, to tell them. */
  tellEndMs: 12_000,
  /** Our own sign of life: faster than QUIC's idle limit, so that a killed peer shows within seconds. */
  heartbeatMs: 1_000,
  /** A link that has opened and not registered is let go after this: a large folder is read first. */
  registerWithinMs: 600_000,
  /** Who waits for the word of whoever coordinates is let go after this. */
  answerWithinMs: 3_600_000,
  /** Silence after which a peer counts as lost: five heartbeats. */
  peerSilentMs: 5_000,
  /** A participant introduces itself over one link at most this often. */
  registerIntervalMs: 1_000,
  /** A link is degraded, not dead: after two and a half heartbeats of silence, ... */
  degradedSilentMs: 2_500,
  /** ... at round trips as long as the interval of heartbeats, twice in a row, ... */
  degradedRoundTripMs: 1_000,
  /** ... or when for this long nothing sent was acknowledged, or an open transfer moved no byte while heartbeats passed. */
  degradedStuckMs: 3_000,
  /** What has come of a payload is kept so long after its session has ended, for one that goes on with it. */
  partialTransferMs: 60_000,
  /** One control message; a bulk chunk gets the same per chunk. */
  sendTimeoutMs: 15_000,
  /** Round trip from which on a peer is far away, beyond what a city or a country takes. */
  farRoundTripMs: 75,
  /** A session that lasted so long was none of a link that flaps: dialing begins again with the shortest pause, however it ended. */
  sessionLivedMs: 20_000,
  redialFirstMs: 250,
  redialMaxMs: 10_000,
  /** Recorder: rows wait this long for company before they are written. */
  recorderBatchMs: 50,
  /** Recorder: run time between two states that are kept, at first. */
  keptStateApartMs: 5000,
  /** Recorder: one question to a recording; it is given up after this. */
  recordingQueryMs: 60_000,
  /** Library: a recording that was deleted can be taken back for so long. */
  deletedRecordingMs: 30_000,
  /** Recorder: a thread that ended is started again after this. */
  recorderRestartMs: 500,
  /** DDS, wait: a participant's `ready` is said again after this, then twice as long, ...; the dial's limit ends it. */
  ddsReadyFirstMs: 50,
  ddsReadyMaxMs: 1_000,
  /** AMQP: queues that nobody reads any more stay this long; longer than opening a session may take. */
  amqpQueueExpiryMs: 30_000,
  /**
   * What a broker, or another one there, says of a peer that the peer has not proved (that it is gone, or an answer in its
   * place) decides nothing for this long: the peer's own word takes a round trip.
   */
  doubtMs: 1_500,
  /** AMQP: how long a message to oneself is waited for once the broker has confirmed it. */
  amqpEchoMs: 1_500,
  /** AMQP: a coordinator sends itself a message this often, since a broker says that it takes none only to who sends. */
  amqpBeatMs: 2_000,
  /** AMQP: a last will is put again this often, since a broker lets nobody hold a message for as long as a run takes. */
  amqpWillMs: 45_000,
  /** AMQP: a broker elsewhere keeps word of a run that is over so long after it was last asked for. */
  amqpWordExpiryMs: 24 * 3_600_000,
  /** AMQP: start of a private RabbitMQ, which takes 3 to 6 s on two free cores. */
  brokerStartMs: 90_000,
  /** A network from a coordinator is looked at in a thread of its own; one that takes longer is refused. */
  graphCheckMs: 120_000,
  /** One round's training on one machine: whoever coordinates could ask for work without end. */
  trainingMaxMs: 12 * 3_600_000,
  /** Clean shutdown: goodbye, flush, close. */
  closeTimeoutMs: 2_000,
} as const;
