import { describeProtocol, namedProtocols } from '../protocols.ts';

/**
 * What a participant's machine sends, all of it, in words for people: the one list behind docs/security.md, the page Join and
 * the test that walks the schemas of everything a participant sends. A new field of the wire without an entry here fails it.
 */
export interface Leaving {
  /** What it is, as a row in a table. */
  readonly what: string;
  readonly when: string;
  /** What there is to know about it: how it is made smaller, who else sees it. */
  readonly note: string;
  /** Fields that carry it, `register.data.examples`; of frames between the two ends `link hello.nonce`, of every message `envelope.run`. */
  readonly fields: readonly string[];
}

/** Decision 0081. */
export const whatLeaves: readonly Leaving[] = [
  {
    what: 'The model update',
    when: 'once a round',
    note: 'Trained numbers, as large as the model. They are made from your pictures, and somebody who works at it can learn something of those from them.',
    fields: ['model_update payload', 'envelope.payload.hash', 'envelope.payload.length', 'envelope.payload.encoding'],
  },
  {
    what: 'Loss, accuracy, how far the model moved, how long it took',
    when: 'once a round',
    note: 'Accuracy to a tenth of a percent.',
    fields: [
      'model_update.loss',
      'model_update.accuracy',
      'model_update.trainMs',
      'model_update.norm',
      'model_update.base',
      'evaluation_result.loss',
      'evaluation_result.accuracy',
    ],
  },
  {
    what: 'How often which class was taken for which',
    when: 'once a round, of at most 64 classes',
    note: 'In thousandths of your held-out pictures, unless you ask for exact counts; no single picture, no single answer.',
    fields: ['evaluation_result.confusion'],
  },
  {
    what: 'How many pictures, in all and of each class of the run',
    when: 'at the start, and the total with each update',
    note: 'Rounded to two digits and tens, unless you ask for exact counts: they decide how much your update counts.',
    fields: [
      'register.data.examples',
      'register.data.heldOut',
      'register.data.classCounts',
      'register.data.skipped',
      'model_update.examples',
      'evaluation_result.examples',
    ],
  },
  {
    what: 'Which data: bundled or your own, its size in pixels, the run’s own class names',
    when: 'at the start',
    note: 'Names of your folders and files are mapped to the run’s classes on this machine and stay here.',
    fields: ['register.data.source', 'register.data.shape', 'register.data.classes'],
  },
  {
    what: 'A public key, and your name in the run',
    when: 'with every connection',
    note: 'All participants see the name; it is not this machine’s unless you type that. The key is the same in all runs under that name, so whoever runs two of them can tell.',
    fields: [
      'register.name',
      'register.key',
      'envelope.sender',
      'link hello.participant',
      'link hello.peer',
      'link hello.look',
    ],
  },
  {
    what: 'Progress of training',
    when: 'while it trains, four times a second at most',
    note: 'In batches of as many pictures as were told.',
    fields: [
      'training_progress.epoch',
      'training_progress.epochs',
      'training_progress.batch',
      'training_progress.batches',
      'training_progress.loss',
    ],
  },
  {
    what: 'How it trains: “onnxruntime CPU, 1 thread”',
    when: 'at the start',
    note: 'The same words on every machine.',
    fields: ['register.trainer'],
  },
  {
    what: 'That the run’s network is not on this machine yet',
    when: 'before the start, where the run trains a network of its coordinator’s own',
    note: 'Nothing is asked for that an earlier run has left here.',
    fields: ['graph_request.hash'],
  },
  {
    what: 'That you pause, leave, or cannot do something, and why in a sentence',
    when: 'when it happens',
    note: 'Paths are taken out; what is wrong with your data is told on this machine alone.',
    fields: ['pause.reason', 'error.code', 'error.reason', 'link goodbye.code', 'link goodbye.reason'],
  },
  {
    what: 'What keeps the connection: versions, times, numbers of messages, proofs',
    when: 'all the time',
    note: 'The time is this machine’s clock. The proofs say that you have the invitation and your key, and contain neither.',
    fields: [
      'envelope.version',
      'envelope.run',
      'envelope.kind',
      'envelope.round',
      'envelope.id',
      'envelope.replyTo',
      'envelope.sentAt',
      'link hello.t',
      'link hello.version',
      'link hello.run',
      'link hello.instance',
      'link hello.nonce',
      'link hello.pass.generation',
      'link hello.pass.name',
      'link hello.pass.until',
      'link hello.resumes',
      'link hello.epoch',
      'link hello.state.received',
      'link hello.state.transfers.id',
      'link hello.state.transfers.bytes',
      'link hello.state.done',
      'link hello.state.failed.id',
      'link hello.state.failed.code',
      'link proof.t',
      'link proof.mac',
      'link proof.signature',
      'link message.t',
      'link message.seq',
      'link message.transfer',
      'link message.offset',
      'link message.ack',
      'link chunk.t',
      'link chunk.transfer',
      'link chunk.offset',
      'link chunk.index',
      'link chunk.count',
      'link ack.t',
      'link ack.state.received',
      'link ack.state.transfers.id',
      'link ack.state.transfers.bytes',
      'link ack.state.done',
      'link ack.state.failed.id',
      'link ack.state.failed.code',
      'link heartbeat.t',
      'link heartbeat.n',
      'link heartbeat.echo.n',
      'link heartbeat.echo.held',
      'link heartbeat.ack',
      'link heartbeat.full',
      'link withdraw.t',
      'link withdraw.transfer',
      'link goodbye.t',
    ],
  },
];

/** What no field carries, and who is on the way sees all the same. */
export const alsoSeen: readonly { readonly what: string; readonly note: string }[] = [
  {
    what: 'This machine’s network address, and how much is sent when',
    note: 'To the coordinator, and to whoever carries the traffic: a broker, a provider.',
  },
  ...namedProtocols.flatMap((protocol) => {
    const { name, alsoTells } = describeProtocol(protocol);
    return alsoTells === null ? [] : [{ what: `Over ${name}: ${alsoTells.what}`, note: alsoTells.note }];
  }),
];
