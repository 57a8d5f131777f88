import type { Entropy } from '#shared/base/entropy.ts';
import { entropyHex } from '#shared/base/entropy.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import { coordinatorId, runIdSchema, type ParticipantId, type RunId } from '#shared/contract/ids.ts';
import { endpointSchema } from '#shared/contract/app/invitation.ts';
import { brokerKinds, type BrokerKind } from '#engine/transport/broker-rules.ts';
import { freshPassword, ownUserIn, userUrl, withoutUser, type BrokerUser } from '#engine/transport/broker-users.ts';
import type { BrokerCredentials } from './broker-credentials.ts';
import { parseNames } from './name-list.ts';

/** As typed. */
export interface BrokerAsked {
  readonly kind: BrokerKind;
  readonly broker?: string | undefined;
  readonly run?: string | undefined;
  readonly participants?: string | undefined;
  /** Whose passwords are to be others than before. */
  readonly renew?: string | undefined;
}

/** What was made before, by the same folder. */
export interface BrokerKept {
  /** The coordinator's address there, with its user and password. */
  readonly coordinator: string;
  readonly participants: BrokerCredentials;
}

export interface BrokerPlan {
  readonly run: RunId;
  /** With RabbitMQ's virtual host, without a user. */
  readonly broker: string;
  readonly vhost: string;
  /** The coordinator first. */
  readonly users: readonly BrokerUser[];
  readonly urls: ReadonlyMap<string, string>;
  /** Who had a user before and has none, or another password now. */
  readonly ended: { readonly removed: readonly string[]; readonly renewed: readonly string[] };
}

/** Decides about the users of a run at a broker; the error is one sentence for people. */
export function planBroker(asked: BrokerAsked, kept: BrokerKept | null, entropy: Entropy): Result<BrokerPlan, string> {
  const former = kept === null ? null : ownUserIn(kept.coordinator);
  const named = asked.run ?? former?.run ?? `r-${entropyHex(entropy, 4)}`;
  const run = runIdSchema.safeParse(named);
  if (!run.success) return err(`--run takes ${run.error.issues[0]?.message ?? ''}.`);
  if (former !== null && former.run !== run.data)
    return err(`--run: the folder has the users of ${former.run}; another run takes another folder.`);
  const address = addressOf(asked, kept, run.data);
  if (!address.ok) return address;
  const wanted = participantsOf(asked, kept);
  if (!wanted.ok) return wanted;
  const renew = renewedOf(asked.renew, wanted.value);
  if (!renew.ok) return renew;
  const before = new Map([...(kept?.participants ?? [])].map(([who, url]) => [who, ownUserIn(url)]));
  if (former !== null) before.set(coordinatorId, former);
  for (const [who, own] of before)
    if (own?.run !== run.data) return err(`the address of ${who} in the folder is not one of run ${run.data}.`);
  const users = [coordinatorId, ...wanted.value].map((who) => {
    const password = renew.value.includes(who) ? undefined : before.get(who)?.password;
    return { who, password: password ?? freshPassword(entropy) };
  });
  const urls = new Map(users.map((user) => [user.who as string, userUrl(address.value.broker, run.data, user)]));
  const unusable = [...urls].find(([, url]) => !endpointSchema.shape.url.safeParse(url).success);
  if (unusable !== undefined) return err(`--broker: with user and password it is too long for an invitation.`);
  return ok({
    run: run.data,
    ...address.value,
    users,
    urls,
    ended: {
      removed: [...before.keys()].filter((who) => !urls.has(who)),
      renewed: renew.value.filter((who) => before.has(who)),
    },
  });
}

function addressOf(
  { kind, broker }: BrokerAsked,
  kept: BrokerKept | null,
  run: string,
): Result<Pick<BrokerPlan, 'broker' | 'vhost'>, string> {
  const scheme = brokerKinds[kind];
  const text = broker ?? (kept === null ? undefined : withoutUser(kept.coordinator));
  const form = `${scheme}s://broker.example.org`;
  if (text === undefined) return err(`--broker takes the address of the broker, such as ${form}.`);
  const url = URL.parse(text);
  if (url === null || url.hostname === '' || ![`${scheme}:`, `${scheme}s:`].includes(url.protocol))
    return err(`--broker: a ${kind} has an address such as ${form}.`);
  if (url.username !== '' || url.password !== '')
    return err('--broker takes no user and password here: they are what is made.');
  if (url.search !== '' || url.hash !== '' || (kind === 'mosquitto' && !['', '/'].includes(url.pathname)))
    return err(`--broker: nothing stands behind the port of a ${kind}.`);
  if (kind === 'mosquitto') return ok({ broker: text, vhost: '' });
  if (['', '/'].includes(url.pathname)) url.pathname = `/roundscope-${run}`;
  const [, vhost = ''] = /^\/([A-Za-z0-9][A-Za-z0-9_.-]{0,99})$/.exec(url.pathname) ?? [];
  return vhost === ''
    ? err(
        '--broker: the name of a virtual host takes letters, digits, dot, dash, underscore; the run has it for itself.',
      )
    : ok({ broker: url.href, vhost });
}

function participantsOf(
  { participants }: BrokerAsked,
  kept: BrokerKept | null,
): Result<readonly ParticipantId[], string> {
  const text = participants ?? [...(kept?.participants.keys() ?? [])].join(',');
  if (text.trim() === '') return err('--participants takes the names of all who take part, with commas between.');
  const names = parseNames(text);
  return names.ok ? names : err(`--participants: ${names.error}.`);
}

function renewedOf(text: string | undefined, wanted: readonly string[]): Result<readonly string[], string> {
  if (text === undefined) return ok([]);
  if (text === 'all') return ok([coordinatorId, ...wanted]);
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => name !== coordinatorId && !wanted.includes(name));
  if (unknown === undefined) return ok(names);
  return err(`--renew: ${unknown.slice(0, 80)} is none of the participants; all renews everybody's.`);
}
