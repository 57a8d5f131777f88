import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { limits } from '#shared/contract/limits.ts';
import type { Certificate } from '#engine/identity/certificate.ts';
import { coordinatorRights, participantRights, userDefinition } from '../rights.ts';

/** Users of a private broker; guest does not exist there. */
export const coordinatorUser = 'coordinator';
export const participantUser = 'participant';

const certificateFile = 'certificate.pem';
const keyFile = 'key.pem';

export interface BrokerSettings {
  readonly host: string;
  readonly port: number;
  readonly run: string;
  readonly passwords: { readonly coordinator: string; readonly participants: string };
  /** Four bytes each, for the passwords' hashes. */
  readonly salts: { readonly coordinator: Uint8Array; readonly participants: Uint8Array };
  /** What it shows to everybody; with its key it stays in the broker's folder, so that a restart shows the same. */
  readonly certificate: Certificate;
  /** Further lines of its configuration, for tests. */
  readonly lines?: readonly string[];
  /** For tests: it listens in plain text too, on this port of loopback, as a broker elsewhere may. */
  readonly plainPort?: number;
}

export interface BrokerPorts {
  /** Erlang's distribution, which RabbitMQ cannot do without, and the daemon that names its ports. */
  readonly distribution: number;
  readonly names: number;
}

/** A folder that only its owner can look into, with all that a private RabbitMQ reads and writes. */
export async function makeBrokerFolder(settings: BrokerSettings): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'roundscope-rabbitmq-'));
  for (const inner of ['home', 'data', 'log']) await mkdir(join(folder, inner), { mode: 0o700 });
  const secret = { mode: 0o600 };
  await writeFile(join(folder, 'rabbitmq.conf'), configuration(folder, settings), secret);
  await writeFile(join(folder, certificateFile), settings.certificate.certificatePem, secret);
  await writeFile(join(folder, keyFile), settings.certificate.privateKeyPem, secret);
  await writeFile(join(folder, 'definitions.json'), JSON.stringify(definitions(settings)), secret);
  await writeFile(join(folder, 'enabled_plugins'), '[].\n', secret);
  await writeFile(join(folder, 'advanced.config'), '[].\n', secret);
  return folder;
}

/** Everything of its own, so that neither the system's RabbitMQ nor another run's is touched. */
export function brokerEnvironment(folder: string, node: string, ports: BrokerPorts): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    LANG: 'C.UTF-8',
    // Where Erlang makes the cookie that its distribution is guarded by.
    HOME: join(folder, 'home'),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(ports.names),
    // Also for the helper that RabbitMQ starts to get a daemon on all addresses running: ours is there already.
    ERL_AFLAGS: '-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}',
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'advanced.config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_NODENAME: `${node}@localhost`,
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_DIST_PORT: String(ports.distribution),
    // Its start script then becomes the server instead of waiting for it, so that one signal ends it.
    RABBITMQ_ALLOW_INPUT: 'true',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-noinput',
  };
}

function configuration(folder: string, { host, port, plainPort, lines = [] }: BrokerSettings): string {
  return [
    plainPort === undefined ? 'listeners.tcp = none' : `listeners.tcp.1 = 127.0.0.1:${plainPort}`,
    `listeners.ssl.1 = ${host}:${port}`,
    `ssl_options.certfile = ${join(folder, certificateFile)}`,
    `ssl_options.keyfile = ${join(folder, keyFile)}`,
    'ssl_options.versions.1 = tlsv1.3',
    // Participants prove the token, to the broker and to the coordinator; their certificates no authority has signed.
    'ssl_options.verify = verify_none',
    `load_definitions = ${join(folder, 'definitions.json')}`,
    'log.console = false',
    'log.file = broker.log',
    'log.file.level = warning',
    `max_message_size = ${limits.amqpMessageBytesMax}`,
    'channel_max = 8191',
    // Its messages live as long as their sessions; a full disk is no reason to hold them back.
    'disk_free_limit.absolute = 16MB',
    'tcp_listen_options.nodelay = true',
    ...lines,
    '',
  ].join('\n');
}

/** RabbitMQ's own form of users and rights. */
function definitions({ run, passwords, salts }: BrokerSettings): object {
  const vhost = '/';
  return {
    vhosts: [{ name: vhost }],
    users: [
      userDefinition({ name: coordinatorUser, password: passwords.coordinator, salt: salts.coordinator }),
      userDefinition({ name: participantUser, password: passwords.participants, salt: salts.participants }),
    ],
    permissions: [
      { user: coordinatorUser, vhost, ...coordinatorRights(run) },
      { user: participantUser, vhost, ...participantRights(run) },
    ],
  };
}
