import type { DataPreview, NetworkPreview, PortAnswers, RecentRun, RequestOf } from '#shared/contract/app/port-api.ts';
import type { RunPlanBody } from '#shared/contract/messages.ts';
import { SentCounter } from '#shared/run-view/sent-tally.ts';
import type { SentPacket } from '#shared/run-view/sent-tally.ts';

/** What a service would answer to the pages Home, Join and Coordinate, for pictures and preview. */
export const seatFaces = ['angry', 'disgust', 'fear', 'happy', 'neutral', 'sad', 'surprise'] as const;

export const seatPlan: RunPlanBody = {
  runName: 'emotion pilot',
  rounds: 20,
  minimumParticipants: 4,
  quorum: 0.75,
  localEpochs: 2,
  weightCap: 3,
  normClip: 3,
  batchSize: 32,
  learningRate: 0.01,
  optimizer: 'sgd',
  trainingDeadlineMs: 45_000,
  model: { inputShape: [1, 48, 48], numClasses: 7, layers: [{ type: 'dense', units: 7, activation: 'none' }] },
  parameters: 2_345_607,
  classes: [...seatFaces],
  baselineAccuracy: 0.251,
  registered: 1,
  round: 0,
  phase: 'registering',
  nameTaken: false,
  software: '0.1.0',
};

export function seatChecks(invitation: string): PortAnswers['check_invitation'] {
  const good = { state: 'ok', meaning: '', tryThis: '' } as const;
  if (!invitation.includes('i=')) {
    const unknown = { state: 'unknown', text: 'not checked', figure: '', meaning: '', tryThis: '' } as const;
    return {
      plan: null,
      asked: null,
      checks: [
        {
          what: 'invitation',
          state: 'fault',
          text: 'It was written by an older Roundscope (format 1).',
          figure: '',
          meaning: 'It has no key, so nobody can tell whether 10.0.4.18 is really the coordinator.',
          tryThis: 'Ask the coordinator for a new invitation.',
        },
        ...(['way', 'address', 'identity', 'clock', 'version', 'name'] as const).map((what) => ({ what, ...unknown })),
      ],
    };
  }
  return {
    plan: seatPlan,
    asked: {
      hash: '41d977c2'.repeat(8),
      model: '3e71b05c'.repeat(8),
      coordinator: 'a90c47e1'.repeat(8),
      epochs: 2,
      rounds: 20,
      updateBytes: 9_382_428,
    },
    checks: [
      { what: 'invitation', ...good, text: 'complete, of run emotion pilot', figure: '' },
      { what: 'way', ...good, text: 'QUIC is encrypted from one end to the other', figure: '' },
      { what: 'address', ...good, text: '10.0.4.18 answers over quic', figure: '18 ms' },
      { what: 'identity', ...good, text: 'its key is the one in the invitation', figure: '' },
      { what: 'clock', ...good, text: '0.03 s apart', figure: 'limit 2 s' },
      { what: 'version', ...good, text: '0.1.0 here and there', figure: '' },
      { what: 'name', ...good, text: 'free; 1 of 4 is here', figure: '' },
    ],
  };
}

export function seatNetwork({ model }: RequestOf<'preview_network'>): NetworkPreview {
  const path = model.replace('~', '/home/ada');
  return { path, shape: [1, 64, 64], numClasses: 7, parameters: 301_255, fault: null };
}

