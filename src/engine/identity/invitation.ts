import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { RoundscopeError } from '#shared/base/errors.ts';
import { err, ok } from '#shared/base/result.ts';
import type { Result } from '#shared/base/result.ts';
import { endpointsMax, invitationSchema, invitationTextMax } from '#shared/contract/app/invitation.ts';
import type { Endpoint, Invitation, Pass } from '#shared/contract/app/invitation.ts';
import { isPass } from './pass.ts';

const prefix = 'roundscope://join?i=';
/** Version of the text form below; the first element of the list in it. */
const formVersion = 4;

/**
 * One line: prefix, base64url of a JSON list, a dot, CRC-32 of the base64url in base 36 (seven characters). The checksum
 * tells a mistyped or cut invitation from a wrong one (a CRC sees every change of up to 32 bits in a row). No `&`, quote
 * or space is in it, since a shell would cut the line there. Decision 0011.
 */
export function encodeInvitation(invitation: Invitation): string {
  const { version, run, name, control, transport, token, identity, pass } = invitation;
  const endpoints = invitation.endpoints.map((e) => {
    const list = [e.protocol, e.provider, e.host, e.port, e.identity ?? null, e.url ?? null];
    return e.brokerCertificate === undefined ? list : [...list, e.brokerCertificate];
  });
  const list = [formVersion, version, run, name, control, transport, token, endpoints, identity, passList(pass)];
  const text = Buffer.from(JSON.stringify(list), 'utf8').toString('base64url');
  return `${prefix}${text}.${checksum(text)}`;
}

function passList({ generation, name, until, signature }: Pass): unknown[] {
  return [generation, name ?? null, until ?? null, Buffer.from(signature, 'hex').toString('base64url')];
}

/** What an invitation says, or what is wrong with the text and what to try. */
export function decodeInvitation(text: string): Result<Invitation, RoundscopeError> {
  if (text.length > 2 * invitationTextMax)
    return refuse(`it is ${text.length} characters long, an invitation has a few hundred`);
  // Mail programs and terminals wrap long lines, chat programs add quotes or angle brackets.
  const line = text.replace(/\s+/g, '').replace(/^["'<`]+|["'>`]+$/g, '');
  if (line === '') return refuse('it is empty');
  if (!line.startsWith(prefix)) return refuse(withoutPrefix(line));
  const [payload = '', sum, ...rest] = line.slice(prefix.length).split('.');
  if (sum === undefined || sum.length < checksumLength) return refuse('its end is missing, it was cut off');
  if (rest.length > 0 || sum !== checksum(payload))
    return refuse('its checksum does not match, so at least one character is wrong');
  return check(payload);
}

function check(payload: string): Result<Invitation, RoundscopeError> {
  const bytes = Buffer.from(payload, 'base64url');
  if (bytes.toString('base64url') !== payload) return refuse('it has characters that no invitation has');
  let list: unknown;
  try {
    list = JSON.parse(bytes.toString('utf8'));
  } catch {
    return refuse('its content cannot be read');
  }
  if (Array.isArray(list) && typeof list[0] === 'number' && list[0] > formVersion) {
    return otherVersion('a newer version of Roundscope than this one', 'Update Roundscope on this machine.');
  }
  if (Array.isArray(list) && typeof list[0] === 'number' && list[0] < formVersion) {
    return otherVersion(
      'an older version of Roundscope than this one, in a form that is not in use any more',
      'Update Roundscope where the run is coordinated, start it again there, and ask for its new invitation.',
    );
  }
  const form = formSchema.safeParse(list);
  const invitation = form.success ? invitationSchema.safeParse(form.data) : undefined;
  if (invitation?.success) return withGoodPass(invitation.data);
  const issue = (form.success ? invitation : form)?.error?.issues[0];
  return refuse(
    `its content is not that of an invitation (${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unknown'})`,
  );
}

/** A name or a date that was changed does not match the coordinator's signature. */
function withGoodPass(invitation: Invitation): Result<Invitation, RoundscopeError> {
  const { pass, identity, run } = invitation;
  if (isPass(identity, run, pass)) return ok(invitation);
  return refuse('the coordinator that it names has not signed whom it is for and until when');
}

const passForm = z
  .tuple([z.number(), z.string().nullable(), z.number().nullable(), z.string()])
  .transform(([generation, name, until, signature]) => ({
    generation,
    ...(name === null ? {} : { name }),
    ...(until === null ? {} : { until }),
    signature: Buffer.from(signature, 'base64url').toString('hex'),
  }));

const endpointForm = z
  .tuple([
    z.string(),
    z.string(),
    z.string(),
    z.number(),
    z.string().nullable(),
    z.string().nullable(),
    z.string().optional(),
  ])
  .transform(([protocol, provider, host, port, identity, url, brokerCertificate]) => ({
    protocol: protocol as Endpoint['protocol'],
    provider: provider as Endpoint['provider'],
    host,
    port,
    ...(identity === null ? {} : { identity }),
    ...(url === null ? {} : { url }),
    ...(brokerCertificate === undefined ? {} : { brokerCertificate }),
  }));

/** Only the shape of the list; its values are validated by `invitationSchema`. */
const formSchema = z
  .tuple([
    z.literal(formVersion),
    z.number(),
    z.string(),
    z.string(),
    z.string(),
    z.string(),
    z.string(),
    z.array(endpointForm).max(endpointsMax),
    z.string(),
    passForm,
  ])
  .transform(([, version, run, name, control, transport, token, endpoints, identity, pass]) => ({
    version,
    run,
    name,
    control,
    transport,
    token,
    identity,
    endpoints,
    pass,
  }));

const checksumLength = 7;

function checksum(text: string): string {
  return crc32(text).toString(36).padStart(checksumLength, '0');
}

function withoutPrefix(line: string): string {
  if (line.startsWith('roundscope://join')) {
    return 'nothing follows its "?"';
  }
  return `it does not begin with ${prefix}`;
}

function refuse(what: string): Result<Invitation, RoundscopeError> {
  const message = `This is not a valid invitation: ${what}. Copy the whole line that the coordinator printed, from roundscope:// to its last character.`;
  return err(new RoundscopeError('invitation_invalid', { layer: 'settings', message, context: { what } }));
}

function otherVersion(by: string, help: string): Result<Invitation, RoundscopeError> {
  const what = `it was made by ${by}`;
  const message = `This invitation cannot be used here: ${what}. ${help}`;
  return err(new RoundscopeError('version_unsupported', { layer: 'settings', message, context: { what } }));
}
