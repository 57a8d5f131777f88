import type { Entropy } from '#shared/base/entropy.ts';
import { coordinatorId } from '#shared/contract/ids.ts';
import { coordinatorRights, participantLimits, participantRights, userDefinition } from './amqp/rights.ts';
import { brokerUserName, type BrokerUser } from './broker-users.ts';
import { accessRules, coordinatorTopics, participantTopics, passwordLine } from './mqtt/broker/mosquitto-rules.ts';

export { participantLimits };

/** Brokers whose rules we know, and what addresses of theirs begin with. */
export const brokerKinds = { mosquitto: 'mqtt', rabbitmq: 'amqp' } as const;
export type BrokerKind = keyof typeof brokerKinds;

export interface RuleFile {
  readonly name: string;
  readonly text: string;
}

export interface RuleParts {
  readonly run: string;
  /** The coordinator among them. */
  readonly users: readonly BrokerUser[];
  /** Of RabbitMQ: the run has it for itself, since the coordinator's right to the default exchange is one to all of it. */
  readonly vhost: string;
  /** For salts. */
  readonly entropy: Entropy;
}

/**
 * What a broker's owner puts in place: users with hashes of their passwords, and exactly what each of them may do.
 * Decision 0089.
 */
export function brokerRules(kind: BrokerKind, parts: RuleParts): readonly RuleFile[] {
  return kind === 'mosquitto' ? mosquittoRules(parts) : rabbitmqRules(parts);
}

function mosquittoRules({ run, users, entropy }: RuleParts): readonly RuleFile[] {
  const named = users.map(({ who, password }) => ({
    name: brokerUserName(run, who),
    password,
    topics: who === coordinatorId ? coordinatorTopics(run) : participantTopics(run, who),
  }));
  return [
    { name: 'passwords', text: named.map((user) => passwordLine({ ...user, salt: entropy.bytes(12) })).join('') },
    { name: 'access', text: `# Run ${run} of Roundscope.\n${accessRules(named)}` },
  ];
}

function rabbitmqRules({ run, users, vhost, entropy }: RuleParts): readonly RuleFile[] {
  const definitions = {
    vhosts: [{ name: vhost }],
    users: users.map(({ who, password }) =>
      userDefinition({
        name: brokerUserName(run, who),
        password,
        salt: entropy.bytes(4),
        ...(who === coordinatorId ? {} : { limits: participantLimits }),
      }),
    ),
    permissions: users.map(({ who }) => ({
      user: brokerUserName(run, who),
      vhost,
      ...(who === coordinatorId ? coordinatorRights(run) : participantRights(run, who)),
    })),
  };
  return [{ name: 'definitions.json', text: `${JSON.stringify(definitions, null, 2)}\n` }];
}
