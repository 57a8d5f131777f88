import { join } from 'node:path';
import { participantLimits, type BrokerKind } from '#engine/transport/broker-rules.ts';
import { brokerUserName } from '#engine/transport/broker-users.ts';
import type { BrokerPlan } from './broker-plan.ts';

/** What the two who have to do something do with what was made. `folder`: empty where it was printed. */
export function brokerSteps(kind: BrokerKind, plan: BrokerPlan, folder: string): readonly string[] {
  const { run, users } = plan;
  const names = users.slice(1).map(({ who }) => who);
  const protocol = kind === 'mosquitto' ? 'mqtt' : 'amqp';
  const own = join(folder, 'coordinator');
  return [
    `Users of run ${run} at ${plan.broker}: the coordinator and ${names.length === 1 ? names[0] : `${names.length} participants`}.`,
    '',
    ...(kind === 'mosquitto'
      ? mosquittoSteps(plan, join(folder, 'broker'))
      : rabbitmqSteps(plan, join(folder, 'broker'))),
    '',
    'Whoever coordinates:',
    `  roundscope coordinate --transport ${protocol} --broker @${own} --state ./my-run`,
    `  roundscope invite ${names.join(',')} --state ./my-run --broker-credentials ${join(folder, 'participants')} --to ./invitations`,
    ...(new URL(plan.broker).protocol.endsWith('s:') ? [ownAuthority] : []),
    '',
    ...holds[kind],
  ];
}

/** Of Mosquitto's or RabbitMQ's listener, by the address that participants are told. */
function listenerOf(broker: string, usual: { readonly plain: number; readonly tls: number }) {
  const { protocol, port } = new URL(broker);
  const tls = protocol.endsWith('s:');
  return { tls, port: port === '' ? (tls ? usual.tls : usual.plain) : Number(port) };
}

function mosquittoSteps({ broker, ended }: BrokerPlan, folder: string): readonly string[] {
  const { tls, port } = listenerOf(broker, { plain: 1883, tls: 8883 });
  return [
    'Whoever runs the broker puts this into mosquitto.conf, as its only listener; Mosquitto alone must be able to read the files:',
    `  listener ${port}`,
    ...(tls ? ['  certfile CERTIFICATE.pem', '  keyfile KEY.pem', '  tls_version tlsv1.2'] : []),
    '  allow_anonymous false',
    `  password_file ${join(folder, 'passwords')}`,
    `  acl_file ${join(folder, 'access')}`,
    'It takes one file of each: those of several runs are put into one. On SIGHUP it reads them again and hangs up on those who are not let in any more.',
    ...gone(ended),
  ];
}

function rabbitmqSteps({ run, broker, ended, vhost }: BrokerPlan, folder: string): readonly string[] {
  const { tls, port } = listenerOf(broker, { plain: 5672, tls: 5671 });
  const cut = [...ended.removed, ...ended.renewed].map((who) => brokerUserName(run, who));
  return [
    'Whoever runs the broker has these lines in rabbitmq.conf, so that it listens there alone:',
    ...(tls
      ? [
          '  listeners.tcp = none',
          `  listeners.ssl.default = ${port}`,
          '  ssl_options.certfile = CERTIFICATE.pem',
          '  ssl_options.keyfile = KEY.pem',
          '  ssl_options.versions.1 = tlsv1.3',
          '  ssl_options.versions.2 = tlsv1.2',
        ]
      : [`  listeners.tcp.default = ${port}`]),
    `and imports users, their rights and the virtual host ${vhost}, which the run has for itself:`,
    `  rabbitmqctl import_definitions ${join(folder, 'definitions.json')}`,
    ...ended.removed.map((who) => `  rabbitmqctl delete_user '${brokerUserName(run, who)}'`),
    ...(cut.length === 0
      ? []
      : [
          `A connection that is open stays: rabbitmqctl list_connections pid user, and close those of ${cut.join(', ')}: rabbitmqctl close_connection '<pid>' 'other rights'`,
        ]),
    ...gone(ended),
    `Word that the run is over stays there for whoever comes later; at the end of all: rabbitmqctl delete_vhost ${vhost}`,
  ];
}

function gone({ removed, renewed }: BrokerPlan['ended']): readonly string[] {
  return [
    ...(removed.length === 0 ? [] : [`No user any more: ${removed.join(', ')}.`]),
    ...(renewed.length === 0
      ? []
      : [`Another password: ${renewed.join(', ')}; older invitations do not reach the broker.`]),
  ];
}

/** Where the broker's certificate is from no authority that all machines know. */
const ownAuthority =
  "If an authority of your own signed the broker's certificate: coordinate --broker-ca AUTHORITY.pem, and invitations name the certificate to participants.";

const holds: Readonly<Record<BrokerKind, readonly string[]>> = {
  mosquitto: [
    'Then nobody is there without a password, and a participant hears and says what belongs to its own name, whatever it subscribes to (Mosquitto grants each subscription, and delivers by these rules).',
    'Whoever runs the broker still sees names, sizes and times, and can drop messages; messages and models are sealed from end to end. Who has the file of a participant is that participant at the broker.',
  ],
  rabbitmq: [
    `Then nobody is there without a password, and a participant reads, declares and publishes what belongs to its own name, over ${participantLimits['max-connections']} connections at most.`,
    'What all of them may: ask for a session, read that the run is over, and put something among the undeliverable. Whoever runs the broker still sees names, sizes and times, and can drop messages; messages and models are sealed from end to end. Who has the file of a participant is that participant at the broker.',
  ],
};
