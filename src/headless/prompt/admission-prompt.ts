import { readFileSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Clock } from '#shared/base/time/clock.ts';
import { keyWords } from '#shared/base/text/key-words.ts';
import { spawn } from '#shared/base/spawn.ts';
import { toErrorReport } from '#shared/base/errors.ts';
import { visibleWithin } from '#shared/base/text/visible-text.ts';
import type { AppService } from '#service/app-service.ts';
import { decideAdmission, expelParticipant, inviteParticipant, renewInvitation } from '#service/runs/admission.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import type { UserOf } from '../options/broker-credentials.ts';
import { admissionHelp, parseCommand, type AdmissionCommand } from './admission-commands.ts';

export interface PromptParts {
  readonly service: AppService;
  readonly say: (text: string) => void;
  readonly invited: (invited: Invited) => void;
  /** The broker's address with the user of that participant, where each is one of its own; the error is a sentence. */
  readonly brokerOf?: UserOf | undefined;
  /** Newcomers wait for an answer that can be typed here. */
  readonly asks: boolean;
}

/** An invitation for stdout. `name`: whom it is for, absent for everybody; `until`: wall ms. */
export interface Invited {
  readonly invitation: string;
  readonly name?: string;
  readonly until?: number;
}

/** A line is what somebody types; longer ones are none. */
const lineMax = 1000;

/** A shell moves a program to the foreground and back; this often it is looked where it is. */
const lookEveryMs = 1000;

export interface PromptEnvironment {
  readonly stdin: Readable;
  readonly clock: Clock;
  /** Whether this program is in the foreground of its terminal: one that is not is stopped when it reads. */
  readonly mayRead: () => boolean;
}

const nobodyAnswersWords =
  'Nothing can be typed here any more (stdin is closed), so nobody is let in from here: who asks waits for an hour, then goes. ' +
  'Begin the run with the names, as --admit ask,anna, or make invitations that need no answer: roundscope invite NAMES --state FOLDER.';

/** Takes orders about who takes part from stdin, a line each, as long as the run goes on and whenever it is in the foreground. */
export function openAdmissionPrompt(
  parts: PromptParts,
  { stdin, clock, mayRead }: PromptEnvironment = { stdin: process.stdin, clock: systemClock, mayRead: inForeground },
): Disposable {
  const nobodyAnswers = (): void => {
    if (parts.asks) parts.say(nobodyAnswersWords);
  };
  if (stdin.destroyed || stdin.readableEnded) {
    nobodyAnswers();
    return { [Symbol.dispose]: () => undefined };
  }
  let lines: Interface | null = null;
  let reading = false;
  let over = false;
  let timer: Disposable | null = null;
  const end = (): void => {
    if (!over) nobodyAnswers();
    over = true;
  };
  const look = (): void => {
    if (over) return;
    if (mayRead() !== reading) {
      reading = !reading;
      if (reading) (lines ??= linesOf(stdin, parts, end)).resume();
      else lines?.pause();
    }
    timer?.[Symbol.dispose]();
    timer = clock.timer(lookEveryMs, look);
  };
  look();
  // Told to whoever goes on after it was stopped: in the foreground or behind it.
  process.on('SIGCONT', look);
  return {
    [Symbol.dispose]: () => {
      over = true;
      process.off('SIGCONT', look);
      timer?.[Symbol.dispose]();
      lines?.close();
      stdin.destroy();
    },
  };
}

function linesOf(stdin: Readable, parts: PromptParts, onEnd: () => void): Interface {
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
  lines.on('close', onEnd);
  return lines;
}

async function obey(line: string, parts: PromptParts): Promise<void> {
  const order = parseCommand(line, systemClock.wallMs());
  if (order === null) return;
  if (!order.ok) return parts.say(visibleWithin(order.error));
  try {
    await carryOut(order.value, parts);
  } catch (error) {
    parts.say(visibleWithin(toErrorReport(error).message));
  }
}

async function carryOut(order: AdmissionCommand, { service, say, invited, brokerOf }: PromptParts): Promise<void> {
  switch (order.kind) {
    case 'admit':
    case 'always':
    case 'refuse':
      return await decideAdmission(service, { participant: order.name, key: order.key, decision: order.kind });
    case 'expel':
      expelParticipant(service, { participant: order.name, key: order.key, reason: order.reason });
      return;
    case 'renew': {
      const invitation = await renewInvitation(service);
      say('Older invitations let nobody new in any more; who is in the run stays. The new one:');
      return invited({ invitation });
    }
    case 'invite': {
      const { name, until } = order;
      const broker = await brokerOf?.(name);
      if (broker?.ok === false) return say(visibleWithin(broker.error));
      const terms = { name, ...(until === undefined ? {} : { until }) };
      const invitation = await inviteParticipant(service, {
        ...terms,
        ...(broker === undefined ? {} : { broker: broker.value }),
      });
      const last = until === undefined ? 'as long as the run lasts' : `until ${new Date(until).toLocaleString()}`;
      say(`For ${name}, ${last}; it is let in without a question, and nobody of another name is:`);
      return invited({ invitation, ...terms });
    }
    case 'who':
      return whoIsThere(service).forEach((line) => say(visibleWithin(line)));
    case 'help':
      return say(admissionHelp);
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

function inForeground(): boolean {
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
