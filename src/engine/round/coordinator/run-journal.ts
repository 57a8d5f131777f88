import { z } from 'zod';
import { hashSchema, participantIdSchema, type Hash, type ParticipantId } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import { bodySchemas, dataSummarySchema, runStatusSchema } from '#shared/contract/messages.ts';
import { admissionMemorySchema, decisionSchemas, expelledWords, noDecisions, withDecision } from '../admission.ts';
import { ownWeightSchema } from '#shared/contract/run/weight-rule.ts';

/**
 * What a coordinator must not forget when its process dies, and the records of which it is made. The machine emits a record
 * as an effect before the messages that reveal it; `applyRecord` folds records, so a journal of them is the run. Parameters are
 * not in it: models and updates lie beside the journal under their content hashes.
 */
const count = z.number().int().nonnegative();
const round = count.max(limits.roundsMax);
const ids = z.array(participantIdSchema).max(limits.participantsMax);
const text = z.string().max(1000);

const participantSchema = z.object({
  id: participantIdSchema,
  key: z.string().max(128),
  data: dataSummarySchema,
  trainer: text,
  fromRound: round,
  misses: count,
  /** Absent in journals of older versions. */
  counted: count.default(0),
  lastCounted: z.object({ round, hash: hashSchema }).nullable(),
  left: z.object({ reason: text, clean: z.boolean() }).nullable(),
});
export type JournaledParticipant = z.infer<typeof participantSchema>;

const weighedSchema = ownWeightSchema.pick({ share: true, clipped: true });

const ownerSchema = z.object({ id: participantIdSchema, key: z.string().max(128) });

const contributionSchema = z.object({
  hash: hashSchema,
  examples: z.number().int().positive(),
  /** Absent in journals of older versions, as much as that. */
  claimed: count.optional(),
  weighed: weighedSchema.nullable().optional(),
  loss: z.number(),
  accuracy: z.number(),
  norm: z.number(),
  sizeBytes: count,
  order: count.optional(),
});
export type RememberedContribution = z.infer<typeof contributionSchema>;

const evaluationSchema = bodySchemas.evaluation_result.extend({ claimed: count.optional() });
const evaluatesSchema = z.enum(['no', 'asked', 'awaited']);
const memberSchema = z.object({
  id: participantIdSchema,
  /** Absent in journals of older versions: of whoever has the name. */
  key: z.string().max(128).optional(),
  awaited: z.boolean(),
  contribution: contributionSchema.nullable(),
  evaluates: evaluatesSchema,
  evaluation: evaluationSchema.nullable(),
});
export type JournaledMember = z.infer<typeof memberSchema>;

const summarySchema = bodySchemas.round_summary.omit({ own: true }).extend({ round });
const outcomeSchema = z.object({
  status: runStatusSchema,
  reason: z.string().max(500),
  roundsCompleted: round,
  loss: z.number().nullable(),
  accuracy: z.number().nullable(),
});

const memorySchema = z.object({
  /** The round that runs or, between rounds, the one that was last; 0 before the first. */
  round,
  stage: z.enum(['between', 'training', 'evaluating']),
  model: hashSchema,
  modelBefore: hashSchema,
  roundsCompleted: round,
  loss: z.number().nullable(),
  accuracy: z.number().nullable(),
  /** In order of id, as in the machine. */
  participants: z.array(participantSchema).max(limits.participantsMax * 2),
  /** Whose key each name belongs to: of all who registered and have not said goodbye. Absent in journals of older versions. */
  owners: z.array(ownerSchema).max(limits.ownedNamesMax).default([]),
  members: z.array(memberSchema).max(limits.participantsMax),
  /** Absent in journals of older versions. */
  admission: admissionMemorySchema.default(noDecisions),
  /** Wall ms at which `round` began; absent before the first and in journals of older versions. */
  roundStartedAt: z.number().optional(),
  /** The round that was closed last: whoever reported it may have died before anybody read it. */
  last: summarySchema.nullable(),
  ended: outcomeSchema.nullable(),
});
export type JournaledRun = z.infer<typeof memorySchema>;

