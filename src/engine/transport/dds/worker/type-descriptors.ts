// Made by scripts/generate-dds-types.mjs from resources/idl/roundscope.idl; not to be changed by hand.

export const announceType = {
  name: 'roundscope::Announce',
  sizeBytes: 64,
  alignBytes: 8,
  flags: 0,
  keys: [
    { name: 'participant', offset: 17, index: 0 },
    { name: 'session', offset: 19, index: 1 },
  ],
  opCount: 9,
  // prettier-ignore
  ops: [17104905, 0, 17104905, 8, 17104896, 16, 17104896, 24, 16973824, 32, 17104896, 40, 17104896, 48, 17104896, 56, 0, 117440513, 0, 117440513, 2],
  offsets: {
    participant: 0,
    session: 8,
    run: 16,
    kind: 24,
    version: 32,
    agreement: 40,
    proof: 48,
    reason: 56,
    end: 64,
  },
} as const;

export const sampleType = {
  name: 'roundscope::Sample',
  sizeBytes: 96,
  alignBytes: 8,
  flags: 0,
  keys: [{ name: 'participant', offset: 21, index: 0 }],
  opCount: 11,
  // prettier-ignore
  ops: [17104905, 0, 17104896, 8, 17104896, 16, 17104896, 24, 16973824, 32, 16973824, 36, 16973824, 40, 16973824, 44, 17236224, 48, 17236224, 72, 0, 117440513, 0],
  offsets: {
    participant: 0,
    run: 8,
    session: 16,
    lane: 24,
    laneNumber: 32,
    number: 36,
    flags: 40,
    frameBytes: 44,
    tag: 48,
    bytes: 72,
    end: 96,
  },
} as const;
