import { signedPass } from '#engine/identity/pass.ts';
import { LinkAcceptor } from '#engine/link/accept/link-acceptor.ts';
import { DialingLink } from '#engine/link/dial/dialing-link.ts';
import { AcceptedLinks } from '#engine/round/coordinator/entry/accepted-links.ts';
import { runCoordinator, type CoordinatorResult } from '#engine/round/coordinator/driver.ts';
import type { RunStore } from '#engine/round/coordinator/run-store.ts';
import type { RunOutcome } from '#engine/round/machine.ts';
import { ObservedReporter } from '#engine/round/observed-reporter.ts';
import { runParticipant } from '#engine/round/participant/driver.ts';
import type { PayloadCodec } from '#engine/round/payload-codec.ts';
import type { TrainerPort } from '#engine/round/trainer-port.ts';
import { MemoryNetwork } from '#engine/transport/memory/memory-network.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import { seededRandom, type Random } from '#shared/base/random.ts';
import type { EventData, EventType } from '#shared/contract/events.ts';
import { asParticipantId, asRunId } from '#shared/contract/ids.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import type { RunSettings } from '#shared/contract/run/settings.ts';
import { weightRuleDefault } from '#shared/contract/run/weight-rule.ts';
import { seededEntropy } from '#test/support/seeded-entropy.ts';
import { seededIdentity } from '#test/support/seeded-identity.ts';
import { settle, VirtualClock } from '#test/support/virtual-clock.ts';
import { toyCodec, toyInitial, toyLayout, toyLoaded, toyModel, toyTrain } from './toy-model.ts';
import { tellsAll } from '#engine/round/telling.ts';

export interface LinkLevelOptions {
  readonly seed: number;
  readonly participants: number;
  readonly settings?: Partial<RunSettings>;
  /** Sessions die under the frames they carry, this often per frame. */
  readonly breaks?: number;
  readonly delayMsMax?: number;
  /** Participants that open a connection for each message. */
  readonly bugged?: readonly string[];
  readonly reporter?: (type: EventType, data: EventData<EventType>) => void;
  /** Ends the coordinator's run after this many virtual ms. */
  readonly stopAfterMs?: number;
  /** What clocks do at virtual moments: wall time jumps, or the whole machine sleeps. */
  readonly clocks?: readonly { readonly atMs: number; readonly wallMs?: number; readonly sleepMs?: number }[];
  readonly store?: RunStore;
  /** What encodes and decodes at the coordinator or a participant; absent: one that works. */
  readonly codec?: (who: string) => PayloadCodec;
  /** Puts something between a participant and its trainer. */
  readonly trainer?: (name: string, trainer: TrainerPort) => TrainerPort;
  /** As a participant's own. */
  readonly trainingMaxMs?: number;
  /** Participants that leave after this many virtual ms. */
  readonly leaves?: Readonly<Record<string, number>>;
}

export interface LinkLevelResult {
  readonly coordinator: CoordinatorResult;
  readonly participants: ReadonlyMap<string, RunOutcome>;
  readonly virtualMs: number;
  readonly pendingTimers: number;
  readonly openSessions: number;
}

const run = asRunId('link-level');
const token = 'a-token-of-sixteen-or-more';

export const toySettings: RunSettings = {
  name: 'link level',
  rounds: 3,
  minimumParticipants: 1,
  quorum: 1,
  localEpochs: 1,
  batchSize: 8,
  learningRate: 0.1,
  optimizer: 'sgd',
  seed: 1,
  ...weightRuleDefault,
  trainingDeadlineMs: 60_000,
  evaluationDeadlineMs: 60_000,
  registrationDeadlineMs: 60_000,
};

