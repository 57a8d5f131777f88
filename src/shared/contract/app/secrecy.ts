import { isLoopback } from '#shared/base/loopback.ts';
import type { Endpoint } from './invitation.ts';
import { brokerAt } from '../brokers.ts';
import { describeProtocol, ofProtocols, protocolNames } from '../protocols.ts';

/** No protocol is readable, so there is nothing to fall back to that would be. */
export const secrecyOf = ofProtocols(({ secrecy }) => secrecy);

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
    if (describeProtocol(protocol).between.kind === 'domain' || broker !== null)
      notes.set(where, { level: 'info', text: `${where}: ${lowerFirst(secrecyOf[protocol].text)}` });
    if (broker === null) continue;
    if (broker.username !== '' || broker.password !== '')
      notes.set(`${where} user`, { level: 'warning', text: userWords(where) });
    if (brokerAt(broker)?.tls === false && !isLoopback(broker.hostname))
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