export function seatPreview({ data, classes, mapping }: RequestOf<'preview_data'>): DataPreview {
  const counts = {
    angry: 231,
    contempt: 96,
    disgust: 108,
    fear: 196,
    Happy: 402,
    neutral: 318,
    sad: 243,
    suprise: 168,
  };
  const known = Object.entries(counts).filter(([name]) => name !== 'contempt' || data.includes('contempt'));
  const rows = known.map(([name, count]): DataPreview['classes'][number] => {
    const chosen = mapping?.find(({ from }) => from === name);
    if (classes === undefined) return { name, count, to: name, guess: null, why: 'a class of the run' };
    if (chosen !== undefined) {
      return { name, count, to: chosen.to, guess: null, why: chosen.to === null ? 'left out' : 'chosen' };
    }
    if (classes.includes(name)) return { name, count, to: name, guess: null, why: 'same name' };
    if (classes.includes(name.toLowerCase())) {
      return { name, count, to: name.toLowerCase(), guess: null, why: 'same but for its capital letter' };
    }
    return { name, count, to: null, guess: name === 'suprise' ? 'surprise' : null, why: 'not a class of this run' };
  });
  const total = rows.reduce((sum, { count, to }) => sum + (to === null ? 0 : count), 0);
  const unknown = rows.filter(({ name, to }) => to === null && !mapping?.some(({ from }) => from === name));
  return {
    path: data.replace('~', '/home/ada'),
    source: data,
    shape: [1, 48, 48],
    classes: rows,
    total,
    heldOut: Math.round(total / 5),
    leftOut: [
      { what: 'not pictures', count: 6, example: 'Thumbs.db' },
      { what: 'cut off', count: 5, example: 'angry/0412.jpg' },
      { what: 'too small', count: 3, example: 'sad/icon.png' },
    ],
    changed: [
      { what: 'scaled', count: 1412, how: '96 × 96 to 48 × 48' },
      { what: 'color to grey', count: 254, how: 'luma, as Pillow does it' },
      { what: 'turned', count: 31, how: 'by their EXIF orientation' },
    ],
    warnings: [],
    pictures: rows.flatMap(({ name }, i) => [0, 1].map((j) => ({ label: name, url: square(40 + 25 * i + 20 * j) }))),
    fault:
      classes === undefined || unknown.length === 0
        ? null
        : {
            code: 'data_invalid',
            layer: 'data',
            message: `${unknown.map(({ name }) => `“${name}”`).join(' and ')} ${unknown.length === 1 ? 'is no class' : 'are no classes'} of this run.`,
            retryable: false,
            context: {},
            causes: [],
          },
    readMs: 912,
  };
}

