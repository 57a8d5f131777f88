import { scale } from '../operators/graph-parts.ts';
import type { TypedGraph } from '../operators/typed-graph.ts';
import type { Value } from '../operators/value.ts';

export type OptimizerSettings =
  | { readonly kind: 'sgd'; readonly momentum: number; readonly nesterov: boolean; readonly weightDecay: number }
  | {
      readonly kind: 'adam' | 'adamw';
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
      readonly weightDecay: number;
    };

/** What an optimizer keeps of each parameter between steps, each of the parameter's shape and zeros at first. */
export function slotsOf(settings: OptimizerSettings): readonly string[] {
  if (settings.kind !== 'sgd') return ['first_moment', 'second_moment'];
  return settings.momentum > 0 ? ['velocity'] : [];
}

/** Scalars that differ from step to step: what the graph takes beside parameters and examples. */
export const scalarNames = ['rate', 'correction1', 'correction2'] as const;
export type StepScalars = Readonly<Record<(typeof scalarNames)[number], number>>;

/** @param step counts from 1; Adam's moments start at zero, and are corrected for it */
export function scalarsOf(settings: OptimizerSettings, rate: number, step: number): StepScalars {
  if (settings.kind === 'sgd') return { rate, correction1: 1, correction2: 1 };
  return { rate, correction1: 1 - settings.beta1 ** step, correction2: Math.sqrt(1 - settings.beta2 ** step) };
}

export interface Update {
  readonly parameter: Value;
  readonly gradient: Value;
  /** As `slotsOf` names them. */
  readonly slots: readonly Value[];
  readonly scalars: Readonly<Record<(typeof scalarNames)[number], Value>>;
}

/** Adds one step of an optimizer for one parameter; gives what the parameter and its slots are afterwards. */
export function addUpdate(
  graph: TypedGraph,
  settings: OptimizerSettings,
  update: Update,
): { readonly parameter: Value; readonly slots: readonly Value[] } {
  return settings.kind === 'sgd' ? sgd(graph, settings, update) : adam(graph, settings, update);
}

/**
 * In PyTorch's form: g += decay p; v = momentum v + g; p -= rate v, or with Nesterov's momentum p -= rate (g + momentum v)
 * (Sutskever et al. 2013, "On the importance of initialization and momentum").
 */
function sgd(
  graph: TypedGraph,
  settings: Extract<OptimizerSettings, { readonly kind: 'sgd' }>,
  { parameter, gradient, slots, scalars }: Update,
): ReturnType<typeof addUpdate> {
  const { momentum, nesterov, weightDecay } = settings;
  const decayed = withDecay(graph, gradient, { parameter, weightDecay });
  const [velocity] = slots;
  const next = velocity && graph.op('Add', [scale(graph, velocity, momentum), decayed]);
  const direction = next && nesterov ? graph.op('Add', [decayed, scale(graph, next, momentum)]) : (next ?? decayed);
  const change = graph.op('Mul', [direction, scalars.rate]);
  return { parameter: graph.op('Sub', [parameter, change]), slots: next ? [next] : [] };
}

/**
 * Kingma & Ba 2015, arXiv:1412.6980, algorithm 1, in PyTorch's form: p -= rate / c1 m / (√v / c2 + ε), with c1 = 1 - β1ᵗ and
 * c2 = √(1 - β2ᵗ). AdamW takes rate decay p from the parameter itself (Loshchilov & Hutter 2019, arXiv:1711.05101), Adam adds
 * decay p to the gradient.
 */
function adam(
  graph: TypedGraph,
  settings: Extract<OptimizerSettings, { readonly kind: 'adam' | 'adamw' }>,
  { parameter, gradient, slots, scalars }: Update,
): ReturnType<typeof addUpdate> {
  const { kind, beta1, beta2, epsilon, weightDecay } = settings;
  const [first, second] = slots as [Value, Value];
  const decoupled = kind === 'adamw' && weightDecay > 0;
  const g = decoupled ? gradient : withDecay(graph, gradient, { parameter, weightDecay });
  const m = graph.op('Add', [scale(graph, first, beta1), scale(graph, g, 1 - beta1)]);
  const v = graph.op('Add', [scale(graph, second, beta2), scale(graph, graph.op('Mul', [g, g]), 1 - beta2)]);
  const deviation = graph.op('Div', [graph.op('Sqrt', [v]), scalars.correction2]);
  const divisor = graph.op('Add', [deviation, graph.scalar(epsilon, parameter.type)]);
  const rate = graph.op('Div', [scalars.rate, scalars.correction1]);
  const change = graph.op('Mul', [graph.op('Div', [m, divisor]), rate]);
  const shrunk = decoupled
    ? graph.op('Sub', [parameter, graph.op('Mul', [parameter, scale(graph, scalars.rate, weightDecay)])])
    : parameter;
  return { parameter: graph.op('Sub', [shrunk, change]), slots: [m, v] };
}

function withDecay(
  graph: TypedGraph,
  gradient: Value,
  { parameter, weightDecay }: { readonly parameter: Value; readonly weightDecay: number },
): Value {
  return weightDecay === 0 ? gradient : graph.op('Add', [gradient, scale(graph, parameter, weightDecay)]);
}
