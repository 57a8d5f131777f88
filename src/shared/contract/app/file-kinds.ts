import { z } from 'zod';

/** Files that a window asks for, and how their names end. */
export const fileEndings = {
  recordings: ['.rscope', '.sqlite', '.roundscope'],
  networks: ['.onnx'],
  data: ['.csv', '.csv.gz', '.tsv', '.npz', '.npy', '.npy.gz', '-ubyte', '-ubyte.gz', '.idx1-ubyte', '.idx3-ubyte'],
} as const;

export const fileKindSchema = z.enum(['recordings', 'networks', 'data']);
export type FileKind = z.infer<typeof fileKindSchema>;

export function isOfKind(name: string, kind: FileKind): boolean {
  return fileEndings[kind].some((ending) => name.endsWith(ending));
}
