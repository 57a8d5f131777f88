import { z } from 'zod';
import { hashSchema } from '../ids.ts';
import { limits } from '../limits.ts';

const side = z.number().int().min(1).max(limits.imageSideMax);
const units = z.number().int().min(1).max(65_536);

/** [channels, height, width]. */
export const inputShapeSchema = z.tuple([z.number().int().min(1).max(4), side, side]);

export const layerSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('conv2d'),
    filters: units.max(4096),
    kernelSize: z.number().int().min(1).max(11),
    activation: z.enum(['relu', 'none']),
  }),
  z.object({ type: z.literal('max_pool'), size: z.number().int().min(2).max(8) }),
  z.object({ type: z.literal('flatten') }),
  z.object({ type: z.literal('dense'), units, activation: z.enum(['relu', 'none']) }),
]);
export type LayerConfig = z.infer<typeof layerSchema>;

const classifier = { inputShape: inputShapeSchema, numClasses: z.number().int().min(2).max(limits.classesMax) };
const layersSchema = z.array(layerSchema).min(1).max(64);

/** A feed-forward classifier as a list of layers; the last one is dense with `numClasses` units and no activation. */
export const layerListSchema = z.object({ ...classifier, layers: layersSchema });
export type LayerListModel = z.infer<typeof layerListSchema> & { readonly graph?: undefined };

/** Which graph it is, and how long: whoever needs it asks for it, and takes no other. */
export const graphReferenceSchema = z.object({
  hash: hashSchema,
  bytes: z.number().int().min(1).max(limits.graphBytesMax),
});
export type GraphReference = z.infer<typeof graphReferenceSchema>;

/** A network from elsewhere: a graph of ONNX's operators without its weights, which every global model brings. Decision 0108. */
export interface GraphModel {
  inputShape: LayerListModel['inputShape'];
  numClasses: number;
  graph: GraphReference;
  layers?: undefined;
}

export type ModelConfig = LayerListModel | GraphModel;

/** One of the two: TypeScript is told so here, since what is checked is one object, which names the field at fault. */
export const modelConfigSchema = z
  .object({ ...classifier, layers: layersSchema.optional(), graph: graphReferenceSchema.optional() })
  .refine(({ layers, graph }) => (layers === undefined) !== (graph === undefined), {
    message: 'a model is a list of layers or a graph',
    path: ['layers'],
  }) as unknown as z.ZodType<ModelConfig>;
