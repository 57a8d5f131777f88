import { namedProtocols } from '#shared/contract/transport-plan.ts';
import type { PortAnswers, RequestOf } from '#shared/contract/port-api.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import type { CoordinateDraft } from '#renderer/session/drafts.ts';

export type CoordinateField = 'name' | 'data' | 'transports' | 'host';
type OwnAddresses = PortAnswers['own_addresses'];

/** What is wrong with the fields, each in one sentence that says how to mend it. */
export function checkCoordinate(
  draft: CoordinateDraft,
  own: OwnAddresses | null,
): ReadonlyMap<CoordinateField, string> {
  const faults = new Map<CoordinateField, string>();
  if (draft.name.trim() === '') faults.set('name', 'Give the run a name; everybody sees it.');
  if (draft.data.trim() === '')
    faults.set('data', 'Choose data to judge the model with; its classes and shape become those of the run.');
  if (chosenTransports(draft, own).length === 0)
    faults.set('transports', 'Choose at least one transport that works here.');
  if (hostOf(draft, own) === '') faults.set('host', 'Say under which address the others reach this machine.');
  return faults;
}

/** What was chosen and works here; before anything was chosen, the first that works. */
export function chosenTransports(draft: CoordinateDraft, own: OwnAddresses | null): readonly Protocol[] {
  const known = namedProtocols.filter((protocol) => draft.transports.includes(protocol));
  if (own === null) return known;
  const working = own.transports.filter(({ works }) => works).map(({ protocol }) => protocol);
  if (draft.transports.length === 0) return working.slice(0, 1);
  return draft.transports.flatMap((name) => working.find((protocol) => protocol === name) ?? []);
}

/** The address as typed or chosen, else the likeliest of this machine. */
export function hostOf(draft: CoordinateDraft, own: OwnAddresses | null): string {
  return draft.host.trim() || (own?.addresses[0]?.host ?? '');
}

/** Whether others cannot reach this address, however good the invitation is. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** A quorum is a share of those who take part; so many of them are enough. */
export function quorumOf({ participants, enough }: Pick<CoordinateDraft, 'participants' | 'enough'>): number {
  return Math.min(1, Math.max(0.01, Math.min(enough, participants) / participants));
}

/** What the service is asked to serve. */
export function coordinateRequest(draft: CoordinateDraft, own: OwnAddresses | null): RequestOf<'coordinate_run'> {
  const host = hostOf(draft, own);
  // An address that is none of this machine's is one that leads here: a name, or a router's.
  const bound = own?.addresses.some((address) => address.host === host) ?? false;
  return {
    name: draft.name.trim(),
    data: draft.data.trim(),
    participants: draft.participants,
    quorum: quorumOf(draft),
    rounds: draft.rounds,
    localEpochs: draft.localEpochs,
    deadlineMs: draft.deadlineS * 1000,
    transport: chosenTransports(draft, own).join(','),
    host: bound ? host : '0.0.0.0',
    ...(bound ? {} : { announce: host }),
    port: draft.port,
    keepAwake: draft.keepAwake,
  };
}

const fieldsByCode: Readonly<Record<string, CoordinateField>> = {
  port_in_use: 'host',
  connect_failed: 'host',
  transport_unavailable: 'transports',
  broker_refused: 'transports',
};

/** The field under which a failure of the start belongs; null: none of them. */
export function coordinateFieldOf(error: { readonly code: string; readonly layer: string }): CoordinateField | null {
  if (error.layer === 'data' || error.layer === 'trainer' || error.code.startsWith('data_')) return 'data';
  return fieldsByCode[error.code] ?? null;
}
