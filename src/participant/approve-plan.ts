import { RoundscopeError } from '#shared/base/errors.ts';
import type { ParticipantStart } from '#shared/contract/child-messages.ts';
import type { Invitation } from '#shared/contract/app/invitation.ts';
import { hashSchema } from '#shared/contract/ids.ts';
import { judgePlan } from '#shared/contract/run/approval.ts';
import type { RunPlanBody } from '#shared/contract/messages.ts';
import { approvalLogPath, logApproval } from '#engine/durability/approval-log.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { askedBy } from '#engine/identity/asked-plan.ts';
import { hasSigned, signAs, type Identity } from '#engine/identity/identity.ts';

/**
 * Before anything of the data is read: whether this machine does what the plan asks, as its user has said, and a line in the
 * signed log of what was answered. Parts of a demo are one machine's and ask nobody. Decision 0112.
 * @throws RoundscopeError `plan_refused`, and where the answer cannot be kept
 */
export function approvePlan(
  plan: RunPlanBody,
  {
    start,
    invitation,
    identity,
  }: { readonly start: ParticipantStart; readonly invitation: Invitation; readonly identity: Identity },
): void {
  if (start.share !== undefined) return;
  const asked = askedBy(plan, invitation);
  const approval = start.approval ?? { by: 'anything', because: 'no rule was given' };
  const { approved, by, reason } = judgePlan(approval, asked);
  const folder = start.identityFolder ?? start.stateFolder;
  if (folder !== undefined)
    logApproval(
      approvalLogPath(folder, start.name),
      {
        at: systemClock.wallMs(),
        participant: start.name,
        run: invitation.run,
        name: plan.runName,
        coordinator: asked.coordinator,
        plan: hashSchema.parse(asked.hash),
        model: hashSchema.parse(asked.model),
        answer: approved ? 'approved' : 'refused',
        by,
        reason,
      },
      { peerId: identity.peerId, sign: (bytes) => signAs(identity, bytes) },
      hasSigned,
    );
  if (!approved)
    throw new RoundscopeError('plan_refused', { layer: 'round', message: `the plan was not approved: ${reason}` });
}
