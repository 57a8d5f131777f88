import { z } from 'zod';

/** Well-known networks that a run can name instead of a file. */
export const networkPresetSchema = z.enum(['mnist', 'emotion']);
export type NetworkPreset = z.infer<typeof networkPresetSchema>;

/** Null: it is the path of a file. */
export function presetOf(model: string): NetworkPreset | null {
  const preset = networkPresetSchema.safeParse(model);
  return preset.success ? preset.data : null;
}
