import type { LibraryList, LibraryRecording } from '#shared/contract/app/library.ts';

const folder = '/home/ada/.local/share/roundscope';
const day = 24 * 3600_000;

/** What a service would answer to the view Runs, for pictures and preview: some of each kind. */
export function recordedLibrary(now: number): LibraryList {
  return {
    recordings: [
      recording(now - 123_000, { run: 'r-93d1be', goesOn: true, status: null, roundsCompleted: 3, accuracy: 0.402 }),
      recording(now - day, {
        run: 'r-b81e04',
        notes: {
          name: '',
          note: 'For lecture 3. Start at round 4, slow down to 0.5× at the hang-up, then open the chain of evidence.',
          pinned: true,
        },
        verdicts: 2,
        firstVerdicts: [
          {
            at: now - day + 150_800,
            sentence: 'node-3 opens a connection for each message and never hears the answer',
          },
          { at: now - day + 312_700, sentence: 'The link to node-4 is silent, its process is alive' },
        ],
        sizeBytes: 871e6,
      }),
      recording(now - 2 * day, {
        run: 'r-7f3a2c',
        chair: 'participant',
        self: 'lab-2',
        status: 'interrupted',
        left: true,
      }),
      recording(now - 3 * day, {
        run: 'r-e0f15c',
        name: '24 participants',
        participants: 24,
        transports: [
          { transport: 'quic', participants: 10 },
          { transport: 'mqtt', participants: 6 },
          { transport: 'grpc', participants: 5 },
          { transport: 'dds', participants: 3 },
        ],
        status: 'stalled',
        reason: 'fewer than the quorum were left',
        verdicts: 3,
        sizeBytes: 1.92e9,
      }),
      recording(now - 9 * day, {
        run: 'r-0007b1',
        name: 'first try',
        status: null,
        roundsCompleted: 1,
        participants: 2,
        accuracy: null,
        transports: [],
        notes: { name: 'first try, the laptop went to sleep', note: '', pinned: false },
        sizeBytes: 44e6,
      }),
    ],
    unreadable: [
      {
        path: `${folder}/saved/notes-of-january.sqlite`,
        sizeBytes: 12_000,
        changedAt: now - 30 * day,
        error: {
          code: 'recording_invalid',
          layer: 'recorder',
          message: `${folder}/saved/notes-of-january.sqlite is not a recording of Roundscope`,
          retryable: false,
          context: {},
          causes: [],
        },
      },
    ],
    reading: 0,
    left: 0,
    deleted: [],
  };
}

function recording(startedAt: number, change: Partial<LibraryRecording>): LibraryRecording {
  const run = change.run ?? 'r-000000';
  return {
    path: `${folder}/recordings/${new Date(startedAt).toISOString().slice(0, 10)}-${run}.rscope`,
    run,
    name: 'emotion, dirichlet 0.3',
    chair: 'coordinator',
    self: null,
    startedAt,
    lastAt: startedAt + 427_000,
    cut: null,
    status: 'completed',
    reason: '',
    left: false,
    roundsPlanned: 10,
    roundsCompleted: 10,
    participants: 4,
    transports: [
      { transport: 'quic', participants: 2 },
      { transport: 'mqtt', participants: 1 },
      { transport: 'grpc', participants: 1 },
    ],
    accuracy: 0.559,
    verdicts: 0,
    firstVerdicts: [],
    sizeBytes: 302e6,
    goesOn: false,
    notes: { name: '', note: '', pinned: false },
    notesFault: null,
    ...change,
  };
}
