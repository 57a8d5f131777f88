import type { RunSummary } from '#shared/contract/run/summary.ts';
import { exitStatus, ownOutcomes, type OwnOutcome } from '#shared/contract/run/summary.ts';
import { lossTotals } from '#shared/run-view/loss-words.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { isParticipantSeat, isTold } from '#shared/run-view/seat.ts';

/** The last line of `--json`, out of the same view that a window shows. */
export function runSummary(view: RunView): RunSummary {
  const done = view.rounds.filter((round) => round.state === 'done');
  const last = done.at(-1);
  const lost = lossTotals(view.recorder);
  const status = view.status === 'running' || view.status === 'starting' ? 'interrupted' : view.status;
  return {
    event: 'summary',
    status,
    reason: view.endReason,
    run: view.run,
    roundsPlanned: view.roundsPlanned,
    roundsCompleted: Math.max(done.length, view.roundsCompleted),
    durationS: round3(((view.endedAt ?? view.startedAt) - view.startedAt) / 1000),
    roundsDurationS: round3(view.roundsMs / 1000),
    roundsTold: view.roundsTold,
    own: ownWork(view),
    accuracy: last?.accuracy ?? null,
    loss: last?.loss ?? null,
    weightRule: view.weightRule,
    baselineAccuracy: view.baselineAccuracy,
    model: view.models.findLast(({ kind }) => kind === 'final')?.path ?? null,
    participants: view.participants.map((participant) => ({
      id: participant.id,
      ...(isTold(view, participant.id)
        ? { transport: null, stack: null, connections: null, reconnects: null }
        : {
            transport: participant.protocol,
            stack: participant.stack,
            connections: participant.link.connections,
            reconnects: participant.link.reconnects,
          }),
      contributions: participant.counted,
      weight: weightOf(view, participant.id),
    })),
    packets: { recorded: view.recorder?.packets ?? 0, dropped: lost.packets },
    events: { recorded: view.recorder?.events ?? 0, dropped: lost.events },
    malformed: lost.malformed,
    cutBodies: lost.cutBodies,
    bytes: {
      payload: sum(view, (link) => link.payloadSentBytes + link.payloadReceivedBytes),
      wire: sum(view, (link) => link.sentBytes + link.receivedBytes),
    },
    verdicts: view.verdicts.map((verdict) => ({
      rule: verdict.rule,
      layer: verdict.layer,
      subject: verdict.subject,
      since: new Date(verdict.since).toISOString(),
      detectedAfterS: round3(verdict.detectedAfterMs / 1000),
      evidence: verdict.evidence.map((evidence) => evidence.ref),
    })),
  };
}

function weightOf(view: RunView, id: string): RunSummary['participants'][number]['weight'] {
  if (isParticipantSeat(view)) {
    const own = id === view.self ? view.contributions.findLast(({ weight }) => weight !== null) : undefined;
    if (own?.weight == null || own.examples === null) return null;
    return { claimed: own.examples, counted: own.countedExamples ?? own.examples, share: round3(own.weight) };
  }
  const updates = view.rounds.flatMap((round) => round.updates).filter(({ participant }) => participant === id);
  const last = updates.findLast(({ share }) => share !== null);
  if (last?.share == null) return null;
  return { claimed: last.claimed, counted: last.examples, share: round3(last.share) };
}

function ownWork(view: RunView): RunSummary['own'] {
  if (!isParticipantSeat(view)) return null;
  const own = Object.fromEntries(ownOutcomes.map((outcome) => [outcome, 0])) as Record<OwnOutcome, number>;
  for (const { outcome } of view.contributions) {
    // At the end of a run nothing is under way any more.
    if (outcome !== 'training' && outcome !== 'sent') own[outcome] += 1;
  }
  return own;
}

export function exitStatusOf(summary: RunSummary): number {
  return exitStatus[summary.status];
}

function sum(view: RunView, bytes: (link: RunView['participants'][number]['link']) => number): number {
  return view.participants.reduce((total, participant) => total + bytes(participant.link), 0);
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}
