import assert from 'node:assert/strict';
import { hashBytes } from '#engine/codec/hash.ts';
import { checkCoordinator } from '#engine/round/coordinator/invariants.ts';
import { advanceCoordinator, startCoordinator, type CoordinatorStep } from '#engine/round/coordinator/machine.ts';
import type { RestoredRun } from '#engine/round/coordinator/restored.ts';
import type {
  CoordinatorEffect,
  CoordinatorInput,
  CoordinatorState,
  LinkRecord,
  UpdateFinding,
} from '#engine/round/coordinator/state.ts';
import type { MachineMessage } from '#engine/round/machine.ts';
import type { JournalRecord } from '#engine/round/coordinator/run-journal.ts';
import type { ModelConfig } from '#shared/contract/run/model-config.ts';
import type { AdmissionPolicy } from '#shared/contract/run/admission.ts';
import type { EventData, EventType, LinkState } from '#shared/contract/events.ts';
import { asParticipantId, type Hash, type MessageId, type RunId } from '#shared/contract/ids.ts';
import { contractVersion, type BodyOf, type MessageHeader, type MessageKind } from '#shared/contract/messages.ts';
import type { DemoSettings, RunSettings } from '#shared/contract/run/settings.ts';
import { weightRuleDefault } from '#shared/contract/run/weight-rule.ts';

export const hashOf = (text: string): Hash => hashBytes(Buffer.from(text));
export const initialModel = hashOf('initial');

export const kitSettings: RunSettings = {
  name: 'kit',
  rounds: 3,
  minimumParticipants: 3,
  quorum: 0.6,
  localEpochs: 2,
  batchSize: 8,
  learningRate: 0.1,
  optimizer: 'sgd',
  seed: 1,
  ...weightRuleDefault,
  trainingDeadlineMs: 20_000,
  evaluationDeadlineMs: 10_000,
  registrationDeadlineMs: 30_000,
};

const kitModel: ModelConfig = {
  inputShape: [1, 1, 3],
  numClasses: 2,
  layers: [{ type: 'flatten' }, { type: 'dense', units: 2, activation: 'none' }],
};

/** A coordinator machine on a table: what it is told, and what it wants done, without links or time of its own. */
export class CoordinatorKit {
  state: CoordinatorState;
  nowMs = 0;
  /** Wall time as the machine shows it; may jump. */
  wallOriginMs = 1_700_000_000_000;
  wakeAtMs = 0;
  effects: CoordinatorEffect[] = [];
  /** All that was journaled since the start. */
  readonly journaled: JournalRecord[] = [];
  readonly #links = new Map<string, number>();
  #nextLink = 1;
  #serial = 0;

  constructor(
    settings: Partial<RunSettings> = {},
    participantsMax = 8,
    {
      demo,
      restored = null,
      admission,
      model = kitModel,
    }: {
      readonly demo?: DemoSettings;
      readonly restored?: RestoredRun | null;
      readonly admission?: AdmissionPolicy;
      readonly model?: ModelConfig;
    } = {},
  ) {
    const step = startCoordinator(
      {
        settings: { ...kitSettings, ...settings },
        model,
        initialModel,
        parameters: 8,
        classes: ['a', 'b'],
        software: 'kit',
        baselineAccuracy: 0.5,
        participantsMax,
        demo,
        admission,
      },
      this.#now(),
      restored,
    );
    this.state = step.state;
    this.#take(step);
  }

  /** Forgets what was done so far, so that a test looks at what comes next. */
  clear(): this {
    this.effects = [];
    return this;
  }

