import type { Option } from '../arguments.ts';

/** The network of a run. */
export const modelOption: Option = {
  name: 'model',
  value: 'FILE',
  help: 'the network as ONNX, with its first weights; `roundscope model FILE` says whether it trains',
  default: 'one that suits the data',
};
