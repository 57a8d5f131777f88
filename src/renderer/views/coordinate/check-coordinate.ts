import { isLoopback } from '#shared/base/loopback.ts';
import { boundFor, parseAnnounced } from '#shared/contract/app/announced.ts';
import type { AdmissionPolicy } from '#shared/contract/run/admission.ts';
import { emptyListWords, parseAdmissionList } from '#shared/contract/run/admission-list.ts';
import type { PortAnswers, RequestOf } from '#shared/contract/app/port-api.ts';
import { namedProtocols, type Protocol } from '#shared/contract/protocols.ts';
import type { WeightRule } from '#shared/contract/run/weight-rule.ts';
import type { CoordinateDraft } from '#renderer/session/run/drafts.ts';

export type CoordinateField = 'name' | 'data' | 'model' | 'startFrom' | 'transports' | 'host' | 'admitted';
type OwnAddresses = PortAnswers['own_addresses'];

/** What is wrong with the fields, each in one sentence that says how to fix it. */
export function checkCoordinate(
  draft: CoordinateDraft,
  own: OwnAddresses | null,
): ReadonlyMap<CoordinateField, string> {
  const faults = new Map<CoordinateField, string>();
  if (draft.name.trim() === '') faults.set('name', 'Give the run a name; everybody sees it.');
  if (draft.data.trim() === '')
    faults.set('data', 'Choose data to check the model with; its classes and shape become those of the run.');
  if (chosenTransports(draft, own).length === 0)
    faults.set('transports', 'Choose at least one transport that works here.');
  const wrongList = admittedFault(draft);
  if (wrongList !== null) faults.set('admitted', wrongList);
  const wrongHost = hostFault(draft, own);
  if (wrongHost !== null) faults.set('host', wrongHost);
  return faults;
}

function admittedFault({ admits, admitted }: CoordinateDraft): string | null {
  if (admits === 'anyone') return null;
  const list = parseAdmissionList(admitted);
  const wrong = !list.ok ? list.error : admits === 'list' && list.value.length === 0 ? emptyListWords : null;
  return wrong === null ? null : `Who may join: ${wrong}`;
}

function admissionOf({ admits, admitted }: CoordinateDraft): AdmissionPolicy {
  const list = parseAdmissionList(admitted);
  return { rule: admits, entries: admits === 'anyone' || !list.ok ? [] : list.value };
}

/** What was chosen and works here; before anything was chosen, the first that works. */
export function chosenTransports(draft: CoordinateDraft, own: OwnAddresses | null): readonly Protocol[] {
  const { transports: chosen } = draft;
  if (own === null) return namedProtocols.filter((protocol) => chosen?.includes(protocol) === true);
  const working = own.transports.filter(({ works }) => works).map(({ protocol }) => protocol);
  if (chosen === null) return working.slice(0, 1);
  return chosen.flatMap((name) => working.find((protocol) => protocol === name) ?? []);
}

function hostFault(draft: CoordinateDraft, own: OwnAddresses | null): string | null {
  const host = hostOf(draft, own);
  if (host === '') return 'Say under which address the others reach this machine.';
  if (isBound(host, own)) return null;
  const read = parseAnnounced(host, waysOf(draft, own));
  if (!read.ok) return read.error;
  return read.value.port !== null && isBound(read.value.host, own)
    ? `${read.value.host} is an address of this machine: write its port into the field below.`
    : null;
}

/** Whether this machine can listen at it; another one is a name, a router's or a tunnel's that leads here. */
function isBound(host: string, own: OwnAddresses | null): boolean {
  return isLoopback(host) || (own?.addresses.some((address) => address.host === host) ?? false);
}

function waysOf(draft: CoordinateDraft, own: OwnAddresses | null): { transport: string; control: 'same' } {
  return { transport: chosenTransports(draft, own).join(','), control: 'same' };
}

/** The address as typed or chosen, without the brackets of an IPv6 address alone, else the likeliest of this machine. */
export function hostOf(draft: CoordinateDraft, own: OwnAddresses | null): string {
  const typed = draft.host.trim();
  return /^\[([^\]]*)\]$/.exec(typed)?.[1] ?? (typed || (own?.addresses[0]?.host ?? ''));
}

/** A quorum is a share of those who take part; so many of them are enough. */
export function quorumOf({ participants, enough }: Pick<CoordinateDraft, 'participants' | 'enough'>): number {
  return Math.min(1, Math.max(0.01, Math.min(enough, participants) / participants));
}

/** Steppers have no word for off. */
export function weightRuleOf({ weightCap, normClip }: Pick<CoordinateDraft, 'weightCap' | 'normClip'>): WeightRule {
  return { weightCap: weightCap === 0 ? null : weightCap, normClip: normClip === 0 ? null : normClip };
}

/** What the service is asked to serve. */
export function coordinateRequest(draft: CoordinateDraft, own: OwnAddresses | null): RequestOf<'coordinate_run'> {
  const host = hostOf(draft, own);
  const ways = waysOf(draft, own);
  const announced = isBound(host, own) ? null : parseAnnounced(host, ways);
  return {
    name: draft.name.trim(),
    data: draft.data.trim(),
    ...(draft.model.trim() === '' ? {} : { model: draft.model.trim() }),
    ...(draft.startFrom.trim() === '' ? {} : { startFrom: draft.startFrom.trim() }),
    participants: draft.participants,
    quorum: quorumOf(draft),
    rounds: draft.rounds,
    localEpochs: draft.localEpochs,
    ...weightRuleOf(draft),
    deadlineMs: draft.deadlineS * 1000,
    transport: ways.transport,
    ...(announced === null ? { host } : { host: announced.ok ? boundFor(announced.value) : '0.0.0.0', announce: host }),
    port: draft.port,
    admission: admissionOf(draft),
    keepAwake: draft.keepAwake,
  };
}

const fieldsByCode: Readonly<Record<string, CoordinateField>> = {
  model_invalid: 'model',
  model_unfit: 'startFrom',
  port_in_use: 'host',
  connect_failed: 'host',
  transport_unavailable: 'transports',
  broker_refused: 'transports',
};

/** The field under which a failure of the start belongs; null: none of them. */
export function coordinateFieldOf(error: { readonly code: string; readonly layer: string }): CoordinateField | null {
  const named = fieldsByCode[error.code];
  if (named !== undefined) return named;
  if (error.layer === 'data' || error.layer === 'trainer' || error.code.startsWith('data_')) return 'data';
  // An address that is not this machine's, or of a family that the transport does not speak.
  if (error.code === 'settings_invalid' && error.layer === 'transport') return 'host';
  return null;
}
