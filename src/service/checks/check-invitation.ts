import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError, toErrorReport } from '#shared/base/errors.ts';
import { fromChildSchema, type ChildProcess, type Launcher } from '#shared/contract/child-messages.ts';
import { asParticipantId } from '#shared/contract/ids.ts';
import type { Looked, LookStart } from '#shared/contract/app/look.ts';
import { participantName } from '#shared/contract/run/participant-name.ts';
import type { PortAnswers, RequestOf } from '#shared/contract/app/port-api.ts';
import { askedBy } from '#engine/identity/asked-plan.ts';
import { decodeInvitation } from '#engine/identity/invitation.ts';
import { checksOf, type Found } from './invitation-checks.ts';

/** The process has its own limit of some seconds; this one is for a process that hangs. */
const patienceMs = 12_000;

export interface CheckParts {
  readonly launcher: Launcher;
  readonly clock: Clock;
  /** Version of this program. */
  readonly software: string;
}

/**
 * Looks at an invitation before anybody joins. Whatever is wrong with it is a check that says so, never a rejection. The
 * look itself is a process of its own: transports have native parts, and one that crashes must not take the service along.
 */
export async function checkInvitation(
  { invitation, name }: RequestOf<'check_invitation'>,
  parts: CheckParts,
): Promise<PortAnswers['check_invitation']> {
  const decoded = decodeInvitation(invitation);
  if (!decoded.ok) return { checks: checksOf({ invitation: toErrorReport(decoded.error) }), plan: null, asked: null };
  const checked = participantName(name.trim());
  // A name that cannot be used is no reason not to look.
  const asked = checked.ok ? checked.value : asParticipantId('somebody');
  const found: Found = {
    invitation: decoded.value,
    name: checked.ok ? { given: checked.value } : { given: name.trim(), fault: checked.error },
    software: parts.software,
    looked: await look({ type: 'start_look', invitation, name: asked }, parts),
  };
  const plan = found.looked instanceof RoundscopeError ? null : planOf(found.looked);
  return { checks: checksOf(found), plan, asked: plan === null ? null : askedBy(plan, decoded.value) };
}

/** Of whoever answered first in the order of the invitation. */
function planOf(looked: Looked): PortAnswers['check_invitation']['plan'] {
  return looked.tried.find(({ seen }) => seen !== null)?.seen?.plan ?? null;
}

/** Once more where the process has died of it without a word: that may have been chance. */
async function look(start: LookStart, parts: CheckParts): Promise<Looked | RoundscopeError> {
  const first = await lookOnce(start, parts);
  return (first.died ? await lookOnce(start, parts) : first).looked;
}

interface Look {
  readonly looked: Looked | RoundscopeError;
  /** It ended without a word. */
  readonly died: boolean;
}

async function lookOnce(start: LookStart, { launcher, clock }: CheckParts): Promise<Look> {
  let child: ChildProcess;
  try {
    child = await launcher.launch('look', 'look');
  } catch (error) {
    return { looked: failed(error instanceof Error ? error.message : String(error)), died: false };
  }
  const { promise, resolve } = Promise.withResolvers<Look>();
  const tell = (looked: Looked | RoundscopeError, died = false): void => resolve({ looked, died });
  const gone = Promise.withResolvers<void>();
  child.onMessage((message) => {
    const checked = fromChildSchema.safeParse(message);
    if (checked.success && checked.data.type === 'looked') tell(checked.data);
    else if (checked.success && checked.data.type === 'ended' && checked.data.error !== undefined)
      tell(failed(checked.data.error.message));
  });
  child.onExit(({ code, signal }) => {
    tell(failed(`it ended with ${signal ?? `status ${code}`}`), true);
    gone.resolve();
  });
  child.post(start);
  using _patience = clock.timer(patienceMs, () => tell(failed(`it did not answer in ${patienceMs / 1000} s`)));
  const look = await promise;
  // It ends by itself once it has spoken; one that hangs does not.
  using _end = clock.timer(2_000, () => child.end('kill'));
  if (look.looked instanceof RoundscopeError) child.end('kill');
  await gone.promise;
  return look;
}

function failed(why: string): RoundscopeError {
  const message = `The process that looks at the invitation failed: ${why}.`;
  return new RoundscopeError('process_exited', { layer: 'service', message });
}
