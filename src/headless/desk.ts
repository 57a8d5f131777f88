import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { keyWords } from '#shared/base/key-words.ts';
import { spawn } from '#shared/base/spawn.ts';
import { toErrorReport } from '#shared/base/errors.ts';
import { visibleWithin } from '#shared/base/visible-text.ts';
import type { AppService } from '#service/app-service.ts';
import { decideAdmission, expelParticipant, inviteParticipant, renewInvitation } from '#service/admission.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { deskHelp, parseOrder, type DeskOrder } from './desk-words.ts';

export interface DeskParts {
  readonly service: AppService;
  readonly say: (text: string) => void;
  readonly invited: (invited: Invited) => void;
}

/** An invitation for stdout. `name`: whom it is for, absent for everybody; `until`: wall ms. */
export interface Invited {
  readonly invitation: string;
  readonly name?: string;
  readonly until?: number;
}

/** A line is what somebody types; longer ones are none. */
const lineMax = 1000;

/** Takes orders about who takes part from stdin, a line each, as long as the run goes on. */
export function openDesk(parts: DeskParts): Disposable {
  const { stdin } = process;
  if (stdin.destroyed || stdin.readableEnded || !mayRead()) return { [Symbol.dispose]: () => undefined };
  const lines = createInterface({ input: stdin, terminal: false });
  // One after another: an order may be about what the one before has done.
  let last = Promise.resolve();
  lines.on('line', (line) => {
    last = last.then(() => obey(line.slice(0, lineMax), parts));
    spawn('taking an order', last);
  });
  // A terminal that is gone, or a stdin that cannot be read, as under nohup: the run goes on without orders.
  lines.on('error', (error) => {
    parts.say(visibleWithin(`No more orders can be typed here (${toErrorReport(error).message}); the run goes on.`));
    lines.close();
  });
  return {
    [Symbol.dispose]: () => {
      lines.close();
      stdin.destroy();
    },
  };
}

async function obey(line: string, parts: DeskParts): Promise<void> {
  const order = parseOrder(line, systemClock.wallMs());
  if (order === null) return;
  if (!order.ok) return parts.say(visibleWithin(order.error));
  try {
    await carryOut(order.value, parts);
  } catch (error) {
    parts.say(visibleWithin(toErrorReport(error).message));
  }
}

async function carryOut(order: DeskOrder, { service, say, invited }: DeskParts): Promise<void> {
  switch (order.kind) {
    case 'admit':
    case 'always':
    case 'refuse':
      return await decideAdmission(service, { participant: order.name, decision: order.kind });
    case 'expel':
      return expelParticipant(service, { participant: order.name, reason: order.reason });
    case 'renew': {
      const invitation = await renewInvitation(service);
      say('Older invitations let nobody new in any more; who is in the run stays. The new one:');
      return invited({ invitation });
    }
    case 'invite': {
      const { name, until } = order;
      const invitation = await inviteParticipant(service, { name, ...(until === undefined ? {} : { until }) });
      const last = until === undefined ? 'as long as the run lasts' : `until ${new Date(until).toLocaleString()}`;
      say(
        `For ${name}, ${last}; it is let in without a question. Where the run's invitation was never renewed, renew it first, or this one is good for other names too:`,
      );
      return invited({ invitation, name, ...(until === undefined ? {} : { until }) });
    }
    case 'who':
      return whoIsThere(service).forEach((line) => say(visibleWithin(line)));
    case 'help':
      return say(deskHelp);
  }
}

function whoIsThere(service: AppService): readonly string[] {
  const view = service.host?.view;
  const here = (view?.participants ?? []).filter(({ left, joinedAt }) => left === null && joinedAt > 0);
  const lines = here.map(({ id, key, address }) => `${id}  key ${keyWords(key)}  ${address}`);
  const asking = (view?.asking ?? []).map(
    ({ participant, key, address }) => `${participant}  key ${keyWords(key)}  ${address}  waits to be let in`,
  );
  return lines.length + asking.length === 0 ? ['Nobody is here and nobody waits.'] : [...lines, ...asking];
}

/** A program in the background that reads from its terminal is stopped by the system. */
function mayRead(): boolean {
  if (!process.stdin.isTTY) return true;
  try {
    // proc(5): behind the name in brackets stand state, parent, process group, session, terminal and its foreground group.
    const [, , group, , , foreground] = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return group === foreground;
  } catch {
    // No such file on this system; most programs that are started here are in the foreground.
    return true;
  }
}
