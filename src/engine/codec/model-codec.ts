import { hashBytes } from './hash.ts';
import { decodeSafetensors, encodeSafetensors, safetensorsBytes } from './safetensors.ts';

/** How models travel: safetensors, known by their hash. For whoever puts a process together. */
export const modelCodec = {
  encode: encodeSafetensors,
  decode: decodeSafetensors,
  sizeOf: safetensorsBytes,
  hash: hashBytes,
} as const;