export const journalRecordSchema = z.discriminatedUnion('kind', [
  /** Everything so far: how a journal begins, again at each round. */
  z.object({ kind: z.literal('memory'), memory: memorySchema }),
  z.object({ kind: z.literal('participant'), participant: participantSchema }),
  z.object({ kind: z.literal('left'), participant: participantIdSchema, reason: text, clean: z.boolean() }),
  z.object({
    kind: z.literal('round'),
    round,
    startedAt: z.number().optional(),
    members: z.array(z.object({ id: participantIdSchema, awaited: z.boolean() })).max(limits.participantsMax),
  }),
  /** Somebody who was away when the round began is asked as well. */
  z.object({ kind: z.literal('member'), member: z.object({ id: participantIdSchema, awaited: z.boolean() }) }),
  z.object({ kind: z.literal('counted'), participant: participantIdSchema, round, contribution: contributionSchema }),
  z.object({
    kind: z.literal('aggregated'),
    model: hashSchema,
    evaluates: z.array(z.object({ id: participantIdSchema, evaluates: evaluatesSchema })).max(limits.participantsMax),
    missing: ids,
    /** Absent in journals of older versions. */
    weights: z
      .array(weighedSchema.extend({ id: participantIdSchema }))
      .max(limits.participantsMax)
      .optional(),
  }),
  z.object({
    kind: z.literal('evaluated'),
    participant: participantIdSchema,
    evaluation: evaluationSchema,
  }),
  z.object({ kind: z.literal('closed'), summary: summarySchema, missing: ids }),
  z.object({ kind: z.literal('ended'), outcome: outcomeSchema }),
  ...decisionSchemas,
]);
export type JournalRecord = z.infer<typeof journalRecordSchema>;

/** A run of which nothing has happened yet. */
export function emptyRun(initialModel: Hash): JournaledRun {
  return {
    round: 0,
    stage: 'between',
    model: initialModel,
    modelBefore: initialModel,
    roundsCompleted: 0,
    loss: null,
    accuracy: null,
    participants: [],
    owners: [],
    members: [],
    admission: noDecisions,
    last: null,
    ended: null,
  };
}

/** What is known once `record` is known too. */
export function applyRecord(memory: JournaledRun, record: JournalRecord): JournaledRun {
  switch (record.kind) {
    case 'memory':
      return record.memory;
    case 'participant': {
      const others = memory.participants.filter(({ id }) => id !== record.participant.id);
      const participants = [...others, record.participant].sort((a, b) => (a.id < b.id ? -1 : 1));
      const { id, key } = record.participant;
      const owners = [...memory.owners.filter((owner) => owner.id !== id), { id, key }];
      return { ...memory, participants, owners: owners.slice(-limits.ownedNamesMax) };
    }
    case 'left':
      return forgetting(memory, record);
    case 'round':
      return {
        ...memory,
        round: record.round,
        stage: 'training',
        roundStartedAt: record.startedAt,
        modelBefore: memory.model,
        participants: memory.participants.filter(({ left }) => left === null),
        members: record.members.map((member) => memberOf(memory, member)),
      };
    case 'member': {
      const members = [...memory.members, memberOf(memory, record.member)];
      return { ...memory, members: members.sort((a, b) => (a.id < b.id ? -1 : 1)) };
    }
    case 'counted': {
      const { participant, round: counted, contribution } = record;
      const lastCounted = { round: counted, hash: contribution.hash };
      const participants = memory.participants.map((one) =>
        one.id === participant ? { ...one, misses: 0, counted: one.counted + 1, lastCounted } : one,
      );
      return {
        ...memory,
        participants,
        members: patched(memory.members, participant, { contribution }),
      };
    }
    case 'aggregated':
      return aggregated(memory, record);
    case 'evaluated':
      return { ...memory, members: patched(memory.members, record.participant, { evaluation: record.evaluation }) };
    case 'closed': {
      const { summary } = record;
      return {
        ...memory,
        stage: 'between',
        roundsCompleted: memory.roundsCompleted + 1,
        loss: summary.loss,
        accuracy: summary.accuracy,
        participants: missed(memory.participants, record.missing).filter(({ left }) => left === null),
        members: [],
        last: summary,
      };
    }
    case 'ended':
      return { ...memory, ended: record.outcome };
    case 'admitted':
    case 'refused':
    case 'renewed':
      return { ...memory, admission: withDecision(memory.admission, record) };
    case 'expelled':
      return expelled({ ...memory, admission: withDecision(memory.admission, record) }, record);
  }
}

