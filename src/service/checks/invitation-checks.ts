import { RoundscopeError, type ErrorReport } from '#shared/base/errors.ts';
import { errorWords } from '#shared/contract/error-words.ts';
import type { Invitation } from '#shared/contract/app/invitation.ts';
import type { Looked, Tried } from '#shared/contract/app/look.ts';
import type { InvitationCheck } from '#shared/contract/app/port-api.ts';
import { protocolNames } from '#shared/contract/protocols.ts';
import { secrecyOf, wayNotes } from '#shared/contract/app/secrecy.ts';

/** What is known of an invitation, of whoever stands behind it, and of the name to join under. */
export interface Found {
  readonly invitation: Invitation;
  readonly name: { readonly given: string; readonly fault?: string };
  /** Version of this program. */
  readonly software: string;
  /** What was seen, or why nobody could look. */
  readonly looked: Looked | RoundscopeError;
}

/** A difference that a phone and a laptop never have, and that puts events of two machines in the wrong order. */
const clockWarningMs = 2_000;

type Check<W extends InvitationCheck['what'] = InvitationCheck['what']> = InvitationCheck & { readonly what: W };
type Fault = Pick<InvitationCheck, 'text' | 'meaning' | 'tryThis'>;
type Answered = Tried & { readonly seen: NonNullable<Tried['seen']> };

/** The checks in the order in which they are made; what could not be reached is unknown, never well. */
export function checksOf(found: Found | { readonly invitation: ErrorReport }): readonly InvitationCheck[] {
  if (!('looked' in found))
    return [unreadable(found.invitation), ...unknown('way', 'address', 'identity', 'clock', 'version', 'name')];
  const { invitation, looked, name } = found;
  const read = okay('invitation', `run "${invitation.name}"`, invitation.run);
  const way = wayOf(invitation);
  if (looked instanceof RoundscopeError) {
    const address = fault('address', { text: looked.message, ...wordsOf(looked.code) });
    return [read, way, address, ...unknown('identity', 'clock', 'version'), nameAlone(name)];
  }
  const answered = looked.tried.filter((one): one is Answered => one.seen !== null);
  const [first] = answered;
  if (first === undefined) return [read, way, ...unanswered(looked.tried, name)];
  return [
    read,
    way,
    addressOf(first, answered, looked.tried),
    okay('identity', 'the coordinator holds the key that the invitation names', ''),
    clockOf(first),
    versionOf(first, found.software),
    nameOf(name, first),
  ];
}

/** Who beside the coordinator carries what is sent, and what they read of it. */
function wayOf({ endpoints }: Invitation): Check {
  const notes = wayNotes(endpoints);
  const known = notes.filter(({ level }) => level === 'info').map(({ text }) => text);
  const warned = notes.filter(({ level }) => level === 'warning').map(({ text }) => text);
  const protocols = [...new Set(endpoints.map(({ protocol }) => protocol))];
  const all = protocols.map((protocol) => `${protocolNames[protocol]} is ${secrecyOf[protocol].word}`).join(', ');
  const text = (known.length === 0 ? `${all} from one end to the other` : known.join(' ')).slice(0, 1000);
  if (warned.length === 0) return okay('way', text, '');
  const tryThis = 'Ask who owns the broker for a user of your own, or for a run that needs no broker.';
  return { what: 'way', state: 'warning', text, figure: '', meaning: warned.join(' ').slice(0, 1000), tryThis };
}

function unreadable(error: ErrorReport): Check {
  // Its message says in one go what is wrong and what to do; here the latter has a line of its own.
  const what = error.context['what'];
  return fault('invitation', { text: typeof what === 'string' ? what : error.message, ...wordsOf(error.code) });
}

/** Nobody answered well: who said no has been reached, and whoever is somebody else is worth more than silence. */
function unanswered(tried: readonly Tried[], name: Found['name']): readonly InvitationCheck[] {
  const impostor = tried.find(
    ({ error }) => error?.code === 'identity_mismatch' || error?.code === 'certificate_expired',
  );
  if (impostor?.error != null) {
    return [
      okay('address', `somebody answers over ${protocolNames[impostor.protocol]}`, ''),
      fault('identity', { text: impostor.error.message, ...wordsOf(impostor.error.code) }),
      ...unknown('clock', 'version'),
      nameAlone(name),
    ];
  }
  const refusal = tried.find(({ error }) => error !== null && reached.has(error.code));
  if (refusal?.error != null) return refused(refusal, refusal.error, name);
  return [fault('address', silence(tried)), ...unknown('identity', 'clock', 'version'), nameAlone(name)];
}

/** Codes of an answer that only a coordinator gives. */
const reached: ReadonlySet<ErrorReport['code']> = new Set([
  'run_over',
  'run_mismatch',
  'link_rejected',
  'version_unsupported',
  'header_invalid',
]);

function refused({ protocol }: Tried, error: ErrorReport, name: Found['name']): readonly InvitationCheck[] {
  const address = okay('address', `answers over ${protocolNames[protocol]}`, '');
  const said = { text: error.message, ...wordsOf(error.code) };
  if (error.code === 'version_unsupported' || error.code === 'header_invalid')
    return [address, ...unknown('identity', 'clock'), fault('version', said), nameAlone(name)];
  // The run of this invitation is over, or the address belongs to another run by now.
  return [address, fault('identity', said), ...unknown('clock', 'version'), nameAlone(name)];
}

