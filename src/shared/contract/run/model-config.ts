import { z } from 'zod';
import { limits } from '../limits.ts';

const side = z.number().int().min(1).max(limits.imageSideMax);
const units = z.number().int().min(1).max(65_536);

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

/** A feed-forward classifier as a list of layers; the last one is dense with `numClasses` units and no activation. */
export const modelConfigSchema = z.object({
  /** [channels, height, width]. */
  inputShape: z.tuple([z.number().int().min(1).max(4), side, side]),
  numClasses: z.number().int().min(2).max(limits.classesMax),
  layers: z.array(layerSchema).min(1).max(64),
});
export type ModelConfig = z.infer<typeof modelConfigSchema>;