/** A whole run with the real drivers, links, hellos and frames over a memory network, on virtual time. */
export async function runOverLinks(options: LinkLevelOptions): Promise<LinkLevelResult> {
  const { seed, participants, breaks = 0, delayMsMax = 20 } = options;
  const { codec = (): PayloadCodec => toyCodec, trainer: around = (_name, trainer): TrainerPort => trainer } = options;
  const clock = new VirtualClock();
  const random = seededRandom(`link-level-${seed}`);
  const weather = random.fork('weather');
  const network = new MemoryNetwork(clock, {
    delayMs: () => weather.next() * delayMsMax,
    breaks: () => weather.next() < breaks,
  });
  const sink: Reporter = { event: (type, data) => options.reporter?.(type, data), packet: () => undefined };
  const reporter = new ObservedReporter(sink);
  const links = new AcceptedLinks();
  const acceptor = new LinkAcceptor({
    run,
    token,
    identity: seededIdentity('coordinator'),
    clock,
    entropy: seededEntropy(random.fork('acceptor')),
    reporter,
    onLink: (link, address, about) => links.add({ link, address: address ?? '', ...about }),
  });
  for (const { atMs, wallMs = 0, sleepMs = 0 } of options.clocks ?? [])
    clock.timer(atMs, () => {
      clock.jumpWall(wallMs);
      clock.sleepThrough(sleepMs);
    });
  const signal = new AbortController().signal;
  const stop = new AbortController();
  if (options.stopAfterMs !== undefined) clock.timer(options.stopAfterMs, () => stop.abort('stopped by hand'));
  await using listener = await network.listen({
    signal,
    run,
    host: 'coordinator',
    port: 4433,
    onSession: (session) => acceptor.accept(session),
    onRefused: () => undefined,
  });
  const coordinator = runCoordinator({
    settings: { ...toySettings, minimumParticipants: participants, ...options.settings },
    model: toyModel,
    initialParameters: toyInitial(seed),
    links,
    codec: codec('coordinator'),
    clock,
    reporter,
    transfers: reporter,
    store: options.store,
    yieldToEventLoop: settle,
    signal: stop.signal,
    classes: ['a', 'b'],
    software: 'test',
    baselineAccuracy: 0.5,
  });
  const leaving: AbortController[] = [];
  const outcomes = new Map<string, RunOutcome>();
  const names = Array.from({ length: participants }, (_, k) => `node-${k + 1}`);
  const taking = names.map(async (name) => {
    const observed = new ObservedReporter(sink);
    const link = await DialingLink.open({
      invitation: {
        run,
        token,
        identity: seededIdentity('coordinator').peerId,
        endpoints: [...listener.endpoints],
        pass: signedPass(seededIdentity('coordinator'), run, { generation: 0 }),
      },
      participant: asParticipantId(name),
      identity: seededIdentity(name),
      transport: network,
      clock,
      random: random.fork(`jitter of ${name}`),
      entropy: seededEntropy(random.fork(`entropy of ${name}`)),
      reporter: observed,
      signal,
      patienceMs: 60_000,
    });
    const leave = new AbortController();
    leaving.push(leave);
    const leavesAfterMs = options.leaves?.[name];
    if (leavesAfterMs !== undefined) clock.timer(leavesAfterMs, () => leave.abort('has to go'));
    const outcome = await runParticipant({
      link,
      trainer: around(name, toyTrainer(name, clock, random.fork(`trainer of ${name}`))),
      trainerDescription: 'toy',
      trainingMaxMs: options.trainingMaxMs,
      telling: tellsAll,
      fitData: ({ classes, model }) => {
        if (options.bugged?.includes(name) === true) link.setConnectionPerMessage(true);
        return Promise.resolve(toyLoaded(classes, model.inputShape));
      },
      key: seededIdentity(name).fingerprint,
      layoutOf: () => toyLayout,
      codec: codec(name),
      clock,
      reporter: observed,
      transfers: observed,
      coordinatorEvents: 'none',
      signal: leave.signal,
    });
    outcomes.set(name, outcome);
  });
  let result: CoordinatorResult | undefined;
  let failure: unknown;
  coordinator.then(
    (value) => (result = value),
    (error: unknown) => (failure = error),
  );
  await clock.advanceUntil(() => result !== undefined || failure !== undefined, 1_800_000);
  if (failure !== undefined) throw new Error('the coordinator driver failed', { cause: failure });
  if (result === undefined) throw new Error('the run has not ended after half an hour of virtual time');
  const virtualMs = clock.monotonicMs();
  const closing = acceptor.close('complete', 'over');
  // Participants that cannot hear it are told by whoever started them.
  using _late = clock.timer(30_000, () => leaving.forEach((leave) => leave.abort('the run is over')));
  let closed = false;
  void Promise.allSettled([...taking, closing]).then(() => (closed = true));
  if (!(await clock.advanceUntil(() => closed, 120_000)))
    throw new Error(`participants still run: ${names.filter((name) => !outcomes.has(name)).join(', ')}`);
  await Promise.all(taking);
  _late[Symbol.dispose]();
  return {
    coordinator: result,
    participants: outcomes,
    virtualMs,
    pendingTimers: clock.pendingTimers,
    openSessions: network.openSessions,
  };
}

/** Takes virtual time, reports progress, gives the same update for the same task. */
function toyTrainer(name: string, clock: Clock, random: Random): TrainerPort {
  return {
    async train({ round, parameters }, { signal, onProgress }) {
      const batches = 3;
      for (let batch = 1; batch <= batches; batch++) {
        await clock.sleep(50 + random.int(200), { signal });
        onProgress?.({ epoch: 1, epochs: 1, batch, batches, loss: 1 / batch });
      }
      return {
        parameters: toyTrain(parameters, name, round),
        examples: 100,
        loss: 0.4,
        accuracy: 0.8,
        durationMs: 300,
        updateNorm: 1,
      };
    },
    async evaluate(_job, { signal }) {
      await clock.sleep(20, { signal });
      return { loss: 0.5, accuracy: 0.75, examples: 20 };
    },
  };
}
