import { z } from 'zod';
import { errorCodes } from '../base/errors.ts';

/** Checks an `ErrorReport` that comes from another process or a file. */
export const errorReportSchema = z.object({
  code: z.enum(errorCodes),
  layer: z.enum([
    'transport',
    'codec',
    'link',
    'round',
    'trainer',
    'data',
    'recorder',
    'service',
    'application',
    'settings',
  ]),
  message: z.string().max(4000),
  retryable: z.boolean(),
  context: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).readonly(),
  causes: z.array(z.string().max(2000)).max(10).readonly(),
});
