import { networkPresetSchema } from '#shared/contract/run/network-presets.ts';
import type { Option } from '../arguments.ts';

/** The network of a run: one of `networkPresetSchema`, or a file. */
export const modelOption: Option = {
  name: 'model',
  value: 'WHAT',
  help: `${networkPresetSchema.options.join(', ')}, or an ONNX file with its first weights; \`roundscope model FILE\` says whether that trains`,
  default: 'one that suits the data',
};
