import { RoundscopeError } from '#shared/base/errors.ts';

export type FaultReason =
  | 'malformed'
  | 'too_large'
  | 'version'
  | 'domain'
  | 'operator'
  | 'control_flow'
  | 'cyclic'
  | 'external_data'
  | 'element_type'
  | 'shape'
  | 'attribute'
  | 'inputs_outputs'
  | 'no_gradient';

/** A network from outside cannot be used: `reason` for programs, the node at fault, and in the message what to try. */
export class GraphFault extends RoundscopeError {
  override readonly name = 'GraphFault';
  readonly reason: FaultReason;
  /** As `nodeTitle` writes it. */
  readonly node: string | undefined;

  constructor(
    reason: FaultReason,
    details: { readonly message: string; readonly node?: string; readonly try?: string },
  ) {
    const { node } = details;
    const at = node === undefined ? '' : `${node}: `;
    super('model_invalid', {
      layer: 'trainer',
      message: `${at}${details.message}.${details.try === undefined ? '' : ` ${details.try}.`}`,
      context: { reason, ...(node === undefined ? {} : { node }) },
    });
    this.reason = reason;
    this.node = node;
  }
}

/** How a node is named to people: its operator, its own name if it has one, else what it computes. */
export function nodeTitle(node: {
  readonly type: string;
  readonly name: string;
  readonly outputs: readonly string[];
}): string {
  return `${node.type} "${node.name || (node.outputs[0] ?? '')}"`.slice(0, 300);
}