  feed(input: CoordinatorInput): void {
    const step = advanceCoordinator(this.state, input, this.#now());
    checkCoordinator(this.state, step, this.#now());
    this.#take(step);
  }

  /** Lets time pass, waking the machine whenever it asked for that. */
  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    while (this.wakeAtMs <= untilMs) {
      this.nowMs = Math.max(this.nowMs, this.wakeAtMs);
      this.feed({ kind: 'tick' });
    }
    this.nowMs = untilMs;
  }

  /** @param peerKey the key that the link has proved */
  open(
    name: string,
    peerKey = `key-${name}`,
    { terms = { generation: 0 }, owns = false }: Partial<Pick<LinkRecord, 'terms' | 'owns'>> = {},
  ): number {
    const link = this.#nextLink++;
    this.#links.set(name, link);
    this.feed({
      kind: 'link_opened',
      link,
      participant: asParticipantId(name),
      address: '127.0.0.1:1',
      protocol: 'memory',
      stack: 'memory',
      peerKey,
      terms,
      owns,
    });
    return link;
  }

  link(name: string): number {
    const link = this.#links.get(name);
    assert.ok(link !== undefined, `${name} has no link`);
    return link;
  }

  join(
    name: string,
    more: { readonly key?: string; readonly heldOut?: number; readonly examples?: number } = {},
  ): void {
    this.open(name, more.key);
    this.register(name, more);
  }

  register(
    name: string,
    {
      key = `key-${name}`,
      heldOut = 10,
      examples = 100,
      shape = [1, 1, 3],
      classes = ['a', 'b'],
    }: {
      readonly key?: string;
      readonly heldOut?: number;
      readonly examples?: number;
      readonly shape?: number[];
      readonly classes?: string[];
    } = {},
  ): void {
    const data = {
      source: 'kit',
      examples,
      heldOut,
      shape,
      classes,
      classCounts: [50, 50],
      skipped: 0,
    };
    this.say(name, 'register', { name: asParticipantId(name), key, data, trainer: 'kit' }, { round: 0 });
  }

  say<K extends MessageKind>(
    name: string,
    kind: K,
    body: BodyOf<K>,
    more: {
      readonly round?: number;
      readonly sender?: string;
      readonly hash?: Hash;
      readonly update?: UpdateFinding;
      readonly link?: number;
    } = {},
  ): void {
    const header = {
      version: contractVersion,
      run: 'kit' as RunId,
      sender: asParticipantId(more.sender ?? name),
      kind,
      round: more.round ?? this.state.round,
      id: `m${this.#serial++}` as MessageId,
      sentAt: 0,
      body,
      ...(more.hash === undefined ? {} : { payload: { hash: more.hash, length: 32, encoding: 'safetensors' } }),
    } as MessageHeader;
    this.feed({ kind: 'message', link: more.link ?? this.link(name), header, update: more.update });
  }

  update(
    name: string,
    options: {
      readonly round?: number;
      readonly hash?: Hash;
      readonly base?: Hash;
      readonly examples?: number;
      readonly finding?: UpdateFinding;
    } = {},
  ): void {
    const {
      round = this.state.round,
      hash = hashOf(`${name} ${round}`),
      base = this.state.modelBefore,
      examples = 100,
    } = options;
    const update = options.finding ?? { ok: true, parameters: [] };
    this.say(
      name,
      'model_update',
      { examples, base, loss: 1, accuracy: 0.5, trainMs: 1, norm: 1 },
      { round, hash, update },
    );
  }

  aggregated(): void {
    const { round, members } = this.state;
    const contributions = [...members.values()].filter(({ contribution }) => contribution !== null);
    const measure = { norm: 1, cosine: 1, agreement: 1, clipped: 1, share: 1 / contributions.length };
    const updates = contributions.map(({ id: participant }) => ({ participant, ...measure }));
    this.feed({ kind: 'aggregated', round, model: hashOf(`model ${round}`), durationMs: 1, stepNorm: 1, updates });
  }

  evaluate(name: string, { loss = 1, accuracy = 0.5, examples = 10, round = this.state.round } = {}): void {
    this.say(name, 'evaluation_result', { loss, accuracy, examples }, { round });
  }

  down(
    name: string,
    { state = 'lost' as LinkState, reason = 'peer silent', connections = 1, unacknowledged = 0 } = {},
  ): void {
    this.#linkState(name, { state, reason, lastHeardMs: this.nowMs, connections, unacknowledged });
  }

  /** Its session stands, and a broker holds up what is large. */
  held(name: string, obstacle: string): void {
    const news = { lastHeardMs: this.nowMs, connections: 1, unacknowledged: 0 };
    this.#linkState(name, { state: 'degraded', reason: obstacle, obstacle, ...news });
  }

  up(name: string): void {
    this.#linkState(name, { state: 'ready', reason: '', lastHeardMs: this.nowMs, connections: 1, unacknowledged: 0 });
  }

  sent<K extends MessageKind>(kind: K, to?: string): Extract<MachineMessage, { kind: K }>[] {
    const link = to === undefined ? undefined : this.link(to);
    return this.effects.flatMap((effect) =>
      effect.kind === 'send' && effect.message.kind === kind && (link === undefined || effect.link === link)
        ? [effect.message as Extract<MachineMessage, { kind: K }>]
        : [],
    );
  }

  events<T extends EventType>(type: T): EventData<T>[] {
    return this.effects.flatMap((effect) =>
      effect.kind === 'report' && effect.type === type ? [effect.data as EventData<T>] : [],
    );
  }

  effect<K extends CoordinatorEffect['kind']>(kind: K): Extract<CoordinatorEffect, { kind: K }>[] {
    return this.effects.filter((effect): effect is Extract<CoordinatorEffect, { kind: K }> => effect.kind === kind);
  }

  /** The reason last given for waiting for a participant. */
  why(name: string): string {
    return (
      this.events('round_status')
        .at(-1)
        ?.why.find(({ participant }) => participant === name)?.reason ?? ''
    );
  }

  #linkState(
    name: string,
    news: Omit<Extract<CoordinatorInput, { kind: 'link_state' }>, 'kind' | 'link' | 'protocol' | 'stack'>,
  ): void {
    this.feed({
      kind: 'link_state',
      link: this.link(name),
      protocol: 'memory',
      stack: 'memory',
      ...news,
    });
  }

  #take({ state, effects, wakeAtMs }: CoordinatorStep): void {
    this.state = state;
    this.effects.push(...effects);
    for (const effect of effects) if (effect.kind === 'journal') this.journaled.push(effect.record);
    this.wakeAtMs = wakeAtMs;
  }

  #now(): { readonly monotonicMs: number; readonly wallMs: number } {
    return { monotonicMs: this.nowMs, wallMs: this.wallOriginMs + this.nowMs };
  }
}

/** Three participants that have registered: the first round runs. */
export const three = ['node-1', 'node-2', 'node-3'];

export function started(settings: ConstructorParameters<typeof CoordinatorKit>[0] = {}): CoordinatorKit {
  const kit = new CoordinatorKit(settings);
  for (const name of three) kit.join(name);
  return kit;
}

export function trained(kit: CoordinatorKit, names: readonly string[] = three): CoordinatorKit {
  for (const name of names) kit.update(name);
  return kit;
}

export function finishRound(kit: CoordinatorKit): void {
  trained(kit).aggregated();
  for (const name of three) kit.evaluate(name);
}
