import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Diagnosis } from '#engine/diagnosis/diagnosis.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import type { Identity } from '#engine/identity/identity.ts';
import { signedPass } from '#engine/identity/pass.ts';
import { DialingLink } from '#engine/link/dial/dialing-link.ts';
import { LinkAcceptor } from '#engine/link/accept/link-acceptor.ts';
import { UnprovenRows } from '#engine/link/accept/unproven-rows.ts';
import { AcceptedLinks } from '#engine/round/coordinator/entry/accepted-links.ts';
import { runCoordinator, type CoordinatorResult } from '#engine/round/coordinator/driver.ts';
import type { Listener, Transport } from '#engine/transport/transport.ts';
import { seededRandom } from '#shared/base/random.ts';
import type { EventData, EventType, RecordedEvent } from '#shared/contract/events.ts';
import { asParticipantId, asRunId } from '#shared/contract/ids.ts';
import type { Packet } from '#shared/contract/packet.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import { applyEvent, emptyView } from '#shared/run-view/apply/apply-event.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { toyCodec, toyInitial, toyModel } from '../simulation/toy-model.ts';
import { kitSettings } from './kits/coordinator-kit.ts';
import { seededIdentity } from './seeded-identity.ts';

const run = asRunId('r-churn');
const token = 'churn-token-0123456789abcdef';
const coordinatorKey = seededIdentity('coordinator');
const checkEvery = 200;
const silent: Reporter = { event: () => undefined, packet: () => undefined };

/** All that a service makes of what its coordinator reports, but the file. */
class Watcher implements Reporter {
  view: RunView = emptyView(run, systemClock.wallMs());
  rows = 0;
  readonly #diagnosis = new Diagnosis({ raised: () => undefined, cleared: () => undefined });

  event<T extends EventType>(type: T, data: EventData<T>): void {
    const id = ++this.rows;
    const event = { id, type, run, source: 'coordinator', at: systemClock.wallMs(), data } as unknown as RecordedEvent;
    this.view = applyEvent(this.view, event);
    this.#diagnosis.event(event);
  }

  packet(packet: Omit<Packet, 'at' | 'source'>): void {
    const id = ++this.rows;
    const { header: _header, bodySample: _bodySample, ...row } = packet;
    this.#diagnosis.packet({ ...row, id, at: systemClock.wallMs(), source: 'coordinator', gapMs: null });
    if (id % checkEvery === 0) this.#diagnosis.check(systemClock.wallMs());
  }
}

export interface ChurnOptions {
  /** One transport for each side and dial, as each process has its own. */
  readonly make: (identity: Identity) => Transport;
  /** Also what a service makes of it: view and diagnosis, which keep the newest of those who were here. */
  readonly watched?: boolean;
}

/** A coordinator whose participants come, register and leave again, over a real transport, in one process. */
export class Churn implements AsyncDisposable {
  readonly watcher: Watcher | null;
  readonly acceptor: LinkAcceptor;
  /** Joins that the coordinator has answered with a welcome. */
  welcomed = 0;
  readonly #rows: UnprovenRows;
  readonly #links = new AcceptedLinks();
  readonly #stop = new AbortController();
  readonly #make: ChurnOptions['make'];
  readonly #running: Promise<CoordinatorResult>;
  #listener: Listener | null = null;
  #left = 0;

  private constructor({ make, watched = false }: ChurnOptions) {
    this.#make = make;
    this.watcher = watched ? new Watcher() : null;
    const reporter = this.watcher ?? silent;
    this.#rows = new UnprovenRows(reporter, systemClock);
    this.acceptor = new LinkAcceptor({
      run,
      token,
      identity: coordinatorKey,
      clock: systemClock,
      entropy: systemEntropy,
      reporter: this.#rows,
      onLink: (link, address, about) => this.#links.add({ link, address, ...about }),
    });
    this.#running = runCoordinator({
      settings: { ...kitSettings, minimumParticipants: 1000, registrationDeadlineMs: 3_600_000 },
      model: toyModel,
      initialParameters: toyInitial(1),
      links: this.#links,
      codec: toyCodec,
      clock: systemClock,
      reporter,
      yieldToEventLoop: () => new Promise((resolve) => setImmediate(resolve)),
      signal: this.#stop.signal,
      classes: ['a', 'b'],
      software: 'test',
      baselineAccuracy: 0.5,
      participantEvents: 'told',
    });
  }

  static async open(options: ChurnOptions): Promise<Churn> {
    const churn = new Churn(options);
    churn.#listener = await options.make(coordinatorKey).listen({
      signal: churn.#stop.signal,
      run,
      token,
      host: '127.0.0.1',
      port: 0,
      knows: (peer) => churn.acceptor.standing(peer),
      onSession: (session) => churn.acceptor.accept(session),
      onRefused: (refusal) => churn.#rows.refused(refusal),
    });
    return churn;
  }

  /** So many that have never been here come and go, some at a time. */
  async pass(joins: number, atOnce = 8): Promise<void> {
    const last = this.#left + joins;
    // Who comes in a place has its key, and has left before the next one comes.
    const comeAndGo = async (place: number): Promise<void> => {
      while (this.#left < last) await this.#joinAndLeave(`p-${this.#left++}`, seededIdentity(`place ${place}`));
    };
    await Promise.all(Array.from({ length: atOnce }, (_, place) => comeAndGo(place)));
  }

  async #joinAndLeave(name: string, identity: Identity): Promise<void> {
    const participant = asParticipantId(name);
    // Of its own: what hangs on one that lasts for the whole run would be the dialer's, whose process ends in life.
    const { signal } = new AbortController();
    const link = await DialingLink.open({
      invitation: {
        run,
        token,
        identity: coordinatorKey.peerId,
        pass: signedPass(coordinatorKey, run, { generation: 0 }),
        endpoints: [...(this.#listener?.endpoints ?? [])],
      },
      participant,
      identity,
      transport: this.#make(identity),
      clock: systemClock,
      random: seededRandom(name),
      entropy: systemEntropy,
      reporter: silent,
      signal,
    });
    const data = { source: 'toy', examples: 9, heldOut: 2, shape: [1, 1, 3], classes: ['a', 'b'], classCounts: [5, 4] };
    const body = {
      name: participant,
      key: identity.fingerprint,
      data: { ...data, skipped: 0 },
      trainer: 'test',
    };
    await link.send({ kind: 'register', round: 0, body }, { signal });
    let answer = '';
    for await (const { header } of link.messages()) {
      answer = header.kind;
      if (answer === 'welcome' || answer === 'error') break;
    }
    if (answer === 'welcome') this.welcomed++;
    await link.close('clean', 'left');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.acceptor.close('clean', 'over');
    await this.#listener?.[Symbol.asyncDispose]();
    this.#rows[Symbol.dispose]();
  }
}

/** Bytes of what is alive, after everything else has been collected. */
export async function heapAlive(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    collect();
  }
  return process.memoryUsage().heapUsed;
}
