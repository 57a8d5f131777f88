import { isLoopback } from '#shared/base/loopback.ts';
import type { Endpoint } from './invitation.ts';
import { protocolNames, type Protocol } from '../protocols.ts';

/** How what a protocol carries is kept from others, in one word, and what others on the way read all the same. */
export interface Secrecy {
  readonly word: 'encrypted' | 'sealed' | 'in memory';
  readonly text: string;
}

const direct: Secrecy = {
  word: 'encrypted',
  text: 'Encrypted from one end to the other by TLS 1.3: who is on the way reads addresses, sizes and times.',
};

/** No protocol is readable, so there is nothing to fall back to that would be. */
export const secrecyOf: Readonly<Record<Protocol, Secrecy>> = {
  quic: direct,
  grpc: direct,
  mqtt: brokered('the broker'),
  amqp: brokered('the broker'),
  dds: brokered('whoever is in the DDS domain or on the way'),
  memory: { word: 'in memory', text: 'Never leaves this process.' },
};

function brokered(who: string): Secrecy {
  const what = 'names of run, participants and transfers, sizes and times';
  return {
    word: 'sealed',
    text: `Sealed from one end to the other: ${who} reads ${what}, and no message and no model.`,
  };
}

/** What an invitation's ways mean to who joins or hands it out, beyond what each protocol does anyway. */
export interface WayNote {
  readonly level: 'info' | 'warning';
  readonly text: string;
}

/** Of ways that somebody else carries; empty: there are none. */
export function wayNotes(endpoints: readonly Endpoint[]): readonly WayNote[] {
  const notes = new Map<string, WayNote>();
  for (const { protocol, url } of endpoints) {
    const broker = url === undefined ? null : URL.parse(url);
    const where = broker === null ? protocolNames[protocol] : `${protocolNames[protocol]} at ${broker.host}`;
    if (protocol === 'dds' || broker !== null)
      notes.set(where, { level: 'info', text: `${where}: ${lowerFirst(secrecyOf[protocol].text)}` });
    if (broker === null) continue;
    if (broker.username !== '' || broker.password !== '')
      notes.set(`${where} user`, { level: 'warning', text: userWords(where) });
    if (/^(mqtt|amqp):$/.test(broker.protocol) && !isLoopback(broker.hostname))
      notes.set(`${where} clear`, { level: 'warning', text: clearWords(where, broker) });
  }
  return [...notes.values()];
}

function userWords(where: string): string {
  return `${where}: the invitation holds the broker's user and password, so whoever has it is that user there.`;
}

/** Also where the invitation names no user: the coordinator may be there by one of its own. */
function clearWords(where: string, { protocol }: URL): string {
  return `${where}: ${protocol}// has no TLS, so whoever is on the way reads what the broker reads, and the user and password by which it lets somebody in.`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