function square(grey: number): string {
  const level = grey % 256;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8" fill="rgb(${level},${level},${level})"/><circle cx="4" cy="4" r="2.4" fill="rgb(${255 - level},${255 - level},${255 - level})"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

const dayMs = 24 * 3600 * 1000;

export function seatRecentRuns(now: number): readonly RecentRun[] {
  const base = { reason: '', left: false, roundsPlanned: 20, model: null, recording: null, again: null } as const;
  const again = { invitation: 'roundscope://join?i=abc', data: '~/data/faces', name: 'lab-2' };
  const run = (
    id: string,
    name: string,
    daysAgo: number,
    rest: Partial<RecentRun> & Pick<RecentRun, 'chair' | 'status' | 'roundsCompleted' | 'accuracy'>,
  ): RecentRun => ({
    ...base,
    run: id,
    name,
    self: rest.chair === 'participant' ? 'lab-2' : null,
    startedAt: now - daysAgo * dayMs,
    endedAt: now - daysAgo * dayMs + 600_000,
    ...rest,
  });
  return [
    run('r-51c7d2', 'emotion trial', 0.1, {
      chair: 'participant',
      status: 'completed',
      roundsCompleted: 20,
      accuracy: 0.648,
      again,
    }),
    run('r-48ee01', 'emotion trial', 1, {
      chair: 'coordinator',
      status: 'interrupted',
      reason: 'stopped in the window',
      roundsCompleted: 9,
      accuracy: 0.581,
    }),
    run('r-20d611', 'digits test', 2, {
      chair: 'participant',
      status: 'interrupted',
      reason: 'stopped in the window',
      left: true,
      roundsCompleted: 6,
      accuracy: 0.912,
      again,
    }),
    run('r-0b6f9e', 'ward sensors', 3, {
      chair: 'participant',
      status: 'unreachable',
      reason: 'the coordinator did not answer for 10 min',
      roundsCompleted: 4,
      accuracy: 0.527,
      again,
    }),
    run('r-9d3417', 'demo, digits', 3.1, {
      chair: 'demo',
      status: 'completed',
      roundsCompleted: 20,
      accuracy: 0.961,
    }),
    run('r-9c8822', 'demo, faces', 4, {
      chair: 'demo',
      status: 'stalled',
      reason: 'deadline of round 4 passed without quorum',
      roundsCompleted: 3,
      accuracy: null,
    }),
  ];
}

export const seatAddresses: PortAnswers['own_addresses'] = {
  addresses: [
    { host: '10.0.4.18', what: 'eth0' },
    { host: 'lab-hub.local', what: 'this machine’s name' },
    { host: '127.0.0.1', what: 'this machine alone' },
  ],
  transports: [
    { protocol: 'quic', works: true, detail: 'UDP, quinn' },
    { protocol: 'mqtt', works: true, detail: 'its own broker' },
    { protocol: 'grpc', works: true, detail: 'TCP' },
    { protocol: 'amqp', works: false, detail: 'no RabbitMQ on this machine' },
    { protocol: 'dds', works: false, detail: 'libddsc is not installed' },
  ],
};

export function seatFolders(typed: string): PortAnswers['complete_path'] {
  const path = typed.replace('~', '/home/ada');
  const names = ['data', 'data/faces', 'data/faces-contempt', 'data/validation', 'Documents', 'Downloads'];
  const entries = names
    .map((name) => ({ path: `/home/ada/${name}`, name: name.slice(name.lastIndexOf('/') + 1) }))
    .filter((entry) => entry.path.startsWith(path));
  return { path, isFolder: names.some((name) => `/home/ada/${name}` === path), entries, more: false };
}

/** What `lab-2` of the recorded seats has sent after twelve rounds. */
export function seatSent(): PortAnswers['what_left'] {
  const counter = new SentCounter();
  let id = 0;
  const add = (kind: string, frame: Readonly<Record<string, unknown>>, more: Partial<SentPacket> = {}): void =>
    counter.add({
      id: ++id,
      at: Date.parse('2026-01-04T11:51:00Z') + id * 400,
      kind,
      round: 12,
      peer: 'coordinator',
      messageId: '',
      sizeBytes: 240,
      bodyBytes: 0,
      status: 'ok',
      header: JSON.stringify(frame),
      ...more,
    });
  const message = (kind: string, body: Readonly<Record<string, unknown>>, more: Partial<SentPacket> = {}): void => {
    const header = { version: 4, run: 'r-5c20be', sender: 'lab-2', kind, round: 12, id: `m-${id}`, sent_at: 1, body };
    const payload = kind === 'model_update' ? { payload: { hash: 'ab', length: 1, encoding: 'safetensors' } } : {};
    add(kind, { t: 'message', seq: id, header: { ...header, ...payload }, ack: id }, more);
  };
  add('hello', { t: 'hello', version: 4, run: 'r-5c20be', participant: 'lab-2', peer: '12D3KooW', resumes: false });
  add('proof', { t: 'proof', mac: '1a', signature: '2b' });
  const data = { source: 'own pictures', examples: 1300, held_out: 330, shape: [1, 48, 48], classes: seatFaces };
  message('register', { name: 'lab-2', key: 'a90c47e1', data, trainer: 'onnxruntime CPU, 2 threads' });
  for (let round = 1; round <= 12; round++) {
    for (let batch = 0; batch < 20; batch++)
      message('training_progress', { epoch: 1, epochs: 2, batch, batches: 42, loss: 1.2 });
    const update = { examples: 1300, base: 'cd'.repeat(32), loss: 1.1, accuracy: 0.6, train_ms: 21_000, norm: 1.08 };
    message('model_update', update, { messageId: `u-${round}` });
    for (let chunk = 0; chunk < 18; chunk++)
      add(
        'chunk',
        { t: 'chunk', transfer: `u-${round}`, offset: 0, index: 1, count: 18 },
        { messageId: `u-${round}`, sizeBytes: 521_000, bodyBytes: 520_900 },
      );
    message('evaluation_result', { loss: 1.05, accuracy: 0.61, examples: 330 });
    for (let beat = 0; beat < 12; beat++) add('heartbeat', { t: 'heartbeat', n: beat, ack: id });
    add('ack', { t: 'ack', state: { received: 3, transfers: [], done: [], failed: [] } });
  }
  return { tally: counter.tally, from: 0, upTo: id, more: false };
}

export function seatApprovals(): PortAnswers['approvals'] {
  const one = { coordinator: 'a90c47e1'.repeat(8), reason: '' };
  const at = Date.parse('2026-01-04T11:48:00Z');
  return {
    answers: [
      { ...one, at, answer: 'approved', name: 'emotion pilot', plan: '41d977c2'.repeat(8), by: 'its user' },
      {
        ...one,
        at: at - 86_400_000,
        answer: 'refused',
        name: 'scan study',
        plan: '9b3002fe'.repeat(8),
        by: 'rules',
        reason: 'it asks for 20 epochs a round, and at most 5 are allowed here',
      },
    ],
    count: 2,
    fault: null,
  };
}