function aggregated(memory: JournaledRun, record: RecordOf<'aggregated'>): JournaledRun {
  const evaluates = new Map<ParticipantId, JournaledMember['evaluates']>(
    record.evaluates.map((entry) => [entry.id, entry.evaluates]),
  );
  const weighed = new Map(record.weights?.map(({ id, share, clipped }) => [id, { share, clipped }]));
  return {
    ...memory,
    stage: 'evaluating',
    model: record.model,
    participants: missed(memory.participants, record.missing),
    members: memory.members.map((member) => ({
      ...member,
      contribution: member.contribution === null ? null : { ...member.contribution, weighed: weighed.get(member.id) },
      evaluates: evaluates.get(member.id) ?? 'no',
    })),
  };
}

/** Whose name is another one's by now has left already: what that one does stays as it is. */
function expelled(before: JournaledRun, { id, key, drops, reason }: RecordOf<'expelled'>): JournaledRun {
  const holder = before.participants.find((one) => one.id === id);
  const leaves = holder?.key === key && holder.left === null;
  const how = { kind: 'left', participant: id, reason: expelledWords(id, reason), clean: true } as const;
  const memory = leaves ? forgetting(before, how) : before;
  const own = memory.members.find((one) => one.id === id);
  if (own === undefined || (own.key ?? key) !== key) return memory;
  const checks = { evaluates: 'no', evaluation: null } as const;
  const members = patched(memory.members, id, drops ? { ...checks, contribution: null } : checks);
  if (!drops) return { ...memory, members };
  const participants = memory.participants.map((one) =>
    one.id === id && one.key === key ? { ...one, counted: Math.max(0, one.counted - 1), lastCounted: null } : one,
  );
  return { ...memory, members, participants };
}

function memberOf({ participants }: JournaledRun, member: Pick<JournaledMember, 'id' | 'awaited'>): JournaledMember {
  const key = participants.find(({ id }) => id === member.id)?.key;
  return {
    ...member,
    ...(key === undefined ? {} : { key }),
    contribution: null,
    evaluates: 'no',
    evaluation: null,
  };
}

/** A member that leaves is named in its round, so it stays until that is over. */
function forgetting(memory: JournaledRun, { participant, reason, clean }: RecordOf<'left'>): JournaledRun {
  // Who is only away keeps its name.
  const owners = clean ? memory.owners.filter(({ id }) => id !== participant) : memory.owners;
  const isMember = memory.stage !== 'between' && memory.members.some(({ id }) => id === participant);
  const participants = isMember
    ? patched(memory.participants, participant, { left: { reason, clean } })
    : memory.participants.filter(({ id }) => id !== participant);
  return { ...memory, participants, owners };
}

type RecordOf<K extends JournalRecord['kind']> = Extract<JournalRecord, { kind: K }>;

function patched<T extends { readonly id: ParticipantId }>(
  items: readonly T[],
  id: ParticipantId,
  news: Partial<T>,
): T[] {
  return items.map((item) => (item.id === id ? { ...item, ...news } : item));
}

function missed(
  participants: readonly JournaledParticipant[],
  missing: readonly ParticipantId[],
): JournaledParticipant[] {
  return participants.map((one) => (missing.includes(one.id) ? { ...one, misses: one.misses + 1 } : one));
}
