import { limits } from '#shared/contract/limits.ts';
import { GraphFault } from '../onnx/graph-fault.ts';
import { readModel } from '../onnx/read-model.ts';
import { writeModel, type ParameterOutline } from '../onnx/write-model.ts';
import { requireTrainable, type TrainableModel } from './trainable-model.ts';

/** Where the file says that the values of parameters lie: they come with each global model. */
const location = 'parameters';

/**
 * A network as it goes to participants: an ONNX file with its nodes, its constants and the outlines of its parameters. Written
 * anew, so that nothing else of the file it comes from leaves this machine: neither weights nor stack traces. Decision 0108.
 * @throws GraphFault `too_large`
 */
export function writeNetwork({ model, tensors }: TrainableModel): Uint8Array<ArrayBuffer> {
  const parameters = new Set(tensors.map(({ name }) => name));
  const outlines = tensors.map(({ name, shape }): ParameterOutline => ({
    name,
    shape,
    type: 'float32',
    mark: model.marks.get(name) ?? 'buffer',
    location,
  }));
  const initializers = model.initializers.filter(({ name }) => !parameters.has(name));
  const file = writeModel({ ...model, initializers }, { outlines });
  if (file.length <= limits.graphBytesMax) return file;
  throw new GraphFault('too_large', {
    message:
      `The network without its weights has ${Math.ceil(file.length / 2 ** 20)} MiB, ` +
      `and ${limits.graphBytesMax / 2 ** 20} are allowed`,
    try: 'Large constants are better parameters or computed in the network',
  });
}

/**
 * Reads what `writeNetwork` wrote, or whatever a coordinator sends in its place: with the reader of files from outside and
 * all its limits.
 * @throws GraphFault with the node at fault
 */
export function readNetwork(file: Uint8Array): TrainableModel {
  const read = readModel(file);
  if (!read.ok) throw read.error;
  const stray = read.value.initializers.find(
    ({ name, external }) => external !== undefined && !(external.location === location && read.value.marks.has(name)),
  );
  if (stray) {
    throw new GraphFault('external_data', {
      message: `the tensor ${stray.name} lies in another file, and a network comes in one`,
    });
  }
  return requireTrainable(read.value);
}
