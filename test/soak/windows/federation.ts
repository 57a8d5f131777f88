import { join as joinPath } from 'node:path';
import { encodeInvitation } from '#engine/identity/invitation.ts';
import type { Endpoint, Invitation } from '#shared/contract/app/invitation.ts';
import { invitationIn } from '#test/support/hostile/besieged.ts';
import { findMosquitto, startMosquitto, type RunningBroker } from '#test/support/brokers/mosquitto.ts';
import { TcpPath, UdpPath } from '#test/support/network-path.ts';
import { LastingCoordinator } from './coordinator.ts';
import { ServedWindow } from './served-window.ts';
import { labs, type Lab } from './blame.ts';

/** Of each round at least, so that acts fall into training and all is seen beside it. */
const trainingMs = 6000;
const roundMsMin = 5000;
const deadlineS = 20;
/** Two of three close a round at its deadline. */
const quorum = 0.66;

/** One coordinator, one broker, and three windows that reach the coordinator by different ways. */
export class Federation implements AsyncDisposable {
  readonly coordinator: LastingCoordinator;
  readonly windows: Readonly<Record<Lab, ServedWindow>>;
  /** Lies between lab-1 and the coordinator. */
  readonly path: { readonly udp: UdpPath; readonly tcp: TcpPath };
  readonly #mosquitto: string;
  readonly #owned: AsyncDisposableStack;
  #broker: RunningBroker;

  static async start(root: string, minutes: number): Promise<Federation> {
    const mosquitto = findMosquitto();
    if ('missing' in mosquitto) throw new Error(mosquitto.missing);
    await using starting = new AsyncDisposableStack();
    const broker = await startMosquitto(mosquitto.path);
    starting.defer(() => broker[Symbol.asyncDispose]());
    const rounds = Math.ceil((minutes * 60_000) / roundMsMin) + 20;
    const coordinator = starting.use(
      await LastingCoordinator.start(joinPath(root, 'coordinator'), [
        ...['--participants', '3', '--rounds', String(rounds), '--transport', 'quic,mqtt', '--broker', broker.url],
        ...['--quorum', String(quorum), '--deadline', String(deadlineS)],
      ]),
    );
    const invitation = invitationIn(coordinator.invitation);
    const path = {
      udp: starting.use(await UdpPath.open(portOf(invitation, 'quinn'))),
      tcp: starting.use(await TcpPath.open(portOf(invitation, 'webtransport'))),
    };
    const opened: ServedWindow[] = [];
    for (const lab of labs) opened.push(starting.use(await ServedWindow.open(lab, root, trainingMs)));
    const windows = Object.fromEntries(opened.map((one) => [one.name, one])) as Record<Lab, ServedWindow>;
    const ways: Readonly<Record<Lab, string>> = {
      'lab-1': by(invitation, { quinn: path.udp.port, webtransport: path.tcp.port }),
      'lab-2': by(invitation, { quinn: null, webtransport: null }),
      'lab-3': by(invitation, { mqtt: null }),
    };
    await Promise.all(labs.map((lab) => windows[lab].join(ways[lab])));
    return new Federation({ coordinator, windows, path, broker, mosquitto: mosquitto.path, owned: starting.move() });
  }

  private constructor(
    parts: Pick<Federation, 'coordinator' | 'windows' | 'path'> & {
      readonly broker: RunningBroker;
      readonly mosquitto: string;
      readonly owned: AsyncDisposableStack;
    },
  ) {
    this.coordinator = parts.coordinator;
    this.windows = parts.windows;
    this.path = parts.path;
    this.#broker = parts.broker;
    this.#mosquitto = parts.mosquitto;
    this.#owned = parts.owned;
  }

  get broker(): RunningBroker {
    return this.#broker;
  }

  /** At its old port. */
  async restartBroker(): Promise<void> {
    const { port } = this.#broker;
    await this.#broker[Symbol.asyncDispose]();
    this.#broker = await startMosquitto(this.#mosquitto, [], port);
  }

  /** How often the coordinator has let it in. */
  joins(lab: Lab): number {
    const joined = this.coordinator.lines.filter(({ event }) => event === 'participant_joined');
    return joined.filter(({ participant }) => participant === lab).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
    await this.#broker[Symbol.asyncDispose]();
  }
}

function endpointOf({ endpoints }: Invitation, provider: Endpoint['provider']): Endpoint {
  const found = endpoints.find((one) => one.provider === provider);
  if (found === undefined) throw new Error(`the invitation names no way by ${provider}`);
  return found;
}

function portOf(invitation: Invitation, provider: Endpoint['provider']): number {
  return endpointOf(invitation, provider).port;
}

/** The same invitation with only these ways, each by another port where one is given. */
function by(invitation: Invitation, ways: Partial<Record<Endpoint['provider'], number | null>>): string {
  const endpoints = Object.entries(ways).map(([provider, port]) => {
    const endpoint = endpointOf(invitation, provider as Endpoint['provider']);
    return port === null ? endpoint : { ...endpoint, port };
  });
  return encodeInvitation({ ...invitation, endpoints });
}
