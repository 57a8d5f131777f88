import { GraphFault, nodeTitle } from './graph-fault.ts';
import type { OnnxNode } from './onnx-model.ts';

/**
 * Nodes in an order in which each comes after those whose outputs it takes (Kahn 1962); the file's own order where that
 * is one, as ONNX demands.
 * @param known names of inputs and initializers
 * @throws GraphFault `cyclic`, or `malformed` for a name that nothing computes or that two nodes do
 */
export function orderNodes(nodes: readonly OnnxNode[], known: ReadonlySet<string>): readonly OnnxNode[] {
  const makers = findMakers(nodes, known);
  const needs = nodes.map((node) => makersOf(node, known, makers));
  if (needs.every((by, i) => by.every((maker) => maker < i))) return nodes;
  const takers: number[][] = nodes.map(() => []);
  needs.forEach((by, i) => by.forEach((maker) => takers[maker]?.push(i)));
  const open = needs.map((by) => by.length);
  const ready = open.flatMap((count, i) => (count === 0 ? [i] : []));
  for (let at = 0; at < ready.length; at++) {
    for (const taker of takers[ready[at] as number] ?? []) {
      open[taker] = (open[taker] as number) - 1;
      if (open[taker] === 0) ready.push(taker);
    }
  }
  const stuck = nodes.find((_, i) => (open[i] as number) > 0);
  if (!stuck) return ready.map((i) => nodes[i] as OnnxNode);
  throw new GraphFault('cyclic', {
    message: 'it waits for its own output',
    node: nodeTitle(stuck),
    try: 'A network for training is a graph without cycles; export a recurrent layer as LSTM or GRU',
  });
}

/** By the name of an output, the place of the node that computes it. */
function findMakers(nodes: readonly OnnxNode[], known: ReadonlySet<string>): ReadonlyMap<string, number> {
  const makers = new Map<string, number>();
  for (const [i, node] of nodes.entries()) {
    for (const output of node.outputs) {
      if (output === '') continue;
      if (known.has(output) || makers.has(output)) {
        const message = `it computes "${output}", which is there already`;
        throw new GraphFault('malformed', { message, node: nodeTitle(node) });
      }
      makers.set(output, i);
    }
  }
  return makers;
}

function makersOf(node: OnnxNode, known: ReadonlySet<string>, makers: ReadonlyMap<string, number>): number[] {
  const found = new Set<number>();
  for (const input of node.inputs) {
    if (input === '' || known.has(input)) continue;
    const maker = makers.get(input);
    if (maker === undefined) {
      throw new GraphFault('malformed', { message: `nothing computes its input "${input}"`, node: nodeTitle(node) });
    }
    found.add(maker);
  }
  return [...found];
}