function silence(tried: readonly Tried[]): Fault {
  const ways = tried.map(({ protocol, addresses, tookMs }) => {
    const where = addresses.slice(0, 4).join(', ');
    return `${protocolNames[protocol]} at ${where}, ${(tookMs / 1000).toFixed(1)} s`;
  });
  const [only] = tried;
  const own = only?.error?.code;
  const why = [...new Set(tried.flatMap(({ error }) => (error === null ? [] : [error.message])))].join(' ');
  return {
    text: `No coordinator answered. Tried ${ways.join('; ')}.`.slice(0, 1000),
    meaning: why.slice(0, 1000),
    tryThis: wordsOf(own ?? 'connect_timeout').tryThis,
  };
}

function addressOf(first: Answered, answered: readonly Answered[], tried: readonly Tried[]): Check {
  const also = answered.slice(1).map(({ protocol }) => protocolNames[protocol]);
  const not = tried.filter(({ seen }) => seen === null);
  const others = also.length === 0 ? '' : `, also over ${also.join(', ')}`;
  const text = `answers over ${protocolNames[first.protocol]}${others}`;
  const figure = milliseconds(first.seen.roundTripMs);
  if (not.length === 0) return okay('address', text, figure);
  const silent = not.map(({ protocol }) => protocolNames[protocol]).join(', ');
  return {
    what: 'address',
    state: 'ok',
    text: `${text}; not over ${silent}`,
    figure,
    meaning: '',
    tryThis: '',
  };
}

function clockOf({ seen }: Answered): Check {
  const { clockAheadMs, roundTripMs } = seen;
  const apartMs = Math.max(0, Math.abs(clockAheadMs) - roundTripMs / 2);
  const figure = `${clockAheadMs < 0 ? '−' : '+'}${duration(Math.abs(clockAheadMs))}`;
  if (apartMs <= clockWarningMs) return okay('clock', 'agrees with the coordinator’s', figure);
  return {
    what: 'clock',
    state: 'warning',
    text: `the coordinator’s clock is ${duration(apartMs)} ${clockAheadMs > 0 ? 'ahead of' : 'behind'} this machine’s`,
    figure,
    meaning: 'Nothing fails by that, but times of the two machines cannot be compared in the recording.',
    tryThis: 'Let both machines set their clocks from the network.',
  };
}

function versionOf({ seen }: Answered, here: string): Check {
  const there = seen.plan.software;
  if (there === here) return okay('version', 'the same on both sides', here);
  return {
    what: 'version',
    state: 'warning',
    text: `${here} here, ${there === '' ? 'unknown' : there} there`,
    figure: here,
    meaning: 'Both speak the same version of the messages, so they can work together.',
    tryThis: 'If something is odd, install the same version on both.',
  };
}

function nameOf(name: Found['name'], { seen }: Answered): Check {
  if (name.fault === undefined && seen.plan.nameKept === true)
    return {
      what: 'name',
      state: 'warning',
      text: `${name.given} is somebody’s who is away; whether it is yours shows when you join`,
      figure: '',
      meaning:
        'A look shows no key, so that nothing of this machine is told before it joins. A name is its key’s until its owner leaves the run.',
      tryThis: 'Join, if you took part under this name on this machine; choose another name otherwise.',
    };
  if (name.fault !== undefined || !seen.plan.nameTaken) return nameAlone(name, 'is free');
  return fault('name', {
    text: `another participant is here as ${name.given}`,
    meaning: wordsOf('participant_name_taken').meaning,
    tryThis: wordsOf('participant_name_taken').tryThis,
  });
}

/** What can be said of a name without asking anybody. */
function nameAlone({ given, fault: wrong }: Found['name'], well?: string): Check {
  if (wrong !== undefined) {
    const meaning = 'Names stand in messages, in file names and in recordings.';
    return fault('name', { text: wrong, meaning, tryThis: 'Choose another, such as lab-2.' });
  }
  if (well === undefined) return { ...blank('name'), text: `whether ${given} is free is not known yet` };
  return okay('name', `${given} ${well}`, '');
}

function okay(what: InvitationCheck['what'], text: string, figure: string): Check {
  return { what, state: 'ok', text, figure, meaning: '', tryThis: '' };
}

function fault(what: InvitationCheck['what'], said: Fault): Check {
  return { what, state: 'fault', figure: '', ...said };
}

function unknown(...whats: readonly InvitationCheck['what'][]): InvitationCheck[] {
  return whats.map(blank);
}

function blank(what: InvitationCheck['what']): Check {
  return { what, state: 'unknown', text: 'not known yet', figure: '', meaning: '', tryThis: '' };
}

function wordsOf(code: ErrorReport['code']): { readonly meaning: string; readonly tryThis: string } {
  const { meaning, tryThis } = errorWords[code];
  return { meaning, tryThis };
}

function milliseconds(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 2 * 3_600_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}
